"""Does the smoke gate, unchanged, catch known faults, and by the question that should see them?

A few faults of each kind, each by the one question that should see it: `tests.selftest.trial` tries them all.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.selftest.wounded_gate import gate

pytestmark = pytest.mark.selftest


@pytest.mark.parametrize(
    ("wounds", "selected", "questions"),
    [
        ("sigmoid_for_tanh", "smoke-lstm and replay", {"replay"}),
        # Its weights are those of other equations, so replay ends in an error and not in a verdict.
        ("gru_of_2014", "smoke-gru and (parameters or replay)", {"parameters"}),
        ("lstm_forgets:0.001", "lstm-forward", {"forward"}),
        ("recurrent_gradient_too_small:0.01", "lstm-gradients", {"gradients"}),
        ("learning_rate_too_small:0.01", "smoke-lstm and replay", {"replay"}),
        ("labels_shuffled_in_the_data", "smoke-lstm and dataset", {"dataset"}),
        ("labels_shuffled_in_fit", "smoke-lstm and accuracy", {"accuracy"}),
        ("last_batch_dropped", "all-training_loop", {"training_loop"}),
        ("best_weights_not_restored", "all-callbacks", {"callbacks"}),
        ("generators_stand_still", "all-seeds", {"seeds"}),
        ("weights_in_half_precision", "lstm-saving", {"saving"}),
        ("traced_in_every_call", "lstm-counts", {"counts"}),
        ("a_bracket_dropped", "all-tuner_decisions", {"tuner_decisions"}),
    ],
)
def test_a_known_fault_turns_the_question_red_that_should_see_it(
    wounds: str, selected: str, questions: set[str], tmp_path: Path
) -> None:
    found = gate(tmp_path, selected, wounds)
    assert set(found.red) == questions
    assert found.status == pytest.ExitCode.TESTS_FAILED


def test_sound_libraries_pass(tmp_path: Path) -> None:
    found = gate(tmp_path, "lstm-forward or all-training_loop", "unwounded")
    assert (found.status, found.red, found.compared) == (0, (), 2)


def test_steps_ten_times_slower_are_no_pass(tmp_path: Path) -> None:
    # Stored times are compared on the machine they were recorded on, so this one records its own.
    selected, baselines = "step and smoke-lstm", f"--baselines={tmp_path}/baselines"
    assert gate(tmp_path, selected, "unwounded", baselines, "--update-baselines").status == 10
    found = gate(tmp_path, selected, "step_slower:9", baselines)
    # Where others keep the machine busy it is told, and no library is called slower for it.
    assert found.red == ("step_time",) or "step_time of lstm (inconclusive)" in found.answer
