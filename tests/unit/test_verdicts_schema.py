"""Does docs/verdicts.schema.json say what a report's verdicts.json holds, no more and no less?"""

from __future__ import annotations

import dataclasses
import enum
import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from rnn_suite import evidence
from rnn_suite.baselines import Baseline, Measurement, Recorded, compare, load_baseline
from rnn_suite.evidence import AgainstBaseline, InPairs, Side, written
from rnn_suite.own_model import OwnModel
from rnn_suite.questions import QUESTIONS
from rnn_suite.questions.accuracy import ACCURACY
from rnn_suite.results import Environment
from rnn_suite.run_report import (
    SCHEMA,
    Answer,
    Reported,
    RunReport,
    Safety,
    Unanswered,
    Version,
    read_run,
    write_run,
)
from rnn_suite.verdicts import Outcome, Verdict

ROOT = Path(__file__).parents[2]
CONTENT: dict[str, Any] = json.loads((ROOT / "docs" / "verdicts.schema.json").read_text())
VALIDATOR = Draft202012Validator(CONTENT)

OBJECTS: dict[str, type] = {
    kind.__name__: kind
    for kind in (
        *(Answer, Version, Reported, Unanswered, Verdict),
        *(AgainstBaseline, Side, Recorded, Environment, InPairs),
    )
}
"""The dataclasses that a file is made of, by their name under `$defs`."""

# Baselines of a user's own models lie with the user.
RECORDED = {name: row for name, row in QUESTIONS.items() if row.experiment is not OwnModel}

# Their fields depend on the question: no schema of all questions can say them.
FREE = {"experiment", "corpus", "measured", "gate"}


def stored() -> list[Verdict]:
    """Return a verdict of each recorded question, of a run that measured what was recorded."""
    verdicts = []
    for question in RECORDED.values():
        paths = sorted((ROOT / "baselines").glob(f"**/{question.name}/*.json"))
        baseline = load_baseline(paths[0], question)
        verdicts += compare(question, [(baseline, baseline.measurement)])
    return verdicts


def not_comparable() -> Verdict:
    """Return the verdict of an accuracy that was not even trained, since its corpus is another."""
    baseline = accuracy_of_lstm()
    old = baseline.measurement
    assert old.corpus is not None
    other = Measurement(
        experiment=old.experiment,
        corpus=dataclasses.replace(old.corpus, train_reviews=3),
        measured=None,
        environment=old.environment,
    )
    (verdict,) = compare(ACCURACY, [(baseline, other)])
    return verdict


def accuracy_of_lstm() -> Baseline:
    return load_baseline(ROOT / "baselines/smoke/imdb/accuracy/lstm.json", ACCURACY)


def in_pairs(**changed: Any) -> Verdict:
    """Return a verdict of old against new, whose evidence has these fields."""
    pairs = InPairs(
        meaning="a training step inside fit, after the first ones",
        unit="s",
        is_ratio=True,
        old=(0.2, 0.21, 0.2, 0.19, 0.2, 0.2),
        new=(0.22, 0.23, 0.22, 0.21, 0.22, 0.22),
        estimate=0.095,
        lower=0.08,
        upper=0.11,
        confidence=0.97,
        smallest_visible=0.01,
        red=0.049,
        harm=0.095,
        confirmed=True,
    )
    return Verdict(
        outcome=Outcome.REGRESSED,
        expected="less than 5.0% more",
        received="220 ms",
        next_step="pytest -m bisect",
        baseline="200 ms",
        now="220 ms",
        interval="+8.3% to +11.6%",
        notes=("a note",),
        question="train_step",
        cell="lstm",
        file="/old/bin/python",
        evidence=written(dataclasses.replace(pairs, **changed)),
    )


def run_of(verdicts: Sequence[Verdict]) -> RunReport:
    """Return a run with something in every list."""
    return RunReport(
        started="2026-11-25T04:00:00Z",
        written="2026-11-25T04:03:00Z",
        finished=False,
        answer=Answer(safety=Safety.NOT_SAFE, line="Not safe: train_step of lstm regressed."),
        header=("rnn-suite: corpus imdb",),
        versions=(Version(name="keras", old="3.12.0; 3.15.1", new="3.15.1"),),
        verdicts=tuple(
            Reported(test=f"a.py::{v.question}", seconds=1.5, verdict=v) for v in verdicts
        ),
        unanswered=(Unanswered(test="a.py::test_b", why="not reached"),),
        recorded=("baselines/a.json: nothing -> 1",),
        trained=(("cell", "seconds"), ("lstm", "3")),
        told=("a line",),
    )


def written_run(path: Path, run: RunReport) -> Any:
    """Return what `write_run` leaves on the disk, read as any reader of JSON would."""
    write_run(path, run)
    assert read_run(path) == run
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture
def content(tmp_path: Path) -> Any:
    """A written run with a verdict of each kind of evidence."""
    verdicts = [not_comparable(), in_pairs(), dataclasses.replace(in_pairs(), evidence=None)]
    return written_run(tmp_path / "verdicts.json", run_of(verdicts))


def faults(content: Any) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(content)]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(CONTENT)


def test_a_run_with_every_question_and_both_kinds_of_evidence_is_valid(tmp_path: Path) -> None:
    verdicts = [*stored(), not_comparable(), in_pairs()]
    assert {verdict.question for verdict in verdicts} == {*RECORDED, "train_step"}
    assert {kind for v in verdicts for kind in v.evidence or ()} == {"baseline", "pairs"}
    assert faults(written_run(tmp_path / "verdicts.json", run_of(verdicts))) == []


def test_a_verdict_without_evidence_is_valid(content: Any) -> None:
    assert content["verdicts"][2]["verdict"]["evidence"] is None
    assert faults(content) == []


NO_BOUNDS = {"lower": -math.inf, "upper": math.inf, "smallest_visible": math.inf}


def test_pairs_that_were_too_few_for_any_bound_are_valid_and_read_back(tmp_path: Path) -> None:
    content = written_run(tmp_path / "verdicts.json", run_of([in_pairs(**NO_BOUNDS)]))
    assert faults(content) == []
    read = evidence.in_pairs(content["verdicts"][0]["verdict"]["evidence"])
    assert read is not None
    assert {name: getattr(read, name) for name in NO_BOUNDS} == NO_BOUNDS


@pytest.mark.parametrize(
    ("field", "text"),
    [("lower", "inf"), ("upper", "-inf"), ("smallest_visible", "nan"), ("estimate", "inf")],
)
def test_other_words_for_numbers_are_a_fault(content: Any, field: str, text: str) -> None:
    evidence_of(content, "pairs")[field] = text
    assert faults(content)


Place = Callable[[Any], dict[str, Any]]


def evidence_of(content: Any, kind: str) -> Any:
    return next(
        found["verdict"]["evidence"][kind]
        for found in content["verdicts"]
        if kind in (found["verdict"]["evidence"] or ())
    )


PLACES: dict[str, Place] = {
    "run": lambda content: content,
    "answer": lambda content: content["answer"],
    "version": lambda content: content["versions"][0],
    "reported": lambda content: content["verdicts"][0],
    "verdict": lambda content: content["verdicts"][0]["verdict"],
    "unanswered": lambda content: content["unanswered"][0],
    "against a baseline": lambda content: evidence_of(content, "baseline"),
    "recorded": lambda content: evidence_of(content, "baseline")["recorded"],
    "side": lambda content: evidence_of(content, "baseline")["new"],
    "environment": lambda content: evidence_of(content, "baseline")["old"]["environment"],
    "pairs": lambda content: evidence_of(content, "pairs"),
}
in_every_place = pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)


@in_every_place
def test_any_missing_field_is_a_fault(content: Any, place: Place) -> None:
    found = place(content)
    for name in list(found):
        value = found.pop(name)
        assert faults(content), name
        found[name] = value
    assert not faults(content)


@in_every_place
def test_an_unknown_field_is_a_fault(content: Any, place: Place) -> None:
    place(content)["surprise"] = 1
    assert faults(content)


@in_every_place
def test_a_value_of_another_type_is_a_fault(content: Any, place: Place) -> None:
    found = place(content)
    for name, value in list(found.items()):
        found[name] = 1 if isinstance(value, (str, bool, list, dict)) else "text"
        assert faults(content), name
        found[name] = value
    assert not faults(content)


def test_an_outcome_that_is_none_of_the_five_is_a_fault(content: Any) -> None:
    content["verdicts"][0]["verdict"]["outcome"] = "probably"
    assert faults(content)


def test_evidence_is_of_one_kind(content: Any) -> None:
    pairs = evidence_of(content, "pairs")
    content["verdicts"][0]["verdict"]["evidence"]["pairs"] = pairs
    assert faults(content)


def field_names(kind: type) -> set[str]:
    return {field.name for field in dataclasses.fields(kind)}


def test_the_file_has_the_fields_of_a_run_and_its_schema() -> None:
    assert set(CONTENT["properties"]) == {*field_names(RunReport), "schema"}
    assert CONTENT["properties"]["schema"]["const"] == SCHEMA


def test_nothing_is_described_but_what_a_run_is_made_of() -> None:
    assert set(CONTENT["$defs"]) == set(OBJECTS)


@pytest.mark.parametrize(("name", "kind"), OBJECTS.items(), ids=OBJECTS)
def test_an_object_has_the_fields_of_its_dataclass(name: str, kind: type) -> None:
    described = CONTENT["$defs"][name]
    assert set(described["properties"]) == field_names(kind)


@pytest.mark.parametrize("described", [CONTENT, *CONTENT["$defs"].values()])
def test_every_field_is_asked_for_and_no_other_is_let_in(described: dict[str, Any]) -> None:
    assert set(described["required"]) == set(described["properties"])
    assert described["additionalProperties"] is False


@pytest.mark.parametrize("described", [CONTENT, *CONTENT["$defs"].values()])
def test_every_field_says_what_it_is(described: dict[str, Any]) -> None:
    silent = {
        name
        for name, field in described["properties"].items()
        if not (field.get("description") or field.get("$ref"))
    }
    assert not silent


def test_only_what_depends_on_the_question_is_left_open() -> None:
    left_open = {
        name
        for described in [CONTENT, *CONTENT["$defs"].values()]
        for name, field in described["properties"].items()
        if "object" in field.get("type", ())
    }
    assert left_open == FREE


@pytest.mark.parametrize(
    ("name", "field", "names"),
    [("Answer", "safety", Safety), ("Verdict", "outcome", Outcome)],
)
def test_the_words_are_those_of_the_code(name: str, field: str, names: type[enum.StrEnum]) -> None:
    assert CONTENT["$defs"][name]["properties"][field]["enum"] == list(names)


def test_the_units_are_those_of_the_phases() -> None:
    from rnn_suite.upgrade.phases import PHASES

    units = set(CONTENT["$defs"]["InPairs"]["properties"]["unit"]["enum"])
    assert units == {phase.unit for phase in PHASES.values()}
