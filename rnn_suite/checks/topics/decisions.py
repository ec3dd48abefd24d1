"""The gate's own decisions: measurements of which everybody knows what they are, held against each other.

The libraries that decide, NumPy and SciPy among them, are upgraded with all others; and a gate that calls
everything a pass looks, day by day, like one that works.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from rnn_suite.baselines import Baseline, Measurement, Recorded, compare
from rnn_suite.experiment import Experiment, ModelConfig
from rnn_suite.findings import Finding, close, equal
from rnn_suite.questions import QUESTIONS
from rnn_suite.questions.accuracy import SeedAccuracies
from rnn_suite.questions.exact import DatasetDigests, ParameterCounts
from rnn_suite.questions.replay import STEPS, ReplayLosses
from rnn_suite.questions.rules import RuleFindings
from rnn_suite.results import CorpusIdentity, Environment, StepTimes
from rnn_suite.upgrade.decision import LOOKS, confirm, confirmation_looks, look
from rnn_suite.verdicts import Outcome

MARGIN = math.log(1.1)
"""Growth by a tenth, on the scale of an upgrade's differences."""

_ENVIRONMENT = Environment(
    python="3.11.0",
    tensorflow="2.0.0",
    keras="3.0.0",
    numpy="2.0.0",
    system="made up",
    processor="made up",
    cores=2,
    memory_gib=8,
    accelerator="none",
    threads=0,
    onednn="default",
)
_EXPERIMENT = Experiment(profile="smoke", model=ModelConfig(cell="lstm"))
_CORPUS = CorpusIdentity(
    name="made up", train_reviews=2, train_tokens=4, test_reviews=2, test_tokens=4, sha256="a"
)


def _accuracies(mean: float, spread: float = 0.005, seeds: int = 20) -> SeedAccuracies:
    """Return seeds that lie evenly around a mean."""
    values = tuple(mean + spread * (2 * i / (seeds - 1) - 1) for i in range(seeds))
    return SeedAccuracies(
        seeds=tuple(range(seeds)),
        accuracy_fraction=values,
        last_epoch_accuracy_fraction=values,
        test_loss=values,
        last_epoch_test_loss=values,
    )


def _replayed(off: float) -> ReplayLosses:
    """Return a run whose last loss is off, with equations that a float32 follows to six digits."""
    truth = (0.7,) * STEPS
    return ReplayLosses(
        losses=(*truth[:-1], 0.7 * (1 + off)), equations=truth, single=(0.7 * (1 + 1e-6),) * STEPS
    )


def _times(seconds: float) -> StepTimes:
    return StepTimes(warmup_seconds=(1.0,), step_seconds=(seconds, 1.1 * seconds))


def _found(*errors: float) -> RuleFindings:
    made = (
        Finding(name=f"a rule: {i}", error=error, bound=1e-6, expected="1", received="1")
        for i, error in enumerate(errors)
    )
    return RuleFindings(findings=tuple(made))


_ARRAYS = DatasetDigests(x_train="a", y_train="b", x_test="c", y_test="d")

SAME: dict[str, Any] = {
    "parameters": ParameterCounts(parameters=100),
    "dataset": _ARRAYS,
    "replay": _replayed(1e-6),
    "accuracy": _accuracies(0.80),
    "step_time": _times(0.010),
    "forward": _found(1e-7, 0.0),
}
"""By question, what was recorded, and is found again."""

WORSE: dict[str, tuple[Any, ...]] = {
    "parameters": (ParameterCounts(parameters=99), ParameterCounts(parameters=101)),
    "dataset": (replace(_ARRAYS, y_train="a"),),
    "replay": (_replayed(1e-4), _replayed(-1e-4)),
    "accuracy": (_accuracies(0.75), _accuracies(0.55)),
    "step_time": (_times(0.031),),
    "forward": (_found(1e-7, 2e-6), _found(1e-7, 1e300), _found(1e-7)),
}
"""By question, what nobody may call a pass."""

BETTER: dict[str, Any] = {"accuracy": _accuracies(0.85), "step_time": _times(0.003)}
"""By question, what wants a new baseline."""


def what_is_found_again_passes() -> Iterator[Finding]:
    """Hold a measurement against its like."""
    for name, measured in SAME.items():
        yield equal(name, _decided(name, measured), Outcome.PASS.value)


def what_is_worse_regresses() -> Iterator[Finding]:
    """Hold measurements that are plainly worse against the recorded one."""
    for name, measured in WORSE.items():
        for number, one in enumerate(measured, start=1):
            yield equal(f"{name}, {number}", _decided(name, one), Outcome.REGRESSED.value)


def what_is_better_is_told() -> Iterator[Finding]:
    """Hold measurements that are plainly better against the recorded one."""
    for name, measured in BETTER.items():
        yield equal(name, _decided(name, measured), Outcome.IMPROVED.value)


def what_noise_hides_is_left_open() -> Iterator[Finding]:
    """Ask three seeds whether the mean fell by more than it may, where seeds lie far apart."""
    recorded, new = _accuracies(0.80, spread=0.05), _accuracies(0.75, spread=0.05, seeds=3)
    found = _decided("accuracy", new, recorded=recorded)
    yield equal("accuracy", found, Outcome.INCONCLUSIVE.value)


def other_machines_and_experiments_are_refused() -> Iterator[Finding]:
    """Hold what was measured elsewhere, or of something else, against the recorded one."""
    more_cores = replace(_ENVIRONMENT, cores=16)
    found = _decided("step_time", _times(0.010), environment=more_cores)
    yield equal("a step on another machine", found, Outcome.NOT_COMPARABLE.value)
    larger = replace(_EXPERIMENT, model=ModelConfig(cell="lstm", units=256))
    found = _decided("accuracy", _accuracies(0.80), experiment=larger)
    yield equal("another experiment", found, Outcome.NOT_COMPARABLE.value)


def findings_tell_right_from_wrong() -> Iterator[Finding]:
    """Look at results of known distance from the truth, and at some that are no results."""
    one = np.ones(3)
    for name, received, bound, holds in (
        ("exact", one, 1e-6, True),
        ("half the bound", one * (1 + 5e-7), 1e-6, True),
        ("twice the bound", one * (1 + 2e-6), 1e-6, False),
        ("not a number", one * math.nan, 1e-6, False),
        ("infinite", one * math.inf, 1e-6, False),
        ("another shape", np.ones(4), 1e-6, False),
    ):
        yield equal(name, close(name, received, one, bound=bound).holds, holds)
    yield equal("equal", equal("", 3, 3).holds, True)
    yield equal("unequal", equal("", 3, 4).holds, False)


def pairs_are_told_apart() -> Iterator[Finding]:
    """Decide differences of old and new in pairs: none, one by a fifth, and noise as wide as a fifth."""
    late = confirmation_looks(1)[1]
    none, fifth, wild = (
        [centre + spread * math.sin(1 + 2 * i) for i in range(LOOKS[-1])]
        for centre, spread in ((0.0, 0.01), (math.log(1.2), 0.01), (0.03, 0.4))
    )
    yield equal("none", look(none[: LOOKS[0]], margin=MARGIN).state.value, "pass")
    yield equal("a fifth", look(fifth[: LOOKS[0]], margin=MARGIN).state.value, "suspect")
    yield equal("noise", look(wild, margin=MARGIN).state.value, "inconclusive")
    again = confirm(fifth[:late], margin=MARGIN, suspects=1)
    yield equal("a fifth again", again.state.value, "regressed")
    gone = confirm(none[:late], margin=MARGIN, suspects=1)
    yield equal("a fifth, gone", gone.state.value == "regressed", False)


def _decided(
    name: str,
    new: Any,
    *,
    recorded: Any = None,
    environment: Environment = _ENVIRONMENT,
    experiment: Experiment = _EXPERIMENT,
) -> str:
    """Return what the gate that a question proposes calls `new` beside what was recorded."""
    question = QUESTIONS[name]
    asks_of_rules = question.experiment is None

    def measurement(measured: Any, trained: Experiment, where: Environment) -> Measurement:
        return Measurement(
            experiment=None if asks_of_rules else trained,
            corpus=None if asks_of_rules else _CORPUS,
            measured=measured,
            environment=where,
        )

    recorded = SAME[name] if recorded is None else recorded
    baseline = Baseline(
        path=Path("made up", "lstm.json"),
        measurement=measurement(recorded, _EXPERIMENT, _ENVIRONMENT),
        gate=question.propose_gate(recorded),
        recorded=Recorded(date="2026-01-01", commit="made up"),
    )
    (verdict,) = compare(question, [(baseline, measurement(new, experiment, environment))])
    return verdict.outcome.value


RULES = (
    what_is_found_again_passes,
    what_is_worse_regresses,
    what_is_better_is_told,
    what_noise_hides_is_left_open,
    other_machines_and_experiments_are_refused,
    findings_tell_right_from_wrong,
    pairs_are_told_apart,
)
