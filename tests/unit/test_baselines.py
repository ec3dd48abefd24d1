from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_suite.baselines import (
    Baseline,
    Measurement,
    Recorded,
    baseline_path,
    compare,
    incomparable_fields,
    load_baseline,
    save_baseline,
)
from rnn_suite.errors import BaselineError
from rnn_suite.experiment import Experiment
from rnn_suite.questions import QUESTIONS, Question
from rnn_suite.questions.accuracy import ACCURACY, SeedAccuracies
from rnn_suite.questions.exact import DATASET, PARAMETERS, DatasetDigests, ParameterCounts
from rnn_suite.questions.replay import REPLAY, STEPS, ReplayLosses
from rnn_suite.questions.step_time import STEP_TIME
from rnn_suite.results import StepTimes
from rnn_suite.verdicts import Outcome

Make = Callable[..., Measurement]

RAW: dict[str, Any] = {
    "parameters": ParameterCounts(parameters=349),
    "dataset": DatasetDigests(x_train="a", y_train="b", x_test="c", y_test="d"),
    "replay": ReplayLosses(losses=(0.5,) * STEPS),
    "accuracy": SeedAccuracies(
        seeds=(0, 1, 2),
        accuracy_fraction=(0.80, 0.81, 0.79),
        last_epoch_accuracy_fraction=(0.8, 0.8, 0.8),
        test_loss=(0.5, 0.5, 0.5),
        last_epoch_test_loss=(0.5, 0.5, 0.5),
    ),
    "step_time": StepTimes(warmup_seconds=(1.0,), step_seconds=(0.1, 0.11)),
}


def name_of(value: object) -> str | None:
    """Return the name of a question for a test's id; pytest names all else."""
    return value.name if isinstance(value, Question) else None


@pytest.fixture
def saved(tmp_path: Path, measurement: Make, recorded: Recorded) -> Baseline:
    """A baseline of the parameter count, on disk."""
    path = tmp_path / "baselines" / "lstm.json"
    return save_baseline(path, PARAMETERS, measurement(RAW["parameters"]), recorded)


def rewrite(baseline: Baseline, change: Callable[[dict[str, Any]], Any]) -> None:
    content = json.loads(baseline.path.read_text())
    change(content)
    baseline.path.write_text(json.dumps(content))


def fault_of(path: Path, question: Question = PARAMETERS) -> str:
    """Return what reading the damaged baseline says, having checked what every fault must say."""
    with pytest.raises(BaselineError) as caught:
        load_baseline(path, question)
    message = str(caught.value)
    assert str(path) in message
    assert "\nNext: bring the file back from version control" in message
    return message


def test_every_question_has_raw_values_here() -> None:
    assert RAW.keys() == QUESTIONS.keys()


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=name_of)
def test_a_saved_baseline_is_loaded_equal(
    tmp_path: Path, measurement: Make, recorded: Recorded, question: Question
) -> None:
    path = tmp_path / "baseline.json"
    saved = save_baseline(path, question, measurement(RAW[question.name]), recorded)
    assert load_baseline(path, question) == saved


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=name_of)
def test_a_baseline_passes_against_itself(
    tmp_path: Path, measurement: Make, recorded: Recorded, question: Question
) -> None:
    raw = RAW[question.name]
    if question is ACCURACY:  # three seeds are too few to pass: that is the point of its intervals
        raw = replace(raw, accuracy_fraction=(0.8, 0.8001, 0.7999))
    new = measurement(raw)
    old = save_baseline(tmp_path / "baseline.json", question, new, recorded)
    (verdict,) = compare(question, [(old, new)])
    assert verdict.outcome is Outcome.PASS


def test_the_path_tells_profile_corpus_question_and_cell(
    tmp_path: Path, tiny: Callable[..., Experiment]
) -> None:
    path = baseline_path(tmp_path, STEP_TIME, tiny("gru"))
    assert path == tmp_path / "tiny" / "standin" / "step_time" / "gru.json"


def test_a_new_baseline_starts_with_the_gate_its_question_proposes(saved: Baseline) -> None:
    assert load_baseline(saved.path, PARAMETERS).gate.allowed_difference == 0


def test_saving_anew_replaces_what_was_measured_and_keeps_the_gate(
    saved: Baseline, measurement: Make
) -> None:
    rewrite(saved, lambda content: content["gate"].update(allowed_difference=7))
    later = Recorded(date="2027-01-01", commit="beef")
    new = measurement(ParameterCounts(parameters=350))
    save_baseline(saved.path, PARAMETERS, new, later)
    found = load_baseline(saved.path, PARAMETERS)
    assert found.gate.allowed_difference == 7
    assert (found.measurement, found.recorded) == (new, later)


def test_saving_over_a_damaged_baseline_is_refused_and_leaves_it(
    saved: Baseline, measurement: Make, recorded: Recorded
) -> None:
    saved.path.write_text("{")
    with pytest.raises(BaselineError, match="Damaged baseline"):
        save_baseline(saved.path, PARAMETERS, measurement(RAW["parameters"]), recorded)
    assert saved.path.read_text() == "{"


def test_a_measurement_that_json_cannot_hold_is_refused_and_leaves_the_old_baseline(
    saved: Baseline, measurement: Make, recorded: Recorded
) -> None:
    before = saved.path.read_bytes()
    broken = measurement(ParameterCounts(parameters=float("nan")))  # type: ignore[arg-type]
    with pytest.raises(BaselineError, match="not written"):
        save_baseline(saved.path, PARAMETERS, broken, recorded)
    assert saved.path.read_bytes() == before


def test_a_missing_baseline_is_refused_with_both_remedies(tmp_path: Path) -> None:
    path = tmp_path / "none.json"
    with pytest.raises(BaselineError) as caught:
        load_baseline(path, PARAMETERS)
    assert str(caught.value) == (
        f"{path}: no such baseline.\nExpected: a recorded answer to parameters\n"
        "Received: nothing\nNext: bring the file back from version control, or record one with "
        "--update-baselines and have it reviewed"
    )


@given(data=st.data())
def test_a_baseline_cut_short_at_any_byte_is_refused(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory, measurement: Make
) -> None:
    path = tmp_path_factory.mktemp("cut") / "baseline.json"
    recorded = Recorded(date="2026-01-31", commit="c0ffee")
    save_baseline(path, REPLAY, measurement(RAW["replay"]), recorded)
    whole = path.read_bytes()
    # Without the closing line feed the file is still whole.
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 2))])
    fault_of(path, REPLAY)


@given(data=st.data())
def test_a_baseline_with_any_byte_turned_is_read_differently_or_refused_and_never_crashes(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory, measurement: Make
) -> None:
    path = tmp_path_factory.mktemp("turned") / "baseline.json"
    recorded = Recorded(date="2026-01-31", commit="c0ffee")
    saved = save_baseline(path, REPLAY, measurement(RAW["replay"]), recorded)
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 2))
    old = content[place]
    content[place] = data.draw(st.integers(0, 255).filter(lambda byte: byte != old))
    path.write_bytes(content)
    try:
        found = load_baseline(path, REPLAY)
    except BaselineError:
        return
    blank = {ord(c) for c in " \t\n\r"}
    assert found != saved or {old, content[place]} <= blank or chr(old) in "0123456789"


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("", "is empty"),
        ("\n", "is empty"),
        ("[]", "unknown schema"),
        ("null", "unknown schema"),
        ("{}", "unknown schema"),
        ('{"schema": 2}', "Received: 2"),
        ('{"schema": "1"}', "Received: '1'"),
        ('{"schema": NaN}', "holds NaN"),
        ('{"schema": 1}', "fields missing: ['corpus', 'environment', 'experiment', 'gate',"),
        ("version https://git-lfs.github.com/spec/v1", "is not JSON"),
        ("<<<<<<< HEAD\n{}", "is not JSON"),
    ],
)
def test_a_damaged_baseline_is_refused_by_its_fault(
    saved: Baseline, content: str, fault: str
) -> None:
    saved.path.write_text(content)
    assert fault in fault_of(saved.path)


def test_bytes_that_are_no_text_are_refused(saved: Baseline) -> None:
    saved.path.write_bytes(b"\xff\xfe\x00\x01")
    assert "not UTF-8 text" in fault_of(saved.path)


@pytest.mark.parametrize(
    "part",
    ["question", "experiment", "corpus", "measured", "gate", "environment", "recorded"],
)
def test_a_missing_part_is_named(saved: Baseline, part: str) -> None:
    rewrite(saved, lambda content: content.pop(part))
    assert f"fields missing: ['{part}'], fields unknown: []" in fault_of(saved.path)


def test_an_unknown_part_is_named(saved: Baseline) -> None:
    rewrite(saved, lambda content: content.update(gates={}))
    assert "fields missing: [], fields unknown: ['gates']" in fault_of(saved.path)


@pytest.mark.parametrize("part", ["experiment", "corpus", "measured", "gate", "environment"])
def test_an_unknown_field_of_a_part_is_named_with_its_part(saved: Baseline, part: str) -> None:
    rewrite(saved, lambda content: content[part].update(extra=1))
    assert f"{part}: fields missing: [], fields unknown: ['extra']" in fault_of(saved.path)


@pytest.mark.parametrize(
    ("part", "field"),
    [("measured", "parameters"), ("gate", "allowed_difference"), ("environment", "keras")],
)
def test_a_missing_field_of_a_part_is_named_with_its_part(
    saved: Baseline, part: str, field: str
) -> None:
    rewrite(saved, lambda content: content[part].pop(field))
    assert f"{part}: fields missing: ['{field}'], fields unknown: []" in fault_of(saved.path)


def test_a_baseline_of_another_question_is_refused(saved: Baseline) -> None:
    message = fault_of(saved.path, REPLAY)
    assert "answers another question\nExpected: 'replay'\nReceived: 'parameters'" in message


def test_an_experiment_that_makes_no_sense_is_refused_by_its_field(saved: Baseline) -> None:
    rewrite(saved, lambda content: content["experiment"]["model"].update(units=0))
    assert "Invalid experiment field model.units" in fault_of(saved.path)


def test_a_gate_that_makes_no_sense_is_refused(saved: Baseline) -> None:
    rewrite(saved, lambda content: content["gate"].update(allowed_difference=-1))
    assert "gate: allowed_difference must be 0 or more, received -1" in fault_of(saved.path)


def test_a_number_that_is_none_deep_inside_is_refused(saved: Baseline) -> None:
    text = saved.path.read_text()
    saved.path.write_text(text.replace('"learning_rate": 0.01', '"learning_rate": NaN'))
    assert "holds NaN" in fault_of(saved.path)


def test_a_number_too_large_for_a_float_is_refused_by_its_place(saved: Baseline) -> None:
    text = saved.path.read_text()
    saved.path.write_text(text.replace('"learning_rate": 0.01', '"learning_rate": 1e999'))
    assert "experiment.training.learning_rate" in fault_of(saved.path)


def test_measured_values_that_make_no_sense_are_refused(
    tmp_path: Path, measurement: Make, recorded: Recorded
) -> None:
    path = tmp_path / "replay.json"
    baseline = save_baseline(path, REPLAY, measurement(RAW["replay"]), recorded)
    rewrite(baseline, lambda content: content["measured"]["losses"].pop())
    assert f"expected {STEPS} losses above 0" in fault_of(path, REPLAY)


def of(question: Question, measurement: Make, **changed: Any) -> Measurement:
    return measurement(RAW[question.name], **changed)


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
    new = of(question, measurement, experiment=tiny(learning_rate=0.5))
    assert incomparable_fields(question, old, new) == ["training.learning_rate: 0.01 / 0.5"]


@pytest.mark.parametrize(
    ("question", "comparable"),
    [(DATASET, False), (ACCURACY, True), (PARAMETERS, True), (REPLAY, True), (STEP_TIME, True)],
    ids=name_of,
)
def test_the_same_reviews_in_another_order_forbid_only_the_question_of_the_arrays(
    question: Question, comparable: bool, measurement: Make
) -> None:
    old = of(question, measurement)
    new = replace(old, corpus=replace(old.corpus, sha256="cd" * 32))
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
    new = replace(old, corpus=replace(old.corpus, **changed))
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
    # The recorded losses of a processor and of a GPU differ by more than the tolerance.
    forbidden = question is STEP_TIME or (question is REPLAY and field == "accelerator")
    assert [line.split(":")[0] for line in found] == ([field] if forbidden else [])


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
