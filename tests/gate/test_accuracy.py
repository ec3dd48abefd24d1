"""Is the accuracy over seeds no worse than the baseline's?"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest

from rnn_suite.baselines import Measurement, compare, incomparable_fields
from rnn_suite.errors import SuiteError
from rnn_suite.experiment import Experiment
from rnn_suite.looks import decide_in_looks
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
    outcomes: dict[Experiment, Verdict | SuiteError] = {}
    asked: set[tuple[str, str]] = {
        cast("tuple[str, str]", item.callspec.params["experiment"])
        for item in request.session.items
        if isinstance(item, pytest.Function)
        and item.originalname == test_accuracy_is_not_worse_than_the_baseline.__name__
    }

    def of_profile(gate: Gate, profile: str) -> None:
        def measure(experiment: Experiment) -> Measurement:
            return gate.measurement(workbench, experiment, accuracies(workbench.train(experiment)))

        decidable = []
        for cell in sorted(cell for name, cell in asked if name == profile):
            experiment = make_experiment(profile, cell)
            try:
                baseline = gate.baseline(ACCURACY, experiment)
                untrained = gate.measurement(workbench, experiment, None)
                if incomparable_fields(ACCURACY, baseline.measurement, untrained):
                    # Hours of training would not change that.
                    (outcomes[experiment],) = compare(ACCURACY, [(baseline, untrained)])
                else:
                    measure(experiment)
                    decidable.append((baseline, experiment))
            except SuiteError as error:
                outcomes[experiment] = error
        verdicts = decide_in_looks(ACCURACY, decidable, measure)
        outcomes.update(
            (experiment, verdict)
            for (_, experiment), verdict in zip(decidable, verdicts, strict=True)
        )

    def one(gate: Gate, experiment: Experiment) -> Verdict:
        if experiment not in outcomes:
            of_profile(gate, experiment.profile)
        outcome = outcomes[experiment]
        if isinstance(outcome, SuiteError):
            raise outcome
        return outcome

    return one


def test_accuracy_is_not_worse_than_the_baseline(
    gate: Gate, workbench: Workbench, experiment: Experiment, decide: Decide
) -> None:
    if gate.updating:
        gate.check_answerable(ACCURACY, experiment)
        measured = accuracies(workbench.train(experiment))
        gate.record(ACCURACY, experiment, gate.measurement(workbench, experiment, measured))
    gate.settle(decide(gate, experiment))
