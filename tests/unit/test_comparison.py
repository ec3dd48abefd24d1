"""A baseline beside a new measurement: what may be compared, and what the verdict says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from rnn_suite.baselines import (
    Baseline,
    compare,
    incomparable_fields,
)
from rnn_suite.experiment import Experiment
from rnn_suite.questions import QUESTIONS, Question
from rnn_suite.questions.accuracy import ACCURACY
from rnn_suite.questions.exact import DATASET, PARAMETERS, ParameterCounts
from rnn_suite.questions.own import OWN_STEP_TIME
from rnn_suite.questions.replay import REPLAY
from rnn_suite.questions.rules import TOPICS
from rnn_suite.questions.step_time import STEP_TIME
from rnn_suite.verdicts import Outcome
from tests.unit.answers import RAW, Make, corpus_of, name_of, of


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=name_of)
def test_the_seeds_alone_do_not_forbid_a_comparison(
    question: Question, measurement: Make, tiny: Callable[..., Experiment]
) -> None:
    old = of(question, measurement, experiment=tiny(seeds=(0, 1)))
    new = of(question, measurement, experiment=tiny(seeds=(5,)))
    assert incomparable_fields(question, old, new) == []


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=name_of)
def test_other_library_versions_do_not_forbid_a_comparison(
    question: Question, measurement: Make
) -> None:
    old = of(question, measurement)
    versions: dict[str, Any] = {
        "python": "3.13.0",
        "tensorflow": "3.0",
        "keras": "4.0",
        "numpy": "3.0",
    }
    new = replace(old, environment=replace(old.environment, **versions))
    assert incomparable_fields(question, old, new) == []


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=name_of)
def test_another_experiment_forbids_a_comparison_and_is_named(
    question: Question, measurement: Make, tiny: Callable[..., Experiment]
) -> None:
    old = of(question, measurement)
    new = of(question, measurement, experiment=tiny(epochs=7))
    found = incomparable_fields(question, old, new)
    assert [line.removeprefix("training.") for line in found] == (
        ["epochs: 2 / 7"] if question.experiment is not None else []
    )


@pytest.mark.parametrize(
    ("question", "comparable"),
    [(DATASET, False), (ACCURACY, True), (PARAMETERS, True), (REPLAY, True), (STEP_TIME, True)],
    ids=name_of,
)
def test_the_same_reviews_in_another_order_forbid_only_the_question_of_the_arrays(
    question: Question, comparable: bool, measurement: Make
) -> None:
    old = of(question, measurement)
    new = replace(old, corpus=replace(corpus_of(old), sha256="cd" * 32))
    found = incomparable_fields(question, old, new)
    assert (found == []) is comparable
    assert all(line.startswith("corpus file sha256: ") for line in found)


@pytest.mark.parametrize(
    ("question", "comparable"),
    [(DATASET, True), (ACCURACY, False), (PARAMETERS, True), (REPLAY, True), (STEP_TIME, True)],
    ids=name_of,
)
@pytest.mark.parametrize("field", ["train_reviews", "train_tokens", "test_reviews", "test_tokens"])
def test_other_reviews_forbid_the_questions_that_read_them(
    question: Question, comparable: bool, field: str, measurement: Make
) -> None:
    old = of(question, measurement)
    changed: dict[str, Any] = {field: 1}
    new = replace(old, corpus=replace(corpus_of(old), **changed))
    found = incomparable_fields(question, old, new)
    assert (found == []) is comparable
    assert all(line.startswith(f"corpus file {field}: ") for line in found)


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=name_of)
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("system", "Darwin arm64"),
        ("processor", "another"),
        ("cores", 64),
        ("memory_gib", 1),
        ("accelerator", "a GPU"),
        ("threads", 1),
        ("onednn", "0"),
    ],
)
def test_another_machine_forbids_the_questions_that_depend_on_it(
    question: Question, field: str, value: Any, measurement: Make
) -> None:
    old = of(question, measurement)
    new = replace(old, environment=replace(old.environment, **{field: value}))
    found = incomparable_fields(question, old, new)
    # A processor and a GPU round differently, by more than the tolerances allow.
    rounds = question is REPLAY or question.name in TOPICS
    forbidden = question in (STEP_TIME, OWN_STEP_TIME) or (rounds and field == "accelerator")
    assert [line.split(":")[0] for line in found] == ([field] if forbidden else [])


@pytest.mark.parametrize(
    ("accelerator", "differing"),
    [("NVIDIA H100", []), ("NVIDIA A100", ["processor", "cores", "accelerator"])],
)
def test_step_times_of_a_gpu_are_compared_per_model_of_gpu_whatever_the_processor(
    accelerator: str, differing: list[str], measurement: Make
) -> None:
    old = of(STEP_TIME, measurement)
    old = replace(old, environment=replace(old.environment, accelerator="NVIDIA H100"))
    there = replace(old.environment, processor="another", cores=64, accelerator=accelerator)
    found = incomparable_fields(STEP_TIME, old, replace(old, environment=there))
    assert [line.split(":")[0] for line in found] == differing


def test_a_pair_that_cannot_be_compared_names_the_field_and_both_values(
    saved: Baseline, measurement: Make, tiny: Callable[..., Experiment]
) -> None:
    new = measurement(RAW["parameters"], tiny(units=5))
    (verdict,) = compare(PARAMETERS, [(saved, new)])
    assert verdict.outcome is Outcome.NOT_COMPARABLE
    assert not verdict.compared
    assert verdict.received == "differing (baseline / now): model.units: 4 / 5"


def test_pairs_that_cannot_be_compared_do_not_shift_the_verdicts_of_the_others(
    saved: Baseline, measurement: Make, tiny: Callable[..., Experiment]
) -> None:
    same, other = measurement(RAW["parameters"]), measurement(RAW["parameters"], tiny(units=5))
    more = measurement(ParameterCounts(parameters=350))
    pairs = [(saved, other), (saved, same), (saved, other), (saved, more)]
    assert [verdict.outcome for verdict in compare(PARAMETERS, pairs)] == [
        Outcome.NOT_COMPARABLE,
        Outcome.PASS,
        Outcome.NOT_COMPARABLE,
        Outcome.REGRESSED,
    ]


def test_nothing_to_compare_is_no_verdict() -> None:
    assert compare(ACCURACY, []) == []


def test_a_verdict_has_four_parts_and_names_the_file(saved: Baseline, measurement: Make) -> None:
    (verdict,) = compare(PARAMETERS, [(saved, measurement(ParameterCounts(parameters=350)))])
    assert str(verdict).split("\n") == [
        "parameters of lstm: regressed",
        f"Expected: 349 parameters, give or take 0 [{saved.path}]",
        "Received: 350 parameters",
        "Next: compare the layers' weight shapes: a bias or a gate was added or lost",
    ]
