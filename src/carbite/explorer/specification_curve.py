"""A specification curve: every analysis of a claim in the order of its effect, filtered by the choices behind it."""

from __future__ import annotations

import json
from html import escape
from itertools import count
from typing import Any, ClassVar

import anywidget
import traitlets

from carbite.explorer.bundle import curve_module, source
from carbite.markup import EXPLORER_PAGE, building, page
from carbite.multiverse import multiverse


class SpecificationCurve(anywidget.AnyWidget):
    """The multiverse of one claim: every combination of the listed choices for its analysis, in order of effect.

    Everything it shows comes with it, so that it works without a kernel.

    Args:
        claim_id: such as ``EF1``.
        keywords: those of every widget, such as ``layout``.

    Raises:
        KeyError: for an unknown claim.
        ValueError: for a claim that no comparison tests.
    """

    _esm = curve_module()
    # The figures of both have one look.
    _css = source("explorer/simulation.css") + source("explorer/curve.css")
    _data = traitlets.Dict().tag(sync=True)
    _explorer = traitlets.Unicode().tag(sync=True)

    _shown: ClassVar[count[int]] = count(1)

    def __init__(self, claim_id: str, **keywords: Any) -> None:
        self.multiverse = multiverse(claim_id)
        super().__init__(_data=self.multiverse.payload(), _explorer=page(EXPLORER_PAGE), **keywords)

    def _repr_mimebundle_(self, **keywords: Any) -> Any:
        if not building():
            return super()._repr_mimebundle_(**keywords)
        counts = ", ".join(f"{name} {number}" for name, number in self.multiverse.counts().items())
        return {
            "text/html": self._static_html(),
            "text/plain": f"{self._data['claim']}, universes by verdict: {counts}",
        }

    def _static_html(self) -> str:
        # Only the book's own environment has Node; a notebook without it must still open.
        from carbite.explorer.prerender import prerender_curve

        drawn = prerender_curve(self._data, f"static-curve-{next(self._shown)}", self._explorer)
        data = json.dumps(self._data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
        name, explorer = escape(f"Specification curve of {self._data['claim']}"), escape(self._explorer)
        about = f'data-explorer="{explorer}" role="group" aria-label="{name}"'
        return f'<div class="carbite-curve" {about}>{drawn}</div><script type="application/json">{data}</script>'
