from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from rnn_suite.report.figures import galleries, svg
from rnn_suite.report.figures.trends import trends
from rnn_suite.series import Point, Series
from rnn_suite.verdicts import Outcome
from tests.unit.report.test_summary import run

OLD, NEW = ("2.20.0", "3.12.0", "2.3.5", "3.11.7"), ("2.21.0", "3.15.1", "2.3.5", "3.11.7")


DIRECTIONS = {"fraction": True, "s": False}


def measured(cell: str, amounts: list[float | None], *, unit: str = "fraction") -> Series:
    return Series(
        name=f"accuracy of {cell} (smoke, imdb)",
        question="accuracy",
        cell=cell,
        profile="smoke",
        unit=unit,
        higher_is_better=DIRECTIONS.get(unit),
        points=tuple(
            Point(
                moment=f"2026-0{month}-01T00:00:00Z",
                commit="abc",
                versions=OLD if month < 3 else NEW,
                outcome=Outcome.REGRESSED if month == 4 else Outcome.PASS,
                amount=amount,
            )
            for month, amount in enumerate(amounts, start=1)
        ),
    )


def test_the_cells_of_a_question_share_a_picture_that_names_what_changed() -> None:
    found = [measured(cell, [0.8, 0.81, 0.79, 0.7]) for cell in ("gru", "lstm")]
    (picture,) = trends(found)
    assert picture.title == "accuracy, smoke: gru, lstm"
    assert "to a: tensorflow 2.21.0, keras 3.15.1." in picture.caption
    assert "Higher is better" in picture.caption
    assert "0.8 in the first of 4 runs, 0.7 in the last" in picture.label
    drawing = svg(picture)
    assert all(
        f">{words}<" in drawing for words in ("gru", "lstm", "a", "2026-01-01", "2026-04-01")
    )


def test_short_times_are_drawn_in_milliseconds() -> None:
    (picture,) = trends([measured("lstm", [0.010, 0.011], unit="s")])
    assert ">ms<" in svg(picture)
    assert "Lower is better" in picture.caption


def test_of_a_count_neither_way_is_called_better() -> None:
    (picture,) = trends([measured("lstm", [349.0, 350.0], unit="")])
    assert "better" not in picture.caption
    assert {">349<", ">350<"} <= set(re.findall(">[^<]*<", drawing := svg(picture)))
    assert ">349.5<" not in drawing


@pytest.mark.parametrize(
    ("moments", "labels"),
    [
        (("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"), ["2026-01-01", "2026-02-01"]),
        (
            ("2026-01-01T04:00:00Z", "2026-01-01T16:30:00Z"),
            ["2026-01-01\n04:00:00Z", "2026-01-01\n16:30:00Z"],
        ),
        (("2026-01-01T04:00:00Z", "2026-01-01T04:00:00Z"), ["2026-01-01\n04:00:00Z", ""]),
    ],
)
def test_no_two_runs_have_the_same_words_below_them(
    moments: tuple[str, str], labels: list[str]
) -> None:
    one = measured("lstm", [0.8, 0.7])
    points = [
        replace(point, moment=moment, versions=versions)
        for point, moment, versions in zip(one.points, moments, (OLD, NEW), strict=True)
    ]
    (picture,) = trends([replace(one, points=tuple(points))])
    (axes,) = picture.draw().axes
    assert [tick.get_text() for tick in axes.get_xticklabels()] == labels
    assert np.asarray(axes.lines[0].get_xdata()).tolist() == [0, 1]


@pytest.mark.parametrize("amounts", [[0.8], [0.8, 0.8], [0.8, None], [None, None], []])
def test_what_was_measured_once_or_never_changed_is_not_drawn(amounts: list[float | None]) -> None:
    assert list(trends([measured("lstm", amounts)])) == []
    assert galleries(run(), [measured("lstm", amounts)]) == {}


def test_they_stand_under_a_heading_of_their_own() -> None:
    (heading,) = galleries(run(), [measured("lstm", [0.8, 0.7])])
    assert heading == "Over runs and versions"
