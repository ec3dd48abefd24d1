"""What the processes of a comparison are asked, and in which order."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rnn_suite.upgrade.decision import LOOKS
from rnn_suite.upgrade.pairs import MOST_REPEATS, WARM_STEPS
from rnn_suite.upgrade.phases import PHASES
from rnn_suite.worker.tasks import FIT_BATCHES

if TYPE_CHECKING:
    from tests.unit.upgrade.conftest import Run

Make = Callable[..., "Run"]

FIRST_LOOK = LOOKS[0]
EVERYTHING = [f"{phase.name}:{subject}" for phase in PHASES.values() for subject in phase.subjects]
STEP, GRU_STEP, BUILD = "train_step:lstm", "train_step:gru", "build:lstm"

SLOW_STEPS = "1.3 if do == 'step' else 1.0"
# So far apart that no look can decide, and the same on average.
NOISY_BUILDS = "(2.0 if start % 2 else 0.5) if do == 'build' else 1.0"


def repeats_of(line: dict[str, Any]) -> list[int]:
    """Return how often a step was timed on either side of a recorded pair."""
    (value,) = line["values"][STEP]
    return [len(value["old"]), len(value["new"])]


def test_only_what_is_open_is_measured_in_later_pairs(environments: Make) -> None:
    run = environments(NOISY_BUILDS)
    run.compare(STEP, GRU_STEP, BUILD, "import:all")
    asked = [sorted(line["values"]) for line in run.recorded()]
    assert asked[:FIRST_LOOK] == [sorted([STEP, GRU_STEP, BUILD, "import:all"])] * FIRST_LOOK
    assert asked[FIRST_LOOK:] == [[BUILD]] * (LOOKS[-1] - FIRST_LOOK)


def test_a_process_is_asked_nothing_that_no_open_question_needs(environments: Make) -> None:
    run = environments(NOISY_BUILDS)
    run.compare(STEP, GRU_STEP, BUILD)
    late = [heard for heard in run.heard("candidate") if heard["start"] == FIRST_LOOK + 1]
    assert [heard["do"] for heard in late] == [
        *("describe", "import", "start", "load", "build", "fit", "end", "usage")
    ]
    assert {heard["cell"] for heard in late[4:]} == {"lstm"}


def test_a_step_is_timed_after_warm_ups_and_what_traces_is_done_once_before(
    environments: Make,
) -> None:
    run = environments()
    run.compare(STEP, "evaluation:lstm", "model_loading:lstm")
    first = Counter(heard["do"] for heard in run.heard("reference") if heard["start"] == 2)
    steps = WARM_STEPS + PHASES["train_step"].repeats
    assert (first["step"], first["evaluate"], first["save_and_load"]) == (steps, 1 + 3, 1 + 2)
    assert first["predict"] == 0
    assert {repeats for pair in run.recorded() for repeats in repeats_of(pair)} == {
        steps - WARM_STEPS
    }


def test_quick_steps_are_repeated_until_they_took_long_enough_together_on_either_side(
    environments: Make,
) -> None:
    run = environments("0.11 if do == 'step' else 1.0")
    run.compare(STEP, budget_seconds=0.0)
    enough = math.ceil(PHASES["train_step"].least_seconds / 0.055)
    assert repeats_of(run.recorded()[0]) == [enough, enough]


def test_steps_that_take_no_time_are_not_repeated_for_ever(environments: Make) -> None:
    run = environments("1e-6 if do == 'step' else 1.0")
    run.compare(STEP, budget_seconds=0.0)
    assert repeats_of(run.recorded()[0]) == [MOST_REPEATS, MOST_REPEATS]


def test_a_fit_has_more_batches_than_steps_are_ever_asked_for() -> None:
    first = 1
    assert first + WARM_STEPS + MOST_REPEATS < FIT_BATCHES


def test_what_a_step_is_made_of_is_asked_in_the_first_pair_alone(environments: Make) -> None:
    run = environments(SLOW_STEPS)
    found = run.compare(STEP)
    assert [sorted(pair.facts) for pair in found.pairs[:2]] == [["lstm"], []]
    assert {h["start"] for h in run.heard("candidate") if h["do"] == "facts"} == {1}


def test_both_environments_are_asked_the_same(environments: Make) -> None:
    run = environments()
    run.compare(*EVERYTHING)
    old, new = (
        [(heard["start"], heard["do"], heard["cell"]) for heard in run.heard(role)]
        for role in ("reference", "candidate")
    )
    assert old == new


def test_who_goes_first_and_which_cell_is_drawn_anew_and_comes_from_the_seed(
    environments: Make,
) -> None:
    orders = []
    for seed in (1, 1, 2):
        run = environments()
        run.compare("build:lstm", "build:gru", "build:simple_rnn", random_seed=seed)
        old, new = (
            [heard for heard in run.heard(role) if heard["do"] == "build"][-3 * FIRST_LOOK :]
            for role in ("reference", "candidate")
        )
        orders.append([(a["cell"], a["at"] < b["at"]) for a, b in zip(old, new, strict=True)])
    assert orders[0] == orders[1] != orders[2]
    assert {old_first for _, old_first in orders[0]} == {False, True}
    assert len({cell for cell, _ in orders[0][::3]}) > 1
