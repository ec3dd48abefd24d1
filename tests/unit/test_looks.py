from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rnn_suite.baselines import Baseline, Measurement, Recorded, compare, save_baseline
from rnn_suite.experiment import Experiment
from rnn_suite.looks import decide_in_looks, with_more_seeds
from rnn_suite.questions.accuracy import ACCURACY, LOOKS, AccuracyGate, SeedAccuracies
from rnn_suite.verdicts import Outcome, Verdict

GATE = AccuracyGate(
    allowed_drop_fraction=0.05, false_alarm_rate=0.01, floor_fraction=0.5, miss_rate=0.05
)
FIRST = (100, 101, 102)
BASELINE = tuple(0.80 + 0.02 * (-1) ** seed for seed in range(20))


def seeds(numbers: Sequence[int], accuracies: Sequence[float]) -> SeedAccuracies:
    values = tuple(accuracies)
    return SeedAccuracies(
        seeds=tuple(numbers),
        accuracy_fraction=values,
        last_epoch_accuracy_fraction=values,
        test_loss=(0.5,) * len(values),
        last_epoch_test_loss=(0.5,) * len(values),
    )


class Cells:
    """Cells whose every seed has an accuracy chosen beforehand; remembers what it was asked for."""

    def __init__(
        self,
        folder: Path,
        make: Callable[..., Measurement],
        tiny: Callable[..., Experiment],
        chosen: dict[str, Callable[[int], float]],
    ) -> None:
        self.asked: list[tuple[str, int]] = []
        self._make, self._chosen = make, chosen
        self.pairs: list[tuple[Baseline, Experiment]] = []
        for cell in chosen:
            experiment = tiny(cell, seeds=FIRST)
            old = make(seeds(range(20), BASELINE), replace(experiment, seeds=tuple(range(20))))
            recorded = Recorded(date="2026-01-31", commit="c0ffee")
            baseline = save_baseline(folder / f"{cell}.json", ACCURACY, old, recorded)
            self.pairs.append((replace(baseline, gate=GATE), experiment))

    def measure(self, experiment: Experiment) -> Measurement:
        self.asked.append((experiment.cell, len(experiment.seeds)))
        values = [self._chosen[experiment.cell](seed) for seed in experiment.seeds]
        return self._make(seeds(experiment.seeds, values), experiment)


Build = Callable[[dict[str, Callable[[int], float]]], Cells]


@pytest.fixture
def build(
    tmp_path: Path, measurement: Callable[..., Measurement], tiny: Callable[..., Experiment]
) -> Build:
    """Return a function that makes cells from the accuracy of each of their seeds."""
    return lambda chosen: Cells(tmp_path, measurement, tiny, chosen)


def good(_seed: int) -> float:
    return 0.80


def bad(_seed: int) -> float:
    return 0.60


def open_at_first(seed: int) -> float:
    """Low on the first look's seeds and good on all later ones."""
    return 0.77 if seed in FIRST else 0.81


def open_for_ever(seed: int) -> float:
    """So wide a noise that no look can decide."""
    return 0.55 if seed % 2 else 0.99


def test_each_look_has_as_many_seeds_more_as_the_first_had(
    tiny: Callable[..., Experiment],
) -> None:
    experiment = tiny(seeds=FIRST)
    assert with_more_seeds(experiment, 1).seeds == FIRST
    assert with_more_seeds(experiment, 2).seeds == tuple(range(100, 106))
    assert with_more_seeds(experiment, 3).seeds == tuple(range(100, 109))


def test_a_later_look_keeps_the_seeds_of_the_ones_before(tiny: Callable[..., Experiment]) -> None:
    experiment = tiny(seeds=(7, 3))
    assert with_more_seeds(experiment, 3).seeds == (7, 3, 8, 9, 10, 11)


def test_a_clear_answer_takes_one_look(build: Build) -> None:
    cells = build({"lstm": good, "gru": bad})
    verdicts = decide_in_looks(ACCURACY, cells.pairs, cells.measure)
    assert [verdict.outcome for verdict in verdicts] == [Outcome.PASS, Outcome.REGRESSED]
    assert cells.asked == [("lstm", 3), ("gru", 3)]


def test_an_open_answer_takes_a_second_look_at_more_seeds(build: Build) -> None:
    cells = build({"lstm": open_at_first})
    (verdict,) = decide_in_looks(ACCURACY, cells.pairs, cells.measure)
    assert cells.asked == [("lstm", 3), ("lstm", 6)]
    assert verdict.outcome is Outcome.PASS
    assert "(6 seeds)" in verdict.received


def test_only_the_cells_whose_answer_is_open_train_more_seeds(build: Build) -> None:
    cells = build({"gru": good, "lstm": open_for_ever, "simple_rnn": bad})
    decide_in_looks(ACCURACY, cells.pairs, cells.measure)
    assert cells.asked[3:] == [("lstm", 6), ("lstm", 9)]


def test_there_are_never_more_looks_than_were_fixed_beforehand(build: Build) -> None:
    cells = build({"lstm": open_for_ever})
    (verdict,) = decide_in_looks(ACCURACY, cells.pairs, cells.measure)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert [count for _, count in cells.asked] == [3 * look for look in range(1, LOOKS + 1)]


def test_each_look_compares_once(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    cells, calls = build({"lstm": open_for_ever}), []

    def counting(*arguments: Any) -> list[Verdict]:
        calls.append(arguments)
        return compare(*arguments)

    monkeypatch.setattr("rnn_suite.looks.compare", counting)
    decide_in_looks(ACCURACY, cells.pairs, cells.measure)
    assert len(calls) == LOOKS


def test_a_decided_verdict_is_final(build: Build) -> None:
    alone = build({"gru": good})
    (expected,) = decide_in_looks(ACCURACY, alone.pairs, alone.measure)
    beside = build({"gru": good, "lstm": open_for_ever, "simple_rnn": open_at_first})
    found = decide_in_looks(ACCURACY, beside.pairs, beside.measure)
    assert (found[0].outcome, found[0].received.split(";")[:2]) == (
        expected.outcome,
        expected.received.split(";")[:2],
    )
    assert "(3 seeds)" in found[0].received


def test_a_regression_stays_one_though_a_later_look_would_judge_otherwise(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = build({"gru": bad, "lstm": open_for_ever})
    calls = 0

    def turning(*arguments: Any) -> list[Verdict]:
        nonlocal calls
        calls += 1
        found = compare(*arguments)
        return found if calls == 1 else [replace(v, outcome=Outcome.PASS) for v in found]

    monkeypatch.setattr("rnn_suite.looks.compare", turning)
    outcomes = [
        verdict.outcome for verdict in decide_in_looks(ACCURACY, cells.pairs, cells.measure)
    ]
    assert outcomes == [Outcome.REGRESSED, Outcome.PASS]
    assert calls == 2


def test_a_cell_that_cannot_be_compared_is_neither_looked_at_again_nor_in_the_way(
    build: Build, tiny: Callable[..., Experiment]
) -> None:
    cells = build({"gru": good, "lstm": open_at_first})
    baseline, _ = cells.pairs[0]
    cells.pairs[0] = (baseline, tiny("gru", seeds=FIRST, units=5))
    found = decide_in_looks(ACCURACY, cells.pairs, cells.measure)
    outcomes = [verdict.outcome for verdict in found]
    assert outcomes == [Outcome.NOT_COMPARABLE, Outcome.PASS]
    assert cells.asked == [("gru", 3), ("lstm", 3), ("lstm", 6)]


def test_no_cells_are_no_verdicts() -> None:
    def never(_experiment: Experiment) -> Measurement:
        raise AssertionError("nothing was to be measured")

    assert decide_in_looks(ACCURACY, [], never) == []
