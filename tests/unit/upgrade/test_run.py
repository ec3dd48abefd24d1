"""Whole comparisons of environments that answer at once, each in processes of its own."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rnn_suite.errors import BaselineError, MeasurementError
from rnn_suite.upgrade.decision import LOOKS, State, confirmation_looks
from rnn_suite.upgrade.phases import PHASES, Asked
from rnn_suite.upgrade.run import Found

if TYPE_CHECKING:
    from tests.unit.upgrade.conftest import Run

Make = Callable[..., "Run"]

FIRST_LOOK = LOOKS[0]
EARLY, LATE = confirmation_looks(1)
EVERYTHING = [f"{phase.name}:{subject}" for phase in PHASES.values() for subject in phase.subjects]
STEP, BUILD = "train_step:lstm", "build:lstm"
ACCURACY, LOSS = "accuracy:lstm", "final_loss:lstm"

SLOW_STEPS = "1.3 if do == 'step' and cell == 'lstm' else 1.0"
# So far apart that no look can decide, and the same on average.
NOISY_BUILDS = "(2.0 if start % 2 else 0.5) if do == 'build' else 1.0"


def states(found: Found) -> dict[str, State]:
    return {str(asked): decision.state for asked, decision in found.decisions.items()}


def pairs(found: Found, name: str) -> int:
    return found.decisions[Asked(*name.split(":"))].pairs


def test_two_environments_that_are_alike_pass_everything_after_the_first_look(
    environments: Make,
) -> None:
    run = environments()
    found = run.compare(*EVERYTHING)
    assert states(found) == dict.fromkeys(EVERYTHING, State.PASS)
    assert not found.errors
    assert {pairs(found, name) for name in EVERYTHING} == {FIRST_LOOK}
    assert len(found.pairs) == FIRST_LOOK


def test_what_got_slower_is_regressed_by_a_second_set_and_everything_else_passes(
    environments: Make,
) -> None:
    run = environments(SLOW_STEPS)
    found = run.compare(*EVERYTHING)
    assert states(found) == dict.fromkeys(EVERYTHING, State.PASS) | {STEP: State.REGRESSED}
    assert found.decisions[Asked("train_step", "lstm")].confirmed
    assert found.suspects == 1
    assert pairs(found, STEP) == EARLY
    assert "asked again in fresh processes: train_step:lstm" in run.told


def test_what_got_faster_is_improved_without_a_second_set(environments: Make) -> None:
    found = environments("0.7 if do == 'step' else 1.0").compare(STEP)
    assert states(found) == {STEP: State.IMPROVED}
    assert len(found.pairs) == FIRST_LOOK


def test_more_memory_is_regressed(environments: Make) -> None:
    run = environments("1.3 if do == 'memory' else 1.0")
    assert states(run.compare("peak_memory:all")) == {"peak_memory:all": State.REGRESSED}


def test_a_suspect_whose_second_set_is_clean_passes(environments: Make) -> None:
    run = environments(f"1.3 if do == 'step' and start <= {FIRST_LOOK} else 1.0")
    found = run.compare(STEP)
    assert states(found) == {STEP: State.PASS}
    assert found.decisions[Asked("train_step", "lstm")].confirmed
    assert len(found.pairs) == FIRST_LOOK + EARLY


def test_a_suspect_with_one_disturbed_pair_in_its_second_set_is_regressed_at_the_late_look(
    environments: Make,
) -> None:
    disturbed = FIRST_LOOK + 2
    run = environments("1.3", reference=f"9.0 if start == {disturbed} else 1.0")
    found = run.compare(STEP)
    assert states(found) == {STEP: State.REGRESSED}
    assert pairs(found, STEP) == LATE


def test_a_suspect_that_is_too_noisy_to_confirm_is_inconclusive(environments: Make) -> None:
    run = environments(f"1.3 if start <= {FIRST_LOOK} else 2.0 if start % 2 else 0.5")
    found = run.compare(STEP)
    assert states(found) == {STEP: State.INCONCLUSIVE}
    assert pairs(found, STEP) == LATE


def test_a_budget_that_is_used_up_stops_after_the_first_look(environments: Make) -> None:
    found = environments(NOISY_BUILDS).compare(BUILD, ACCURACY, budget_seconds=0.0)
    assert states(found) == {BUILD: State.OPEN, ACCURACY: State.PASS}
    assert len(found.pairs) == FIRST_LOOK


def test_a_suspect_is_measured_again_whatever_the_budget(environments: Make) -> None:
    found = environments(SLOW_STEPS).compare(STEP, budget_seconds=0.0)
    assert states(found) == {STEP: State.REGRESSED}


def test_a_lower_accuracy_than_allowed_is_regressed_by_other_seeds(environments: Make) -> None:
    run = environments("0.9 if do == 'accuracy' else 1.0")
    found = run.compare(ACCURACY, LOSS)
    assert states(found) == {ACCURACY: State.REGRESSED, LOSS: State.PASS}
    seeds = [seed for heard in run.heard("candidate") for seed in heard.get("seeds", ())]
    assert len(seeds) == len(set(seeds)) == FIRST_LOOK + EARLY
    assert not found.pairs


def test_an_accuracy_that_fell_by_less_than_allowed_passes(environments: Make) -> None:
    found = environments("0.99 if do == 'accuracy' else 1.0").compare(ACCURACY)
    assert states(found) == {ACCURACY: State.PASS}


def test_both_environments_train_from_the_same_seeds(environments: Make) -> None:
    run = environments()
    run.compare(ACCURACY, "accuracy:gru")
    trained = [
        {heard["cell"]: heard["seeds"] for heard in run.heard(role) if heard["do"] == "train"}
        for role in ("reference", "candidate")
    ]
    assert trained[0] == trained[1]
    assert trained[0].keys() == {"lstm", "gru"}
    lines = run.recorded()
    assert [line["seeds"] for line in lines] == [trained[0]["lstm"]] * 2


def test_a_loss_that_is_no_number_is_an_error_and_no_verdict(environments: Make) -> None:
    run = environments("float('nan') if do == 'loss' else 1.0")
    found = run.compare(ACCURACY, STEP)
    assert states(found) == {STEP: State.PASS}
    assert "candidate.history.loss" in str(found.errors[Asked("accuracy", "lstm")])


def test_a_candidate_that_dies_is_an_error_for_what_is_timed_and_what_is_trained_is_decided(
    environments: Make,
) -> None:
    run = environments("sys.exit('out of memory') if start == 3 else 1.0")
    found = run.compare(STEP, BUILD, ACCURACY)
    assert states(found) == {ACCURACY: State.PASS}
    assert {str(asked) for asked in found.errors} == {STEP, BUILD}
    for error in found.errors.values():
        assert isinstance(error, MeasurementError)
        assert "candidate interpreter" in str(error)
        assert "out of memory" in str(error)


def test_what_was_decided_before_a_candidate_died_stands(environments: Make) -> None:
    died = FIRST_LOOK + 1
    run = environments(f"sys.exit('out of memory') if start == {died} else {NOISY_BUILDS}")
    found = run.compare(STEP, BUILD)
    assert states(found)[STEP] is State.PASS
    assert {str(asked) for asked in found.errors} == {BUILD}


def test_a_suspect_gets_its_second_set_though_a_candidate_died_of_another_question(
    environments: Make,
) -> None:
    died = FIRST_LOOK + 1
    slow = f"1.3 if do == 'step' else {NOISY_BUILDS}"
    found = environments(f"sys.exit(1) if start == {died} else {slow}").compare(STEP, BUILD)
    assert states(found)[STEP] is State.REGRESSED
    assert {str(asked) for asked in found.errors} == {BUILD}


@pytest.mark.parametrize("died", [FIRST_LOOK + 2, FIRST_LOOK + EARLY + 1])
def test_a_candidate_that_dies_in_the_second_set_is_an_error_at_either_look(
    environments: Make, died: int
) -> None:
    noisy = f"1.3 if start <= {FIRST_LOOK} else 2.0 if start % 2 else 0.5"
    run = environments(f"sys.exit('out of memory') if start == {died} else {noisy}")
    found = run.compare(STEP)
    assert "out of memory" in str(found.errors[Asked("train_step", "lstm")])


def test_an_old_time_of_0_is_an_error_that_names_it(environments: Make) -> None:
    nothing = "0.0 if do == 'build' else 1.0"
    found = environments(nothing, reference=nothing).compare(BUILD)
    assert not found.decisions
    assert "There is no ratio of 0.0 to 0.0." in str(found.errors[Asked("build", "lstm")])


def test_a_question_that_cannot_be_asked_ends_in_its_error_and_the_others_are_decided(
    environments: Make,
) -> None:
    refused = BaselineError("no such baseline")
    run = environments()
    asked = Asked("accuracy", "lstm")
    found = run.compare(
        STEP, ACCURACY, "accuracy:gru", refused={asked: refused}, allowed_drop={"gru": 0.02}
    )
    assert states(found) == {STEP: State.PASS, "accuracy:gru": State.PASS}
    assert found.errors == {asked: refused}
    assert {heard["cell"] for heard in run.heard("candidate") if heard["do"] == "train"} == {"gru"}


def test_a_folder_that_cannot_be_made_is_an_error_in_the_words_of_the_system(
    environments: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    found = environments().compare(STEP, ACCURACY)
    assert {str(asked) for asked in found.errors} == {STEP, ACCURACY}
    for error in found.errors.values():
        assert isinstance(error, MeasurementError)
        assert f"No such file or directory: '{tmp_path}/gone/" in str(error)


def test_every_pair_is_a_line_of_the_record_whatever_becomes_of_the_run(environments: Make) -> None:
    run = environments("sys.exit(1) if start == 4 else 1.0")
    found = run.compare(STEP)
    assert (
        [line["set"] for line in run.recorded()]
        == ["first set"] * 3
        == ["first set"] * len(found.pairs)
    )
    (value,) = run.recorded()[0]["values"][STEP]
    assert value["old"] == value["new"] == [0.5] * PHASES["train_step"].repeats
    assert run.recorded()[0]["pair"]["candidate"]["packages"] == {"keras": "3.0"}


def test_both_sets_are_in_the_record(environments: Make) -> None:
    run = environments(SLOW_STEPS)
    run.compare(STEP)
    counted = Counter(line["set"] for line in run.recorded())
    assert counted == {"first set": FIRST_LOOK, "second set": EARLY}


def test_a_line_a_pair_is_told_and_one_before_trainings_that_take_long(environments: Make) -> None:
    run = environments()
    run.compare(STEP, ACCURACY)
    assert len(run.told) == FIRST_LOOK + 2
    assert run.told[0].startswith("first set, pair 1 of 6: 0 s, 1 questions, other processes had ")
    assert "training seeds 1000 to 1005 in both environments" in run.told[-2]
    assert run.told[-1].startswith("first set, trained: ")
