"""Every figure of every chapter has words, marks and numbers."""

from __future__ import annotations

import inspect
import pkgutil
from importlib import import_module

import pytest

from carbite import figures
from carbite.charts import Figure
from tests.figures import frame

MODULES = [import_module(f"{figures.__name__}.{found.name}") for found in pkgutil.iter_modules(figures.__path__)]
MAKERS = [
    maker
    for module in MODULES
    for name, maker in inspect.getmembers(module, inspect.isfunction)
    if not name.startswith("_")
    and maker.__module__ == module.__name__
    and inspect.signature(maker).return_annotation == Figure.__name__
    and not inspect.signature(maker).parameters
]


def test_every_figure_of_the_first_chapter_is_found() -> None:
    assert {"denominators", "randomised", "remission_scenarios"} <= {maker.__name__ for maker in MAKERS}


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: f"{maker.__module__.rpartition('.')[2]}.{maker.__name__}")
def test_a_figure_has_words_marks_and_numbers(maker: object) -> None:
    assert callable(maker)
    figure = maker()
    assert figure.title
    assert len(figure.alt) > len(figure.title)
    assert "<path" in figure._repr_html_()
    assert not frame(figure).empty
