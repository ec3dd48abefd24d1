"""Do fixed weights on fixed batches give the recorded losses?"""

from __future__ import annotations

from rnn_suite.checks.replay import replay_losses
from rnn_suite.experiment import Experiment
from rnn_suite.plugin import Gate
from rnn_suite.questions.replay import REPLAY
from rnn_suite.workbench import Workbench


def test_a_replayed_training_run_gives_the_recorded_losses(
    gate: Gate, workbench: Workbench, experiment: Experiment
) -> None:
    measured = replay_losses(experiment, workbench.trainer(experiment).model)
    gate.ask(REPLAY, experiment, gate.measurement(workbench, experiment, measured))
