"""Has a training step become several times slower on this machine?"""

from __future__ import annotations

import time

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from rnn_suite.errors import MeasurementError
from rnn_suite.experiment import Experiment
from rnn_suite.other_load import OtherLoad
from rnn_suite.plugin import Gate
from rnn_suite.questions.step_time import STEP_TIME, unless_busy
from rnn_suite.results import StepTimes
from rnn_suite.timing import make_step
from rnn_suite.workbench import Workbench

ROUNDS = 25


# Wall time whatever --benchmark-timer says: time of the processor is another thing, and no baseline holds it.
@pytest.mark.usefixtures("quiet_machine")
@pytest.mark.benchmark(timer=time.perf_counter)
def test_a_training_step_is_not_several_times_slower(
    gate: Gate,
    workbench: Workbench,
    experiment: Experiment,
    benchmark: BenchmarkFixture,
) -> None:
    model = workbench.trainer(experiment).model
    dataset, size = workbench.dataset(experiment), experiment.training.batch_size
    step, warmup_seconds = make_step(model, dataset.x_train[:size], dataset.y_train[:size])
    load = OtherLoad()
    benchmark.pedantic(step, rounds=ROUNDS, iterations=1)
    others = load.others_fraction()
    if benchmark.stats is None:
        raise MeasurementError(
            "No step was timed: pytest-benchmark is disabled.\nExpected: "
            f"{ROUNDS} timed steps\nReceived: none\nNext: leave out --benchmark-disable and -n "
            "(with pytest-xdist nothing can be timed), or leave this question out with "
            "-k 'not step'"
        )
    measured = StepTimes(
        warmup_seconds=warmup_seconds, step_seconds=tuple(benchmark.stats.stats.data)
    )
    gate.ask(
        STEP_TIME,
        experiment,
        gate.measurement(workbench, experiment, measured),
        reconsider=lambda verdict: unless_busy(verdict, others),
    )
