"""Is the same model fed the same arrays?"""

from __future__ import annotations

import math

from rnn_suite.checks.digests import digest_dataset
from rnn_suite.experiment import Experiment
from rnn_suite.models import textbook_parameter_count
from rnn_suite.plugin import Gate
from rnn_suite.questions.exact import DATASET, PARAMETERS, ParameterCounts
from rnn_suite.workbench import Workbench


def test_the_model_has_the_parameters_of_the_textbook_and_the_baseline(
    gate: Gate, workbench: Workbench, experiment: Experiment
) -> None:
    weights = workbench.trainer(experiment).model.trainable_variables
    count = sum(math.prod(weight.shape) for weight in weights)
    assert count == textbook_parameter_count(experiment)
    measured = ParameterCounts(parameters=count)
    gate.ask(PARAMETERS, gate.measurement(workbench, experiment, measured))


def test_the_model_is_fed_the_recorded_arrays(
    gate: Gate, workbench: Workbench, experiment: Experiment
) -> None:
    measured = digest_dataset(workbench.dataset(experiment))
    gate.ask(DATASET, gate.measurement(workbench, experiment, measured))
