"""The explorer: a learner ticks trials and changes assumptions, and sees how the verdict moves.

In JupyterLab it is an `anywidget` whose ``selection`` and ``options`` are shared with the browser and whose
``result`` is computed in Python. In the static book the same script runs without a kernel, and the default view
stands in the HTML.
"""

from __future__ import annotations

import json
from itertools import count
from typing import Any, ClassVar

import anywidget
import traitlets

from carbite.comparison import Options, Selection, added_trial, comparison
from carbite.explorer.bundle import source, widget_module
from carbite.explorer.payload import payload
from carbite.explorer.simulation import Simulation
from carbite.explorer.specification_curve import SpecificationCurve
from carbite.link import format_hash
from carbite.markup import building
from carbite.verdict import evaluate

__all__ = ["Explorer", "Simulation", "SpecificationCurve"]


class Explorer(anywidget.AnyWidget):
    """One comparison of the debate, recomputed for whatever a learner ticks.

    Args:
        comparison_id: the question with which it opens, see :func:`carbite.comparison.comparison_ids`.
        keywords: those of every widget, such as ``layout``.

    Attributes:
        selection: ``{"comparison", "trials", "readings", "added"}``; shared with the browser.
        options: the fields of :class:`carbite.comparison.Options`; shared with the browser.
        result: :meth:`carbite.verdict.Verdict.as_dict` of both, computed in Python.

    Raises:
        KeyError: for an unknown comparison.
        TraitError: for a selection or an option that does not exist.
    """

    _esm = widget_module()
    _css = source("explorer/explorer.css")
    _data = traitlets.Dict().tag(sync=True)
    selection = traitlets.Dict().tag(sync=True)
    options = traitlets.Dict().tag(sync=True)
    result = traitlets.Dict()

    _shown: ClassVar[count[int]] = count(1)

    def __init__(self, comparison_id: str = "cr", **keywords: Any) -> None:
        chosen = comparison(comparison_id).default_selection()
        super().__init__(
            _data=payload(),
            selection={
                "comparison": chosen.comparison_id,
                "trials": list(chosen.trials),
                "readings": {},
                "added": [],
            },
            options=dict(Options().__dict__),
            **keywords,
        )
        self._initial = comparison_id
        self._compute()
        self.observe(lambda _: self._compute(), names=["selection", "options"])

    @traitlets.validate("selection", "options")
    def _check(self, proposal: Any) -> dict[str, Any]:
        value: dict[str, Any] = proposal["value"]
        selection = value if proposal["trait"].name == "selection" else self.selection
        options = value if proposal["trait"].name == "options" else self.options
        if selection and options:
            try:
                _evaluated(selection, options)
            except (KeyError, TypeError, ValueError) as error:
                raise traitlets.TraitError(str(error)) from error
        return value

    def _compute(self) -> None:
        self.result = _evaluated(self.selection, self.options)

    @property
    def link(self) -> str:
        """The part of an address that opens this state, see :func:`carbite.link.format_hash`."""
        return format_hash(_selection(self.selection), Options(**self.options))

    def _repr_mimebundle_(self, **keywords: Any) -> Any:
        if not building():
            return super()._repr_mimebundle_(**keywords)
        return {"text/html": self._static_html(), "text/plain": self.result["sentence"]}

    def _static_html(self) -> str:
        # Only the book's own environment has Node; a notebook without it must still open.
        from carbite.explorer.prerender import prerender

        position = next(self._shown)
        drawn = prerender(self._initial, f"static{position}")
        html = f'<div class="carbite-explorer" data-comparison="{self._initial}">{drawn}</div>'
        if position == 1:
            data = json.dumps(payload(), ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
            html += f'<script type="application/json" class="carbite-data">{data}</script>'
        return html


def _evaluated(selection: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    return evaluate(_selection(selection), Options(**options)).as_dict()


def _selection(shared: dict[str, Any]) -> Selection:
    """The selection that is shared with the browser."""
    return Selection(
        comparison_id=shared["comparison"],
        trials=tuple(shared["trials"]),
        readings=dict(shared.get("readings", {})),
        added=tuple(added_trial(**trial) for trial in shared.get("added", ())),
    )
