"""An answer to every question, made by hand, for the tests of files and of comparisons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from rnn_suite.baselines import Measurement
from rnn_suite.experiment import Experiment
from rnn_suite.findings import Finding
from rnn_suite.own_model import OwnModel
from rnn_suite.questions import Question
from rnn_suite.questions.accuracy import SeedAccuracies
from rnn_suite.questions.exact import DatasetDigests, ParameterCounts
from rnn_suite.questions.own import Repeats, SavedAndLoaded
from rnn_suite.questions.own_data import ArrayDigests
from rnn_suite.questions.own_metric import Errors, Scores
from rnn_suite.questions.replay import STEPS, ReplayLosses
from rnn_suite.questions.rules import TOPICS, RuleFindings
from rnn_suite.questions.search import Searches
from rnn_suite.results import CorpusIdentity, StepTimes
from rnn_suite.search import Search
from tests.unit.searches import searched

Make = Callable[..., Measurement]

RULES_KEPT = RuleFindings(
    findings=(Finding(name="a: b", error=0.5, bound=1.0, expected="0", received="0.5"),)
)

RAW: dict[str, Any] = {
    "parameters": ParameterCounts(parameters=349),
    "dataset": DatasetDigests(x_train="a", y_train="b", x_test="c", y_test="d"),
    "replay": ReplayLosses(losses=(0.5,) * STEPS, equations=(0.5,) * STEPS, single=(0.5,) * STEPS),
    "accuracy": SeedAccuracies(
        seeds=(0, 1, 2),
        accuracy_fraction=(0.80, 0.81, 0.79),
        last_epoch_accuracy_fraction=(0.8, 0.8, 0.8),
        test_loss=(0.5, 0.5, 0.5),
        last_epoch_test_loss=(0.5, 0.5, 0.5),
    ),
    "search": Searches(searches=(searched(1), searched(2))),
    "search_structure": RULES_KEPT,
    "step_time": StepTimes(warmup_seconds=(1.0,), step_seconds=(0.1, 0.11)),
    "own_parameters": ParameterCounts(parameters=349),
    "own_data": ArrayDigests(arrays={"x_train": "float32[3] sha256 a", "y_train": "b"}),
    "own_repeat": Repeats(same_initial_weights=True, first=(0.7, 0.6), second=(0.7, 0.6)),
    "own_saving": SavedAndLoaded(error="", same_weights=True, output_difference=0.0),
    "own_score": Scores(
        metric="accuracy",
        seeds=(0, 1, 2),
        value=(0.8, 0.8001, 0.7999),
        untrained=(0.5, 0.51, 0.49),
    ),
    "own_error": Errors(
        metric="loss", seeds=(0, 1, 2), value=(0.3, 0.3001, 0.2999), untrained=(0.7, 0.71, 0.69)
    ),
    "own_step_time": StepTimes(warmup_seconds=(1.0,), step_seconds=(0.1, 0.11)),
} | dict.fromkeys(TOPICS, RULES_KEPT)


def name_of(value: object) -> str | None:
    """Return the name of a question for a test's id; pytest names all else."""
    return value.name if isinstance(value, Question) else None


def corpus_of(measurement: Measurement) -> CorpusIdentity:
    assert measurement.corpus is not None
    return measurement.corpus


def of(question: Question, measurement: Make, **changed: Any) -> Measurement:
    """Return an answer to `question`; rules have neither experiment nor corpus."""
    made = measurement(RAW[question.name], **changed)
    if question.experiment is None:
        return replace(made, experiment=None, corpus=None)
    kinds = {Experiment: lambda same: same.trained, Search: _searched, OwnModel: _own}
    return replace(made, experiment=kinds[question.experiment](made))


def _searched(made: Measurement) -> Search:
    """Return a search with the corpus, training and seeds of an experiment."""
    trained = made.trained
    return Search(
        profile=trained.profile,
        corpus=trained.corpus,
        model=trained.model,
        training=trained.training,
        seeds=tuple(seed + 1 for seed in trained.seeds),
    )


def _own(made: Measurement) -> OwnModel:
    """Return a user's model that is trained as an experiment is."""
    trained = made.trained
    return OwnModel(
        name="reviews",
        epochs=trained.training.epochs,
        batch_size=trained.training.batch_size,
        metric="accuracy",
        lower_is_better=False,
        seeds=trained.seeds,
    )
