"""A user's own model under the gate: the fixture `gate_model`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import pytest

from rnn_suite.baselines import Measurement, compare, incomparable_fields
from rnn_suite.errors import InvalidExperimentError, MeasurementError
from rnn_suite.looks import decide_in_looks
from rnn_suite.own_model import FIRST_NEW_SEED, LOSS, OwnModel
from rnn_suite.plugin.gate import Gate
from rnn_suite.plugin.shared import say
from rnn_suite.questions import Question
from rnn_suite.questions.own import (
    OWN_PARAMETERS,
    OWN_REPEAT,
    OWN_SAVING,
    OWN_STEP_TIME,
)
from rnn_suite.questions.own_data import OWN_DATA
from rnn_suite.questions.own_metric import FIRST_LOOK_SEEDS, metric_question
from rnn_suite.questions.step_time import unless_busy
from rnn_suite.verdicts import Verdict

if TYPE_CHECKING:
    from rnn_suite.own.bench import OwnBench

METRIC, STEP_TIME = "metric", "step_time"

_FIXTURE = "gate_model"

_AT_ONCE: dict[str, tuple[Question, Callable[[OwnBench], Any]]] = {
    "parameters": (OWN_PARAMETERS, lambda bench: bench.parameters()),
    "data": (OWN_DATA, lambda bench: bench.arrays.digests()),
    "repeat": (OWN_REPEAT, lambda bench: bench.repeats()),
    "saving": (OWN_SAVING, lambda bench: bench.saved_and_loaded()),
}
"""Questions that one measurement answers, each a test of its own."""

BASELINE_SEEDS = 20
"""Seeds a baseline is recorded from, unless the user says otherwise."""

_BENCHES: pytest.StashKey[dict[str, tuple[pytest.Function, OwnBench]]] = pytest.StashKey()
"""By the model's name, the first test that gates it and what was made for it."""


class GateModel:
    """Gates one own model: what the fixture `gate_model` gives a test."""

    def __init__(self, request: pytest.FixtureRequest, gate: Gate) -> None:
        self._request, self._gate = request, gate
        self._aspect: str = request.param
        self._called = False

    def __call__(
        self,
        name: str,
        build: Callable[[], Any],
        data: Callable[[], Any],
        *,
        epochs: int,
        batch_size: int = 32,
        metric: str | None = None,
        better: Literal["higher", "lower"] | None = None,
        baseline_seeds: int = BASELINE_SEEDS,
        gate_seeds: int = FIRST_LOOK_SEEDS,
    ) -> None:
        """Hold the model against its baseline and let the test end accordingly, or record it.

        Args:
            name: what baselines and verdicts call it; names a folder.
            build: returns a compiled `keras.Model`; called anew for each seed, after
                `keras.utils.set_random_seed`.
            data: returns `((x_train, y_train), (x_test, y_test))`; called once a run. Stays in memory.
            epochs: of every training.
            batch_size: of every training and test.
            metric: which figure of the test is gated, by Keras's name; the only metric, or the loss where
                there is none, if not given.
            better: whether `metric` is better higher (a fraction from 0 to 1) or lower (above 0); lower
                for a loss and higher for all else, if not given.
            baseline_seeds: seeds that a baseline is recorded from, 2 or more.
            gate_seeds: new seeds of the first look; there are two more of as many where it stays open.

        Raises:
            SuiteError: if something that is needed cannot be had; the message says what.
        """
        if self._called:
            raise MeasurementError(
                "gate_model was called twice in one test.\nExpected: one model a test, since each call "
                f"ends in a verdict\nReceived: {name!r} after another\n"
                "Next: write a test for each, or parametrize one over the models"
            )
        self._called = True
        _check_numbers(better, baseline_seeds, gate_seeds)
        new_seeds = tuple(range(FIRST_NEW_SEED, FIRST_NEW_SEED + gate_seeds))
        seeds = tuple(range(baseline_seeds)) if self._gate.updating else new_seeds
        own = OwnModel(
            name=name,
            epochs=epochs,
            batch_size=batch_size,
            metric=metric or "",
            lower_is_better=False,
            seeds=seeds,
        )
        bench = self._bench(own, build, data)
        chosen = bench.metric(metric)
        lower = better == "lower" if better else chosen.rpartition("_")[2] == LOSS
        own = replace(own, metric=chosen, lower_is_better=lower)
        if self._aspect == METRIC:
            self._ask_metric(own, bench, metric_question(own, first_look_seeds=gate_seeds))
        elif self._aspect == STEP_TIME:
            self._ask_step_time(own, bench)
        else:
            question, measure = _AT_ONCE[self._aspect]
            self._gate.ask(question, own, self._measurement(own, bench, measure(bench)))

    def _bench(self, own: OwnModel, build: Callable[[], Any], data: Callable[[], Any]) -> OwnBench:
        """Return what this run has made of the model, begun on the first call."""
        from rnn_suite.own.bench import OwnBench

        config, test = self._request.config, self._request.node
        benches = config.stash.setdefault(_BENCHES, {})
        if own.name not in benches:
            bench = OwnBench(
                own.name,
                build,
                data,
                batch_size=own.batch_size,
                tell=lambda line: say(config, f"rnn-suite: {line}"),
            )
            benches[own.name] = test, bench
        gated_by, bench = benches[own.name]
        if _without_aspect(gated_by) != _without_aspect(test):
            raise MeasurementError(
                f"Two tests gate a model called {own.name!r}.\nExpected: a name for each, since it names "
                f"the baselines\nReceived: {gated_by.nodeid} and {test.nodeid}\nNext: rename one"
            )
        return bench

    def _measurement(self, own: OwnModel, bench: OwnBench, measured: Any) -> Measurement:
        return Measurement(
            experiment=own,
            corpus=bench.identity,
            measured=measured,
            environment=self._request.getfixturevalue("suite_environment"),
        )

    def _ask_step_time(self, own: OwnModel, bench: OwnBench) -> None:
        from rnn_suite.other_load import OtherLoad

        if hasattr(self._request.config, "workerinput"):
            raise MeasurementError(
                "No step was timed: pytest-xdist's processes share the machine.\nExpected: one process\n"
                "Received: several\nNext: leave out -n, or leave this question out with -k 'not step_time'"
            )
        load = OtherLoad()
        measured = bench.step_times()
        others = load.others_fraction()
        self._gate.ask(
            OWN_STEP_TIME,
            own,
            self._measurement(own, bench, measured),
            reconsider=lambda verdict: unless_busy(
                self._told(verdict, OWN_STEP_TIME, own, bench), others
            ),
        )

    def _ask_metric(self, own: OwnModel, bench: OwnBench, question: Question) -> None:
        def measure(seeds: OwnModel) -> Measurement:
            found = bench.metrics(seeds, must_learn=gate.updating)
            return self._measurement(seeds, bench, found)

        gate = self._gate
        gate.check_answerable(question, own)
        if gate.updating:
            gate.record(question, own, measure(own))
        baseline = gate.baseline(question, own)
        untrained = self._measurement(own, bench, None)
        if incomparable_fields(question, baseline.measurement, untrained):
            # Training would not change that.
            (verdict,) = compare(question, [(baseline, untrained)])
        else:
            # Models are decided one by one: Bonferroni's share of the one false-alarm rate of a run.
            rate = baseline.gate.false_alarm_rate / _models_of_this_run(self._request.session)
            limits = replace(baseline.gate, false_alarm_rate=rate)
            (verdict,) = decide_in_looks(question, [(replace(baseline, gate=limits), own)], measure)
        gate.settle(self._told(verdict, question, own, bench))

    def _told(
        self, verdict: Verdict, question: Question, own: OwnModel, bench: OwnBench
    ) -> Verdict:
        """Return `verdict`, which says of other data what is other in it."""
        from rnn_suite.own.other_data import in_words_of_own_data

        if verdict.compared:
            return verdict
        gate = self._gate
        has_data = gate.path(OWN_DATA, own).exists()
        return in_words_of_own_data(
            verdict,
            question,
            gate.baseline(question, own).measurement,
            self._measurement(own, bench, None),
            recorded=gate.baseline(OWN_DATA, own).measurement if has_data else None,
            arrays=bench.arrays.digests(),
        )


def _without_aspect(test: pytest.Function) -> tuple[str, str, dict[str, int]]:
    """Return what the tests of all questions about one model share: file and class, function, parameters."""
    # By identity, since values such as arrays cannot be compared; the tests of a function share them.
    others = {n: id(value) for n, value in test.callspec.params.items() if n != _FIXTURE}
    return test.parent.nodeid if test.parent else "", test.originalname, others


def _models_of_this_run(session: pytest.Session) -> int:
    asked = [
        item
        for item in session.items
        if isinstance(item, pytest.Function) and hasattr(item, "callspec")
        if item.callspec.params.get(_FIXTURE) == METRIC
    ]
    return max(1, len(asked))


def _check_numbers(better: str | None, baseline_seeds: int, gate_seeds: int) -> None:
    for name, valid, expected, received in (
        ("better", better in (None, "higher", "lower"), "'higher' or 'lower'", better),
        (
            "baseline_seeds",
            2 <= baseline_seeds <= FIRST_NEW_SEED,
            f"2 to {FIRST_NEW_SEED}; 20 or more tell what they should",
            baseline_seeds,
        ),
        ("gate_seeds", gate_seeds >= 1, "1 or more", gate_seeds),
    ):
        if not valid:
            raise InvalidExperimentError(
                f"Invalid {name} of gate_model.\nExpected: {expected}\nReceived: {received!r}"
            )


@pytest.fixture(params=["parameters", "data", METRIC, "repeat", "saving", STEP_TIME])
def gate_model(request: pytest.FixtureRequest, gate: Gate) -> GateModel:
    """The way from an own model to a verdict; a test that uses it is run once a question."""
    return GateModel(request, gate)
