"""Baseline files: saved, loaded, damaged."""

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
    Recorded,
    baseline_path,
    compare,
    load_baseline,
    save_baseline,
)
from rnn_suite.errors import BaselineError
from rnn_suite.experiment import Experiment
from rnn_suite.questions import QUESTIONS, Question
from rnn_suite.questions.accuracy import ACCURACY
from rnn_suite.questions.exact import PARAMETERS, ParameterCounts
from rnn_suite.questions.replay import REPLAY, STEPS
from rnn_suite.questions.step_time import STEP_TIME
from rnn_suite.verdicts import Outcome
from tests.unit.answers import RAW, Make, name_of, of


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
    assert "\nNext: correct what was edited by hand, or bring the file back from" in message
    return message


def test_every_question_has_raw_values_here() -> None:
    assert RAW.keys() == QUESTIONS.keys()


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=name_of)
def test_a_saved_baseline_is_loaded_equal(
    tmp_path: Path, measurement: Make, recorded: Recorded, question: Question
) -> None:
    path = tmp_path / "baseline.json"
    saved = save_baseline(path, question, of(question, measurement), recorded)
    assert load_baseline(path, question) == saved


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=name_of)
def test_a_baseline_passes_against_itself(
    tmp_path: Path, measurement: Make, recorded: Recorded, question: Question
) -> None:
    new = of(question, measurement)
    if question is ACCURACY:  # three seeds are too few to pass: that is the point of its intervals
        close = replace(new.measured, accuracy_fraction=(0.8, 0.8001, 0.7999))
        new = replace(new, measured=close)
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


RATES = {
    "measured": "2026-11-29, a processor",
    "unchanged_runs": 30,
    "false_reds": 0,
    "false_red_interval": [0.0, 0.12],
    "harm": "a bias left out",
    "harmed_runs": 20,
    "seen": 20,
    "seen_interval": [0.83, 1.0],
}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=name_of)
def test_rates_that_were_measured_stand_in_the_gate_and_stay_there(
    tmp_path: Path, measurement: Make, recorded: Recorded, question: Question
) -> None:
    saved = save_baseline(tmp_path / "it.json", question, of(question, measurement), recorded)
    assert "measured_rates" not in json.loads(saved.path.read_text())["gate"]
    rewrite(saved, lambda content: content["gate"].update(measured_rates=RATES))
    save_baseline(saved.path, question, of(question, measurement), recorded)
    found = load_baseline(saved.path, question).gate.measured_rates
    assert (found.false_reds, found.seen_interval) == (0, (0.83, 1.0))


@pytest.mark.parametrize(
    "wrong",
    [
        {"false_reds": 31},
        {"seen": -1},
        {"seen_interval": [0.9]},
        {"seen_interval": [0.9, 0.8]},
        {"false_red_interval": []},
        {"false_red_interval": [0.0, 1.2]},
    ],
    ids=str,
)
def test_rates_that_make_no_sense_are_refused(saved: Baseline, wrong: dict[str, Any]) -> None:
    rewrite(saved, lambda content: content["gate"].update(measured_rates=RATES | wrong))
    assert "gate.measured_rates: expected" in fault_of(saved.path)


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


@pytest.mark.parametrize("part", ["experiment", "corpus"])
def test_a_baseline_without_its_subject_is_refused(saved: Baseline, part: str) -> None:
    rewrite(saved, lambda content: content.update({part: None}))
    assert f"json: {part}\nExpected: " in fault_of(saved.path)


@pytest.mark.parametrize("part", ["experiment", "corpus"])
def test_a_baseline_of_rules_with_a_subject_is_refused(
    tmp_path: Path, measurement: Make, recorded: Recorded, part: str
) -> None:
    question = QUESTIONS["forward"]
    baseline = save_baseline(tmp_path / "lstm.json", question, of(question, measurement), recorded)
    rewrite(baseline, lambda content: content.update({part: {}}))
    assert f"{part}: expected null" in fault_of(baseline.path, question)


def test_measured_values_that_make_no_sense_are_refused(
    tmp_path: Path, measurement: Make, recorded: Recorded
) -> None:
    path = tmp_path / "replay.json"
    baseline = save_baseline(path, REPLAY, measurement(RAW["replay"]), recorded)
    rewrite(baseline, lambda content: content["measured"]["losses"].pop())
    assert f"expected {STEPS} losses above 0" in fault_of(path, REPLAY)
