"""Is the same model fed the same arrays?"""

from __future__ import annotations

import math

from rnn_suite.checks.digests import digest_dataset
from rnn_suite.experiment import Experiment
from rnn_suite.models import textbook_parameter_count
from rnn_suite.plugin import Gate
from rnn_suite.questions.exact import DATASET, PARAMETERS, ParameterCounts
from rnn_suite.workbench import Workbench


def count_parameters(workbench: Workbench, experiment: Experiment) -> int:
    weights = workbench.trainer(experiment).model.trainable_variables
    return sum(math.prod(weight.shape) for weight in weights)


def test_the_model_has_the_parameters_that_the_equations_ask_for(
    workbench: Workbench, experiment: Experiment
) -> None:
    assert count_parameters(workbench, experiment) == textbook_parameter_count(experiment)


def test_the_model_has_the_recorded_number_of_parameters(
    gate: Gate, workbench: Workbench, experiment: Experiment
) -> None:
    measured = ParameterCounts(parameters=count_parameters(workbench, experiment))
    gate.ask(PARAMETERS, experiment, gate.measurement(workbench, experiment, measured))


def test_the_dataset_gives_the_recorded_arrays(
    gate: Gate, workbench: Workbench, experiment: Experiment
) -> None:
    measured = digest_dataset(workbench.dataset(experiment))
    gate.ask(DATASET, experiment, gate.measurement(workbench, experiment, measured))
