"""A baseline beside a new measurement: what may be compared, and what the verdict says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rnn_suite.baselines import (
    Baseline,
    baseline_path,
    compare,
    incomparable_fields,
    load_baseline,
    rules_path,
)
from rnn_suite.errors import BaselineError
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


@pytest.mark.parametrize(("old_hash", "new_hash"), [("a", "b"), ("b", "a")])
def test_another_file_forbids_the_question_of_the_arrays_whichever_hash_is_larger(
    old_hash: str, new_hash: str, measurement: Make
) -> None:
    old = of(DATASET, measurement)
    old = replace(old, corpus=replace(corpus_of(old), sha256=old_hash))
    new = replace(old, corpus=replace(corpus_of(old), sha256=new_hash))
    assert incomparable_fields(DATASET, old, new) == [
        f"corpus file sha256: {old_hash!r} / {new_hash!r}"
    ]


@pytest.mark.parametrize("field", ["experiment", "corpus"])
def test_what_only_one_side_was_measured_on_forbids_a_comparison(
    field: str, measurement: Make
) -> None:
    whole = of(PARAMETERS, measurement)
    nothing: dict[str, Any] = {field: None}
    without = replace(whole, **nothing)
    for old, new in ((whole, without), (without, whole)):
        (told,) = incomparable_fields(PARAMETERS, old, new)
        assert told == f"{field}: {getattr(old, field)!r} / {getattr(new, field)!r}"


@pytest.mark.parametrize("ours", ["NVIDIA H100", "a GPU", "zeta GPU"])
def test_a_shared_accelerator_makes_the_processor_irrelevant_whatever_its_name(
    ours: str, measurement: Make
) -> None:
    old = of(STEP_TIME, measurement)
    old = replace(old, environment=replace(old.environment, accelerator=ours))
    there = replace(old.environment, processor="another")
    assert incomparable_fields(STEP_TIME, old, replace(old, environment=there)) == []
    for other in ("A GPU", "zz GPU"):
        elsewhere = replace(there, accelerator=other)
        found = incomparable_fields(STEP_TIME, old, replace(old, environment=elsewhere))
        assert [line.split(":")[0] for line in found] == ["processor", "accelerator"]


def test_a_pair_that_differs_twice_shows_the_first_reason_and_tells_both(
    saved: Baseline, measurement: Make, tiny: Callable[..., Experiment]
) -> None:
    new = measurement(RAW["parameters"], tiny(units=5, epochs=7))
    (verdict,) = compare(PARAMETERS, [(saved, new)])
    told = verdict.received.removeprefix("differing (baseline / now): ").split("; ")
    assert len(told) == 2
    assert verdict.interval == f"{told[0]} (baseline / now)"


@pytest.mark.parametrize("name", ["accuracy", "zzz"])
def test_a_baseline_of_another_question_is_refused_whatever_its_name(
    name: str, saved: Baseline
) -> None:
    text = saved.path.read_text(encoding="utf-8")
    saved.path.write_text(text.replace('"question": "parameters"', f'"question": "{name}"'))
    with pytest.raises(BaselineError, match="answers another question"):
        load_baseline(saved.path, PARAMETERS)


@pytest.mark.parametrize("schema", [-1, 0, 2])
def test_a_baseline_of_another_schema_is_refused_be_it_older_or_newer(
    schema: int, saved: Baseline
) -> None:
    text = saved.path.read_text(encoding="utf-8")
    saved.path.write_text(text.replace('"schema": 1', f'"schema": {schema}'))
    with pytest.raises(BaselineError, match=f"unknown schema\nExpected: 1\nReceived: {schema}"):
        load_baseline(saved.path, PARAMETERS)


def test_only_a_shared_accelerator_makes_the_processor_irrelevant(measurement: Make) -> None:
    old = of(STEP_TIME, measurement)
    other = replace(old.environment, processor="another")
    assert incomparable_fields(STEP_TIME, old, replace(old, environment=other)) == [
        f"processor: {old.environment.processor!r} / 'another'"
    ]


def test_baselines_lie_by_profile_corpus_question_and_cell_and_those_of_rules_apart(
    tiny: Callable[..., Experiment],
) -> None:
    experiment = tiny()
    assert baseline_path(Path("b"), PARAMETERS, experiment) == Path(
        "b", experiment.profile, experiment.corpus.name, "parameters", "lstm.json"
    )
    assert rules_path(Path("b"), QUESTIONS["forward"], "gru") == Path("b/rules/forward/gru.json")


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
