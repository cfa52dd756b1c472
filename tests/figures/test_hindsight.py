"""The timeline shows every milestone, where its date says, and its title says what the trials show."""

from __future__ import annotations

import itertools
import re

import pytest

from carbite.evidence import records
from carbite.figures import hindsight
from tests.figures import frame


def test_the_title_says_what_was_treated() -> None:
    figure = hindsight.timeline()
    debates = [each["date"][:4] for each in records("milestones") if each["kind"] == "debate"]
    assert figure.title.startswith(f"After {max(debates)}, ")
    table = frame(figure)
    later = table[
        (table["Kind"] == "trial") & (table["Date"].str[:4] > max(debates)) & (table["Setting"] != "lymphoma")
    ]
    settings = later.groupby("Arm")["Setting"].agg(set).to_dict()
    assert settings == {"Bispecific antibody": {"earlier leukaemia"}, "CAR T cells": {"relapsed leukaemia"}}


@pytest.mark.parametrize("form", ["wide", "narrow"])
def test_every_milestone_stands_in_the_panel_of_its_arm(form: str) -> None:
    svg = getattr(hindsight.timeline(), form)
    panels = svg.split("<g ")[1:]
    assert len(panels) == 2
    for panel, arm in zip(panels, ("car_t", "bispecific"), strict=True):
        events = re.findall(r'text-anchor="start">([^<]+)</text>', panel)
        wanted = [each["event"] for each in records("milestones") if each["arm"] in (arm, "both")]
        assert sorted(events) == sorted(name.replace("&", "&amp;") for name in wanted)
        assert panel.count("<path") >= 2 * len(wanted)


def test_names_keep_apart_and_in_the_order_of_their_dates() -> None:
    for panel in hindsight.timeline().wide.split("<g ")[1:]:
        heights = [float(y) for y in re.findall(r'y="([\d.]+)" text-anchor="start"', panel)]
        assert min(b - a for a, b in itertools.pairwise(heights)) >= hindsight.LINE - 0.01


@pytest.mark.parametrize(
    ("date", "year"),
    [("2014", 2014.5), ("2018-03", 2018 + 2.5 / 12), ("2024-12-31", 2025.0), ("2024-01-31", 2024 + 1 / 12)],
)
def test_a_date_is_the_middle_of_what_it_names(date: str, year: float) -> None:
    assert hindsight.years(date) == pytest.approx(year)
