from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rnn_suite.upgrade.decision import State, confirm, confirmation_looks, look
from rnn_suite.upgrade.pairs import Environments, Pair
from rnn_suite.upgrade.phases import PHASES, Asked, Values
from rnn_suite.upgrade.run import Found, Plan
from rnn_suite.upgrade.telling import verdict_of
from rnn_suite.verdicts import Outcome, Verdict

STEP = Asked("train_step", "lstm")
BUILD = Asked("build", "lstm")
MEMORY = Asked("peak_memory", "all")
LOSS = Asked("final_loss", "lstm")
ACCURACY = Asked("accuracy", "lstm")
OLD = Path("/old/bin/python")

JITTER = (0.004, -0.004, 0.003, -0.003, 0.002, -0.002, 0.001, -0.001)
"""So that no two pairs are alike."""

FACTS: dict[str, Any] = {
    "old": {"operations": {"While": 2}, "traces": 1, "settings": {}},
    "new": {"operations": {"While": 2}, "traces": 3, "settings": {}},
}


@pytest.fixture
def plan(tiny: Callable[..., Any]) -> Plan:
    """A plan whose allowed drop is 0.02."""
    return Plan(
        environments=Environments(reference=OLD, candidate=Path("/new/bin/python")),
        asked=(),
        timed={"lstm": tiny()},
        trained={"lstm": tiny()},
        allowed_drop={"lstm": 0.02},
    )


def ratios(old: float, change: float, jitter: Sequence[float] = JITTER) -> list[Values]:
    return [Values(old=(old,), new=(old * (1 + change + wobble),)) for wobble in jitter]


def drops(old: float, drop: float, jitter: Sequence[float] = JITTER) -> list[Values]:
    return [Values(old=(old,), new=(old - drop + wobble,)) for wobble in jitter]


def decided(asked: Asked, values: list[Values], plan: Plan, found: Found | None = None) -> Found:
    """Return what a run would have found from these pairs, the second set being like the first."""
    found = found or Found()
    differences = [value.difference(asked.row.scale) for value in values]
    held = plan.limits(asked, values)
    found.first[asked] = values
    found.decisions[asked] = look(differences, margin=held.harm, red=held.red)
    if found.decisions[asked].state is State.SUSPECT:
        found.second[asked], found.suspects = values, 1
        found.decisions[asked] = confirm(differences, margin=held.harm, red=held.red, suspects=1)
    return found


def told(asked: Asked, values: list[Values], plan: Plan) -> Verdict:
    return verdict_of(asked, decided(asked, values, plan), plan)


def test_a_pass_says_what_was_allowed_what_was_found_and_what_would_have_been_seen(
    plan: Plan,
) -> None:
    verdict = told(STEP, ratios(0.2, 0.01), plan)
    assert verdict.outcome is Outcome.PASS
    assert (verdict.question, verdict.cell, verdict.file) == ("train_step", "lstm", str(OLD))
    assert verdict.expected == (
        "less than 5.0% more than the old environment's 200 ms, so that 10.0% is not missed: a training "
        "step inside fit, after the first ones"
    )
    assert verdict.received == (
        "202 ms, +1.0% (95% interval +0.7% to +1.3%) over 8 pairs of fresh processes; with this "
        "noise a true change of 5.5% would not have been missed"
    )
    assert verdict.next_step == "nothing"
    assert (verdict.baseline, verdict.now) == ("200 ms", "202 ms")
    assert verdict.interval == "+0.7% to +1.3%"


def test_identical_sides_are_told_without_a_sign_of_nothing(plan: Plan) -> None:
    same = (0.0,) * 8
    assert told(STEP, ratios(0.2, 0.0, same), plan).interval == "+0.0% to +0.0%"
    assert told(ACCURACY, drops(0.8, 0.0, same), plan).interval == "+0.000 to +0.000"


def test_an_improvement_is_told_with_its_cause_and_asks_for_nothing(plan: Plan) -> None:
    verdict = told(STEP, ratios(0.2, -0.3), plan)
    assert verdict.outcome is Outcome.IMPROVED
    assert verdict.received.startswith(
        "140 ms, -30.0% (95% interval -30.3% to -29.7%) over 8 pairs"
    )
    assert verdict.next_step == "nothing; nothing else that was looked at differs"


def test_a_confirmed_regression_names_its_second_set_and_how_to_find_the_package(
    plan: Plan,
) -> None:
    verdict = told(STEP, ratios(0.2, 0.3), plan)
    assert verdict.outcome is Outcome.REGRESSED
    assert verdict.received.endswith("over 8 pairs of fresh processes, the second set of them")
    assert verdict.received.startswith("260 ms, +30.0% ")
    assert verdict.next_step == (
        "nothing else that was looked at differs. Which package does it: pytest -m bisect with the "
        "same --reference-python and --bisect-question=train_step:lstm"
    )


def test_a_confirmed_regression_is_told_in_the_numbers_of_its_second_set(plan: Plan) -> None:
    found = decided(STEP, ratios(0.2, 0.3), plan)
    found.first[STEP] = ratios(9.0, 3.0)
    verdict = verdict_of(STEP, found, plan)
    assert (verdict.baseline, verdict.now) == ("200 ms", "260 ms")


@pytest.mark.parametrize("state", [State.OPEN, State.SUSPECT, State.INCONCLUSIVE])
def test_whatever_was_not_decided_is_inconclusive_and_asks_for_quiet_or_time(
    plan: Plan, state: State
) -> None:
    found = decided(STEP, ratios(0.2, 0.01), plan)
    found.decisions[STEP] = replace(found.decisions[STEP], state=state)
    verdict = verdict_of(STEP, found, plan)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.next_step == (
        "run again with a larger --upgrade-minutes, or on a quieter machine"
    )


def test_times_of_a_second_and_more_are_told_in_seconds(plan: Plan) -> None:
    verdict = told(STEP, ratios(1.5, 0.0), plan)
    assert (verdict.baseline, verdict.now) == ("1.50 s", "1.50 s")


def test_memory_is_told_in_mib(plan: Plan) -> None:
    verdict = told(MEMORY, ratios(800.0, 0.01), plan)
    assert (verdict.baseline, verdict.now) == ("800 MiB", "808 MiB")
    assert "less than 5.0% more than the old environment's 800 MiB" in verdict.expected


def test_a_loss_is_told_without_a_unit_and_over_seeds(plan: Plan) -> None:
    verdict = told(LOSS, ratios(0.5, 0.01), plan)
    assert (verdict.baseline, verdict.now) == ("0.5000", "0.5050")
    assert "over 8 seeds; with" in verdict.received


def test_what_is_negligible_shows_in_what_is_allowed(plan: Plan) -> None:
    verdict = told(BUILD, ratios(0.05, 0.5), plan)
    assert verdict.outcome is Outcome.PASS
    assert verdict.expected.startswith("less than 100.0% more than the old environment's 50 ms")


def test_an_accuracy_that_fell_is_told_as_a_negative_change(plan: Plan) -> None:
    verdict = told(ACCURACY, drops(0.8, 0.05), plan)
    assert verdict.outcome is Outcome.REGRESSED
    assert verdict.expected.startswith("less than 0.020 lower than the old environment's 0.8000: ")
    assert verdict.received.startswith(
        "0.7500, -0.050 (95% interval -0.053 to -0.047) over 8 seeds"
    )
    assert verdict.next_step.startswith(
        "the arithmetic, the random numbers or the data changed; see the rules: pytest -m rules. "
    )
    assert verdict.next_step.endswith("--bisect-question=accuracy:lstm")


def test_an_accuracy_that_rose_is_told_as_a_positive_change(plan: Plan) -> None:
    verdict = told(ACCURACY, drops(0.8, -0.05), plan)
    assert verdict.outcome is Outcome.IMPROVED
    assert verdict.received.startswith(
        "0.8500, +0.050 (95% interval +0.047 to +0.053) over 8 seeds"
    )


@pytest.mark.parametrize("change", [-0.04, 0.0, 0.04])
@pytest.mark.parametrize("phase", PHASES)
def test_intervals_are_told_from_low_to_high_around_the_estimate(
    plan: Plan, phase: str, change: float
) -> None:
    asked = Asked(phase, "lstm")
    made = drops if phase == "accuracy" else ratios
    verdict = told(asked, made(0.5, change), plan)
    low, high = (float(end.rstrip("%")) for end in verdict.interval.split(" to "))
    told_change = re.findall(r"([+-]\S+?)%? \(", verdict.received)
    assert low <= float(told_change[0]) <= high


def test_an_inconclusive_quality_sends_to_the_gate_that_has_more_seeds(plan: Plan) -> None:
    found = decided(LOSS, ratios(0.5, 0.01), plan)
    found.decisions[LOSS] = replace(found.decisions[LOSS], state=State.INCONCLUSIVE)
    assert verdict_of(LOSS, found, plan).next_step.startswith("pytest -m smoke holds it against")


def test_after_the_last_pair_more_minutes_are_no_remedy(plan: Plan) -> None:
    found = decided(STEP, ratios(0.2, 0.01), plan)
    found.decisions[STEP] = replace(found.decisions[STEP], state=State.INCONCLUSIVE, pairs=16)
    assert "minutes" not in verdict_of(STEP, found, plan).next_step


@pytest.mark.parametrize(
    ("suspects", "look_number", "spent"), [(5, 0, False), (5, 1, True), (1, 1, True)]
)
def test_a_suspect_asks_for_minutes_only_where_its_second_set_had_not_all_its_pairs(
    plan: Plan, suspects: int, look_number: int, spent: bool
) -> None:
    found = decided(STEP, ratios(0.2, 0.3), plan)
    found.suspects = suspects
    found.decisions[STEP] = replace(
        found.decisions[STEP],
        state=State.INCONCLUSIVE,
        pairs=confirmation_looks(suspects)[look_number],
    )
    assert ("minutes" not in verdict_of(STEP, found, plan).next_step) is spent


def pair(values: list[Values], cpu_per_second: tuple[float, float]) -> list[Pair]:
    """Return pairs of a step, the first with facts, whose sides kept so many threads busy."""
    old, new = cpu_per_second
    return [
        Pair(
            values={str(STEP): value},
            cpu={
                str(STEP): Values(old=(value.old[0] * old,), new=(value.new[0] * new,)),
            },
            reference={},
            candidate={},
            facts={} if number else {"lstm": FACTS},
            others_fraction=0.0,
            seconds=1.0,
        )
        for number, value in enumerate(values)
    ]


def test_the_cause_is_told_from_the_facts_the_threads_and_what_moved_with_it(plan: Plan) -> None:
    values = ratios(0.2, 0.3)
    found = decided(STEP, values, plan)
    decided(Asked("evaluation", "lstm"), ratios(2.0, 0.2), plan, found)
    decided(Asked("evaluation", "gru"), ratios(2.0, 0.2), plan, found)
    decided(Asked("import", "all"), ratios(2.0, -0.2), plan, found)
    decided(Asked("build", "lstm"), ratios(2.0, 0.02), plan, found)
    found.pairs = pair(values, (1.9, 1.0))
    assert verdict_of(STEP, found, plan).next_step.startswith(
        "traces 1 -> 3; busy threads 1.9 -> 1.0; moved as well: evaluation:lstm +20.0%, "
        "import:all -20.0%. Which package"
    )


def test_a_change_without_bounds_is_told_in_words(plan: Plan) -> None:
    found = decided(STEP, ratios(0.2, 0.01), plan)
    found.decisions[STEP] = replace(found.decisions[STEP], lower=-math.inf)
    assert verdict_of(STEP, found, plan).interval == "unbounded to +1.3%"
