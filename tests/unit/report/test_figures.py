from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rnn_suite.evidence import written
from rnn_suite.report.figures import Picture, galleries, svg
from rnn_suite.report.figures.changes import changes
from rnn_suite.report.figures.compared import paired
from rnn_suite.run_report import RunReport
from tests.unit.report.real_runs import all_green, three_regressions, upgrade

pytest.importorskip("matplotlib")


def pictures(run: RunReport, gallery: str) -> list[Picture]:
    return galleries(run).get(gallery, [])


def without(run: RunReport, side: str) -> RunReport:
    """Return the run whose accuracies on one side have no curves."""
    for reported in run.verdicts:
        if reported.verdict.question == "accuracy" and reported.verdict.evidence is not None:
            reported.verdict.evidence["baseline"][side]["measured"]["history"] = {}
    return run


def lines(picture: Picture) -> list[Sequence[float]]:
    """Return what is drawn as lines, the heights of each."""
    (axes,) = picture.draw().axes
    return [np.asarray(line.get_ydata(), float).tolist() for line in axes.lines]


def test_each_seed_of_this_run_has_a_curve_over_the_band_of_the_baseline() -> None:
    gru, *_ = pictures(all_green(), "Learning curves")
    median, *seeds = lines(gru)
    assert (len(median), len(seeds)) == (3, 3)
    assert "band spans the 37 seeds" in gru.caption
    assert len(gru.draw().axes[0].collections) == 1


def test_a_baseline_without_curves_leaves_those_of_this_run_and_says_so() -> None:
    gru, *_ = pictures(without(all_green(), "old"), "Learning curves")
    assert "recorded without its curves" in gru.caption
    assert len(lines(gru)) == 3
    assert not gru.draw().axes[0].collections


def test_no_curves_of_this_run_leave_nothing_to_draw() -> None:
    assert not pictures(without(all_green(), "new"), "Learning curves")


def test_an_accuracy_is_drawn_with_its_mean_its_allowed_drop_and_its_floor() -> None:
    _, lstm, _ = pictures(three_regressions(), "Accuracy")
    assert lstm.title == "accuracy of lstm: regressed"
    (axes,) = lstm.draw().axes
    words = {str(line.get_label()): line for line in axes.lines}
    at = {name: float(np.asarray(line.get_xdata(), float)[0]) for name, line in words.items()}
    assert at["baseline's mean"] - at["allowed drop"] == pytest.approx(0.03)
    assert at["floor"] == 0.66
    dots = [len(np.asarray(line.get_xdata())) for line in axes.lines if line.get_marker() == "o"]
    assert dots == [37, 3]


def test_changes_are_told_in_percent_and_falls_as_differences() -> None:
    first, *others = pictures(upgrade(), "Old against new, in pairs")
    assert first.title == "What regressed, pair by pair"
    assert len(first.draw().axes) == 2
    reds, *_, falls = others
    assert reds.title == "all: import, peak_memory regressed"
    assert reds.label.startswith("import +23.5%, regressed; peak_memory +15.1%, regressed")
    assert falls.label == "accuracy +0.000, pass."


def pairs_as(run: RunReport, **changed: Any) -> RunReport:
    """Return the run whose pairs have these fields."""
    evidence = {id(verdict): found for verdict, found in paired(run)}
    return replace(
        run,
        verdicts=tuple(
            replace(
                r,
                verdict=replace(
                    r.verdict, evidence=written(replace(evidence[id(r.verdict)], **changed))
                ),
            )
            for r in run.verdicts
        ),
    )


@pytest.mark.parametrize("estimate", [-900.0, 0.0, 900.0])
def test_a_change_of_any_size_can_be_drawn(estimate: float) -> None:
    run = pairs_as(upgrade(), estimate=estimate, lower=estimate - 1, upper=estimate + 1)
    for picture in pictures(run, "Old against new, in pairs"):
        picture.draw()


NO_BOUNDS = {"lower": -math.inf, "upper": math.inf, "smallest_visible": math.inf}


def test_a_change_without_bounds_is_drawn_to_the_ends_of_the_axis_without_a_triangle() -> None:
    _, *found = pictures(pairs_as(upgrade(), **NO_BOUNDS), "Old against new, in pairs")
    assert len(found) == 5
    for picture in found:
        (axes,) = picture.draw().axes
        low, high = axes.get_xlim()
        assert math.isfinite(high - low)
        intervals = [line for line in axes.lines if len(np.asarray(line.get_xdata())) == 2]
        for line in intervals[:-1]:
            assert np.asarray(line.get_xdata(), float).tolist() == [low, high]
        assert not [line for line in axes.lines if line.get_marker() == "^"]
        svg(picture)


def test_a_change_that_no_run_could_see_leaves_the_axis_as_wide_as_the_others_need() -> None:
    ends = [picture.draw().axes[0].get_xlim() for picture in changes(upgrade())]
    unseen = pairs_as(upgrade(), smallest_visible=math.inf)
    unseen_ends = [picture.draw().axes[0].get_xlim() for picture in changes(unseen)]
    assert all(other[1] <= end[1] for end, other in zip(ends, unseen_ends, strict=True))


@pytest.mark.parametrize("value", [math.inf, math.nan])
def test_pairs_that_are_no_numbers_do_not_end_the_drawing(value: float) -> None:
    run = pairs_as(upgrade(), old=(1.0, value), new=(value, 2.0), estimate=value)
    for picture in pictures(run, "Old against new, in pairs"):
        svg(picture)


def test_a_run_that_was_killed_after_its_first_cell_has_the_figure_of_its_replay() -> None:
    run = all_green()
    first = tuple(
        reported
        for reported in run.verdicts
        if reported.verdict.cell == "gru"
        and reported.verdict.question in ("parameters", "dataset", "replay")
    )
    (picture,) = pictures(replace(run, verdicts=first), "Replay")
    assert picture.title == "replay of gru: pass"
    (axes,) = picture.draw().axes
    heights = {str(line.get_label()): np.asarray(line.get_ydata(), float) for line in axes.lines}
    assert set(heights) == {"baseline", "this run", "bound"}
    assert np.all(heights["this run"] < heights["bound"])
    assert len(heights["bound"]) == 20
    assert ">1e-06<" in svg(picture)


def test_known_faults_have_another_mark_than_broken_rules() -> None:
    (rules,) = pictures(three_regressions(), "Rules")
    assert rules.label.endswith("broken: forward.")
    (axes,) = rules.draw().axes
    assert {str(line.get_label()) for line in axes.lines} == {"holds", "known", "broken", "bound"}


def test_every_search_is_drawn_as_trials_and_as_curves_beside_the_bests() -> None:
    names = [picture.name for picture in pictures(all_green(), "Searches")]
    assert names == ["search-best-0", "search-0-1-curves", "search-0-1-trials"]
