"""Is the accuracy over seeds no worse than the baseline's?"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest

from rnn_suite.baselines import Measurement
from rnn_suite.experiment import Experiment
from rnn_suite.looks import decide_accuracy
from rnn_suite.plugin import Gate
from rnn_suite.questions.accuracy import ACCURACY
from rnn_suite.verdicts import Verdict
from rnn_suite.workbench import Workbench, accuracies

Decide = Callable[[Gate, Experiment], Verdict]


@pytest.fixture(scope="session")
def decide(
    request: pytest.FixtureRequest,
    workbench: Workbench,
    make_experiment: Callable[[str, str], Experiment],
) -> Decide:
    """Decides all cells of a profile on the first call: they share one false-alarm rate."""
    verdicts: dict[tuple[str, str], Verdict] = {}
    asked: set[tuple[str, str]] = {
        cast("tuple[str, str]", item.callspec.params["experiment"])
        for item in request.session.items
        if isinstance(item, pytest.Function)
        and item.originalname == test_accuracy_is_not_worse_than_the_baseline.__name__
    }

    def of_profile(gate: Gate, profile: str) -> None:
        cells = [cell for name, cell in asked if name == profile]
        experiments = [make_experiment(profile, cell) for cell in sorted(cells)]

        def measure(experiment: Experiment) -> Measurement:
            return gate.measurement(workbench, experiment, accuracies(workbench.train(experiment)))

        pairs = [(gate.baseline(ACCURACY, experiment), experiment) for experiment in experiments]
        for verdict in decide_accuracy(pairs, measure):
            verdicts[profile, verdict.cell] = verdict

    def one(gate: Gate, experiment: Experiment) -> Verdict:
        key = experiment.profile, experiment.cell
        if key not in verdicts:
            of_profile(gate, experiment.profile)
        return verdicts[key]

    return one


def test_accuracy_is_not_worse_than_the_baseline(
    gate: Gate, workbench: Workbench, experiment: Experiment, decide: Decide
) -> None:
    if gate.updating:
        measured = accuracies(workbench.train(experiment))
        gate.record(ACCURACY, gate.measurement(workbench, experiment, measured))
    gate.settle(decide(gate, experiment))
