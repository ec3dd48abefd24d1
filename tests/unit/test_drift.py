from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_suite.drift import (
    FALSE_ALARM_RATE,
    Shape,
    drifts,
    p_value,
    patterns_of,
    replicates_needed,
    smallest_p,
)
from rnn_suite.history import History, HistoryLine
from rnn_suite.kept import Kept
from rnn_suite.report.drifts import amount_text, drift_line, drift_lines
from rnn_suite.results import Environment
from rnn_suite.run_report import Safety
from rnn_suite.series import Series, series
from rnn_suite.verdicts import Outcome
from tests.unit.conftest import ENVIRONMENT, IDENTITY


def kept(
    question: str, amount: float | None, *, cell: str = "lstm", profile: str = "smoke"
) -> Kept:
    return Kept(
        question=question,
        cell=cell,
        profile=profile,
        corpus="standin",
        setting="ab12",
        outcome=Outcome.PASS,
        amount=amount,
    )


def run(number: int, *verdicts: Kept, environment: Environment | None = ENVIRONMENT) -> HistoryLine:
    """Return the run of day `number`, from 2026-01-01 on, of a commit of its own."""
    return HistoryLine(
        moment=f"2026-{1 + number // 28:02d}-{1 + number % 28:02d}T04:00:00Z",
        commit=f"c{number}",
        answer=Safety.SAFE,
        finished=True,
        environment=environment,
        corpora=(IDENTITY,),
        verdicts=verdicts,
    )


def tf(version: object) -> Environment:
    return replace(ENVIRONMENT, tensorflow=str(version))


def timed(amounts: Sequence[float | None]) -> tuple[Series, ...]:
    lines = (run(i, kept("step_time", amount)) for i, amount in enumerate(amounts))
    return series(History(lines=tuple(lines)))


def trained(amounts: Sequence[float]) -> tuple[Series, ...]:
    """Return the series of accuracies that were measured on another TensorFlow each."""
    lines = (
        run(i, kept("accuracy", amount), environment=tf(f"2.{i}"))
        for i, amount in enumerate(amounts)
    )
    return series(History(lines=tuple(lines)))


def noise(count: int, seed: int = 0) -> list[float]:
    source = random.Random(seed)  # noqa: S311 (no secret)
    return [source.gauss(0, 1) for _ in range(count)]


STEPPED = [0.1 * (1.2 if i >= 14 else 1.0) + 0.001 * e for i, e in enumerate(noise(24))]
SLOPED = [0.82 - 0.001 * i + 0.0005 * e for i, e in enumerate(noise(16))]


def test_runs_of_one_question_cell_profile_setting_and_corpus_are_one_series() -> None:
    other = replace(IDENTITY, train_tokens=513)
    lines = [run(i, kept("accuracy", 0.8)) for i in range(2)]
    for changed in (
        kept("search", 0.8),
        kept("accuracy", 0.8, cell="gru"),
        kept("accuracy", 0.8, profile="full"),
        replace(kept("accuracy", 0.8), setting="cd34"),
    ):
        lines.append(run(len(lines), changed))
    lines.append(replace(run(len(lines), kept("accuracy", 0.8)), corpora=(other,)))
    found = series(History(lines=tuple(lines)))
    assert [len(one.points) for one in found] == [2, 1, 1, 1, 1, 1]
    assert len({one.name for one in found}) == 6


def test_only_prepared_arrays_ask_for_the_same_file() -> None:
    shuffled = replace(IDENTITY, sha256="another order")
    lines = [
        replace(run(i, kept("accuracy", 0.8), kept("dataset", None)), corpora=(corpus,))
        for i, corpus in enumerate([IDENTITY, shuffled])
    ]
    found = series(History(lines=tuple(lines)))
    assert [(one.question, len(one.points)) for one in found] == [
        ("accuracy", 2),
        ("dataset", 1),
        ("dataset", 1),
    ]


def test_only_times_ask_for_the_same_machine() -> None:
    elsewhere = replace(ENVIRONMENT, processor="another", cores=8)
    lines = [
        run(i, kept("accuracy", 0.8), kept("step_time", 0.1), environment=environment)
        for i, environment in enumerate([ENVIRONMENT, elsewhere])
    ]
    found = series(History(lines=tuple(lines)))
    assert [one.name for one in found] == [
        "accuracy of lstm (smoke; standin)",
        "step_time of lstm (smoke; standin; a processor, 2 cores)",
        "step_time of lstm (smoke; standin; another, 8 cores)",
    ]


def test_on_one_model_of_accelerator_the_processor_does_not_count() -> None:
    environments = [replace(ENVIRONMENT, accelerator="A GPU", cores=cores) for cores in (8, 16)]
    lines = [run(i, kept("step_time", 0.1), environment=e) for i, e in enumerate(environments)]
    (one,) = series(History(lines=tuple(lines)))
    assert one.name == "step_time of lstm (smoke; standin; A GPU)"


def test_an_upgrades_accuracy_is_another_series_than_the_gates() -> None:
    verdicts = [kept("accuracy", 0.8), kept("accuracy", 0.8, profile="upgrade")]
    verdicts.append(kept("train_step", 0.2, profile="upgrade"))
    found = series(History(lines=(run(0, *verdicts),)))
    assert [(one.unit, one.higher_is_better, one.timed) for one in found] == [
        ("fraction", True, False),
        ("fraction", True, False),
        ("s", False, True),
    ]


def test_a_question_that_is_no_longer_asked_still_has_its_series() -> None:
    verdicts = [kept("of_old", 1.0), kept("of_old", 1.0, profile="upgrade")]
    assert len(series(History(lines=(run(0, *verdicts),)))) == 2


def test_a_run_without_an_environment_is_in_no_series() -> None:
    assert not series(History(lines=(run(0, kept("accuracy", 0.8), environment=None),)))


def test_runs_on_the_same_versions_are_one_measurement_of_what_repeats() -> None:
    lines = [
        run(i, kept("accuracy", amount), environment=tf(version))
        for i, (version, amount) in enumerate(
            [("2.20", 0.81), ("2.21", 0.8), ("2.20", 0.81), ("2.21", 0.8), ("2.22", 0.79)]
        )
    ]
    (one,) = series(History(lines=tuple(lines)))
    assert [replicate.amount for replicate in one.replicates] == [0.81, 0.8, 0.79]
    assert [len(replicate.runs) for replicate in one.replicates] == [2, 2, 1]


def test_versions_that_agree_to_the_last_digit_are_one_measurement_of_what_repeats() -> None:
    (one,) = trained([0.81, 0.81, 0.81, 0.8])
    assert [replicate.amount for replicate in one.replicates] == [0.81, 0.8]


def test_runs_of_one_commit_on_one_day_are_one_measurement_of_a_time() -> None:
    first = run(0, kept("step_time", 0.1))
    again = replace(run(0, kept("step_time", 0.3)), moment="2026-01-01T09:00:00Z")
    (one,) = series(History(lines=(first, again, run(1, kept("step_time", 0.1)))))
    assert [replicate.amount for replicate in one.replicates] == [0.2, 0.1]


def test_runs_without_an_amount_are_drawn_and_do_not_count() -> None:
    (one,) = timed([0.1, None, 0.2])
    assert len(one.points) == 3
    assert len(one.replicates) == 2


@pytest.mark.parametrize("amounts", [[1.0, 3.0, 2.0, 5.0, 4.0], [1.0, 1.0, 2.0, 3.0, 3.0, 3.0]])
def test_a_p_value_is_the_share_of_all_orders_as_strange(
    amounts: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rnn_suite.drift._ENOUGH", 5_000)
    ranks = np.array(
        [sum(b < a for b in amounts) + sum(b == a for b in amounts) / 2 for a in amounts]
    )
    orders = np.array(list(permutations(ranks - ranks.mean())))
    found = np.abs(orders @ patterns_of(len(amounts))).max(axis=1)
    assert p_value(amounts) == pytest.approx(np.mean(found >= found[0] - 1e-9), rel=0.05)


def test_the_strangest_order_has_the_smallest_p_value_there_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("rnn_suite.drift._ENOUGH", 5_000)
    assert p_value(range(5)) == pytest.approx(smallest_p(range(5)), rel=0.05)


@given(st.lists(st.integers(0, 5), min_size=2, max_size=12))
def test_no_order_has_a_smaller_p_value_than_the_bound(amounts: list[int]) -> None:
    assert p_value(sorted(amounts)) >= 0.3 * smallest_p(amounts)


def test_the_same_history_gives_the_same_drifts() -> None:
    assert drifts(timed(STEPPED)) == drifts(timed(STEPPED))


def test_a_step_is_told_with_its_place_and_size() -> None:
    (drift,) = drifts(timed(STEPPED))
    assert drift.shape is Shape.STEP
    assert drift.first_after == 14
    assert drift.change == pytest.approx(0.02, rel=0.1)
    assert drift.worse


def test_a_slow_fall_is_told_before_a_step_could_be() -> None:
    (drift,) = drifts(trained(SLOPED))
    assert drift.shape is Shape.SLOPE
    assert drift.change == pytest.approx(-0.015, rel=0.2)
    assert drift.worse


def test_what_gets_better_is_told_as_better() -> None:
    assert not drifts(timed(STEPPED[::-1]))[0].worse
    assert not drifts(trained(SLOPED[::-1]))[0].worse


def test_a_second_step_is_found_beside_the_first() -> None:
    levels = [0.1] * 20 + [0.2] * 20 + [0.15] * 20
    amounts = [level + 0.002 * e for level, e in zip(levels, noise(60), strict=True)]
    found = drifts(timed(amounts))
    places = {d.replicates[d.first_after].runs[0].commit for d in found}
    assert places == {"c20", "c40"}


@pytest.mark.parametrize(("p", "told"), [(0.0051, 0), (0.0049, 1), (0.0026, 1), (0.0012, 3)])
def test_each_look_is_held_to_half_of_what_the_one_before_was(
    monkeypatch: pytest.MonkeyPatch, p: float, told: int
) -> None:
    # Holm's procedure holds the first of the two parts to half of their level.
    monkeypatch.setattr("rnn_suite.drift.p_value", lambda _: p)
    assert len(drifts(timed(STEPPED))) == told


def test_the_place_of_a_step_is_not_drawn_to_the_middle_by_ranks() -> None:
    amounts = [0.103, 0.101, 0.104, 0.102, 0.106, 0.101, 0.105, 0.102, 0.104, 0.109]
    (drift,) = drifts(timed([*amounts, 0.130, 0.133, 0.131, 0.134, 0.132]))
    assert (drift.shape, drift.first_after) == (Shape.STEP, 10)


def test_one_wild_run_is_no_drift() -> None:
    amounts = [0.1 + 0.001 * e for e in noise(30)]
    amounts[-1] = 5.0
    assert not drifts(timed(amounts))


@pytest.mark.parametrize("amounts", [[], [0.1], [0.1] * 50, [None] * 50, [0.1, 0.2]])
def test_what_is_short_or_constant_or_absent_is_no_drift(amounts: list[float | None]) -> None:
    assert not drifts(timed(amounts))


def test_a_release_that_only_draws_other_random_numbers_is_no_drift() -> None:
    lines = [
        run(i, kept("accuracy", 0.815 if i < 30 else 0.805), environment=tf(i // 30))
        for i in range(60)
    ]
    assert not drifts(series(History(lines=tuple(lines))))


def test_series_that_can_never_be_told_cost_the_others_nothing() -> None:
    sloped = timed([0.1 + 0.01 * i for i in range(8)])
    level = FALSE_ALARM_RATE / 2
    assert smallest_p(range(8)) > level / 1000
    short = timed([0.1, 0.2, 0.3])
    assert [d.series for d in drifts([*short * 1000, *sloped])] == list(sloped)


@pytest.mark.parametrize(("count", "needed"), [(1, 6), (42, 8), (1000, 10)])
def test_how_many_measurements_are_needed_depends_on_how_many_series_share(
    count: int, needed: int
) -> None:
    assert replicates_needed(count) == needed


def test_a_line_tells_what_from_what_to_what_when_and_with_which_versions() -> None:
    amounts = [0.815 if i < 12 else 0.802 for i in range(24)]
    (drift,) = drifts(trained([a + 0.0001 * e for a, e in zip(amounts, noise(24), strict=True)]))
    assert drift_line(drift) == (
        "accuracy of lstm (smoke; standin): 0.8150 until 2026-01-12, 0.8020 since 2026-01-13 "
        "(tensorflow 2.11 -> 2.12), worse, p 1e-05; 24 sets of versions"
    )


def test_a_line_of_a_step_on_the_same_versions_names_the_commits() -> None:
    line = drift_line(drifts(timed(STEPPED))[0])
    assert "(the same versions, commit c13 -> c14)" in line
    assert line.endswith("; 24 runs")


def test_a_line_of_a_slope_tells_both_ends() -> None:
    line = drift_line(drifts(trained(SLOPED))[0])
    assert "slowly from 0.819" in line
    assert "on 2026-01-01 to 0.80" in line
    assert "(tensorflow 2.0 -> 2.15)" in line


def test_the_lines_of_a_history_end_with_what_was_looked_at_and_its_faults() -> None:
    lines = tuple(
        run(i, kept("step_time", a), kept("parameters", 349)) for i, a in enumerate(STEPPED)
    )
    told = drift_lines(History(lines=lines, faults=("history.jsonl, line 3: left out",)))
    assert len(told) == 3
    assert told[1] == (
        "Looked for drift in 2 series over 24 runs: 1 vary, 0 of them too short (a slope can show "
        "from 6 independent measurements on); 1 drifted"
    )
    assert told[2] == "history.jsonl, line 3: left out"


def repeated(count: int, **environments: Environment) -> History:
    """Return a history of runs that measured the same accuracy and parameters."""
    lines = [run(i, kept("accuracy", 0.8), kept("parameters", 349)) for i in range(count)]
    others = [run(count, kept("accuracy", 0.8), environment=e) for e in environments.values()]
    return History(lines=(*lines, *others))


def test_a_first_run_has_nothing_to_be_compared_with() -> None:
    assert drift_lines(repeated(1)) == [
        "No drift can be told yet: this is the first run of the history."
    ]


def test_runs_on_the_same_versions_have_nothing_to_be_compared_with() -> None:
    (line,) = drift_lines(repeated(3))
    assert line == (
        "No drift can be told yet: all 3 runs of the history are on the same versions, where trainings and "
        "rules repeat to the last digit."
    )


def test_versions_on_which_nothing_differs_have_no_drift() -> None:
    (line,) = drift_lines(repeated(2, newer=tf("2.22")))
    assert line == "No drift: in 3 runs of the history nothing differs."


def test_series_that_are_all_too_short_say_how_many_measurements_are_missing() -> None:
    lines = tuple(
        run(i, kept("step_time", a), kept("parameters", 349)) for i, a in enumerate(STEPPED[:3])
    )
    (line,) = drift_lines(History(lines=lines))
    assert line == (
        "No drift can be told yet: 1 of 2 series vary, a slope can show from 6 independent measurements on, "
        "and none has more than 3."
    )


def test_a_count_that_moves_is_neither_better_nor_worse() -> None:
    lines = tuple(run(i, kept("parameters", 349 + i), environment=tf(f"2.{i}")) for i in range(12))
    (drift,) = drifts(series(History(lines=lines)))
    assert drift.worse is None
    line = drift_line(drift)
    assert "(tensorflow 2.0 -> 2.11), p 1e-05; 12 sets of versions" in line


def test_a_loss_of_an_upgrade_is_better_where_it_is_lower() -> None:
    verdicts = [kept("final_loss", 0.5, profile="upgrade"), kept("parameters", 349)]
    found = series(History(lines=(run(0, *verdicts),)))
    assert [(one.unit, one.higher_is_better) for one in found] == [("", False), ("", None)]


def test_an_empty_history_has_nothing_to_tell() -> None:
    assert drift_lines(History(lines=())) == []


@pytest.mark.parametrize(
    ("amount", "unit", "told"),
    [
        (0.0123, "s", "12.3 ms"),
        (2.5, "s", "2.5 s"),
        (512.4, "MiB", "512 MiB"),
        (0.81234, "fraction", "0.8123"),
        (0.031, "share of bound", "3% of bound"),
        (9.4e-7, "relative", "9.4e-07 off"),
        (349.0, "", "349"),
    ],
)
def test_an_amount_is_told_in_its_unit(amount: float, unit: str, told: str) -> None:
    assert amount_text(amount, unit) == told
