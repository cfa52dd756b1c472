"""A model with its controls: a learner sets its values and sees what follows, with or without a kernel."""

from __future__ import annotations

import json
from html import escape
from itertools import count
from typing import Any, ClassVar

import anywidget
import traitlets

from carbite.explorer.bundle import simulation_module, source
from carbite.markup import building
from carbite.models import model


class Simulation(anywidget.AnyWidget):
    """One model of :mod:`carbite.models`, recomputed for whatever a learner sets.

    Args:
        name: of the model, see :func:`carbite.models.model_names`.
        keywords: those of every widget, such as ``layout``.

    Attributes:
        values: a value for every parameter; setting some of them leaves the others at their start.
        result: :meth:`carbite.models.Model.result` of them, computed in Python.

    Raises:
        ValueError: for an unknown model.
        TraitError: for a value that the model does not accept.
    """

    _css = source("explorer/explorer.css") + source("explorer/simulation.css")
    # Which script it is depends on the model.
    _esm = traitlets.Unicode().tag(sync=True)
    _about = traitlets.Dict().tag(sync=True)
    values = traitlets.Dict().tag(sync=True)
    result = traitlets.Dict()

    _shown: ClassVar[dict[str, count[int]]] = {}

    def __init__(self, name: str, **keywords: Any) -> None:
        self.model = model(name)
        super().__init__(
            _esm=simulation_module(name), _about=self.model.description(), values=self.model.defaults, **keywords
        )
        self._compute()
        self.observe(lambda _: self._compute(), names="values")

    @traitlets.validate("values")
    def _check(self, proposal: Any) -> dict[str, Any]:
        try:
            values = self.model.check(proposal["value"])
            self.model.result(values)
        except ValueError as error:
            raise traitlets.TraitError(str(error)) from error
        return values

    def _compute(self) -> None:
        self.result = self.model.result(self.values)

    def _repr_mimebundle_(self, **keywords: Any) -> Any:
        if not building():
            return super()._repr_mimebundle_(**keywords)
        return {"text/html": self._static_html(), "text/plain": self.result["sentence"]}

    def _static_html(self) -> str:
        # Only the book's own environment has Node; a notebook without it must still open.
        from carbite.explorer.prerender import prerender_simulation

        about = self.model.description()
        position = next(self._shown.setdefault(self.model.name, count(1)))
        drawn = prerender_simulation(about, f"static-{self.model.name}-{position}")
        name, title = escape(self.model.name), escape(self.model.title)
        html = f'<div class="carbite-simulation" data-model="{name}" role="group" aria-label="{title}">{drawn}</div>'
        if position == 1:
            data = json.dumps(about, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
            html += f'<script type="application/json" class="carbite-model">{data}</script>'
        return html
