"""Baselines: one JSON file a question and cell; load, save, and compare with new measurements.

Schema history:
    1: first version.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from rnn_suite.errors import BaselineError, FormatError
from rnn_suite.evidence import AgainstBaseline, Side, written
from rnn_suite.experiment import Experiment, differing_fields
from rnn_suite.jsonable import from_jsonable, read_json, shown, to_jsonable, write_json
from rnn_suite.own_model import OwnModel
from rnn_suite.questions import Pair, Question, SameCorpus
from rnn_suite.results import CorpusIdentity, Environment
from rnn_suite.search import Search
from rnn_suite.verdicts import Judgement, Outcome, Verdict

SCHEMA = 1
"""Version of the file layout that this code reads and writes."""

_PARTS = {
    "schema",
    "question",
    "experiment",
    "corpus",
    "measured",
    "gate",
    "environment",
    "recorded",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """When and from which state of the code a baseline was measured."""

    date: str
    """Day, as YYYY-MM-DD in UTC."""
    commit: str
    """Commit of the checkout, or `unknown`; `+` at the end says that it had uncommitted changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """A new answer to a question: what a baseline holds but for the gate and the date."""

    experiment: Experiment | Search | OwnModel | None
    """What was run; None where the question's rules bring their own small models."""
    corpus: CorpusIdentity | None
    """What it was run on; None where the experiment is."""
    measured: Any
    """Raw values, of the type that the question's row names."""
    environment: Environment

    @property
    def trained(self) -> Experiment:
        """The experiment, of a question that trains one.

        Raises:
            BaselineError: if it has none.
        """
        if not isinstance(self.experiment, Experiment):
            raise BaselineError(
                "A measurement without an experiment.\nExpected: what was trained\n"
                f"Received: {self.experiment!r}\n"
                "Next: bring the baseline back from version control; only questions about rules do "
                "without an experiment"
            )
        return self.experiment


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """An accepted answer to a question."""

    path: Path
    """Where it was read from."""
    measurement: Measurement
    gate: Any
    """The limits a person owns, of the type that the question's row names."""
    recorded: Recorded


def baseline_path(
    root: Path, question: Question, experiment: Experiment | Search | OwnModel
) -> Path:
    """Return where the baseline of `question` for this experiment lies below `root`."""
    folder = root / experiment.profile / experiment.corpus.name / question.name
    return folder / f"{experiment.cell}.json"


def rules_path(root: Path, question: Question, subject: str) -> Path:
    """Return where the baseline of a question about rules lies below `root`, for a cell or for all."""
    return root / "rules" / question.name / f"{subject}.json"


def load_baseline(path: Path, question: Question) -> Baseline:
    """Read the baseline at `path`.

    Raises:
        BaselineError: if it is missing, damaged, of another schema or question, or holds a number that
            makes no sense; the message names the file and the fault.
    """
    if not path.exists():
        raise BaselineError(
            f"{path}: no such baseline.\nExpected: a recorded answer to {question.name}\n"
            "Received: nothing\nNext: bring the file back from version control, or record one with "
            "--update-baselines and have it reviewed"
        )
    try:
        content = read_json(path)
        found = content.get("schema") if isinstance(content, dict) else None
        if type(found) is not int or found != SCHEMA:
            raise FormatError(
                f"{path}: unknown schema\nExpected: {SCHEMA}\nReceived: {shown(found)}"
            )
        if content.keys() != _PARTS:
            raise FormatError(
                f"{path}: fields missing: {sorted(_PARTS - content.keys())}, "
                f"fields unknown: {shown(sorted(content.keys() - _PARTS))}"
            )
        if content["question"] != question.name:
            raise FormatError(
                f"{path}: answers another question\nExpected: {question.name!r}\n"
                f"Received: {shown(content['question'])}"
            )

        def part(kind: Any, name: str) -> Any:
            return from_jsonable(kind, content[name], where=f"{path}: {name}")

        def subject(kind: Any, name: str) -> Any:
            if question.experiment is not None:
                return part(kind, name)
            if content[name] is not None:
                raise FormatError(f"{path}: {name}: expected null: {question.name} asks for rules")
            return None

        baseline = Baseline(
            path=path,
            measurement=Measurement(
                experiment=subject(question.experiment, "experiment"),
                corpus=subject(CorpusIdentity, "corpus"),
                measured=part(question.measured, "measured"),
                environment=part(Environment, "environment"),
            ),
            gate=part(question.gate, "gate"),
            recorded=part(Recorded, "recorded"),
        )
    except FormatError as error:
        raise BaselineError(
            f"Damaged baseline. {error}\nNext: correct what was edited by hand, or bring the file back from "
            "version control; nothing was changed"
        ) from error
    return baseline


def save_baseline(
    path: Path, question: Question, measurement: Measurement, recorded: Recorded
) -> Baseline:
    """Write `measurement` as the baseline at `path`, keeping the gate that stands there.

    A baseline that does not exist yet starts with the gate that its question proposes.

    Raises:
        BaselineError: if the file that stands there is damaged, or the new one cannot be written; the
            old one is untouched then.
    """
    if path.exists():
        gate = load_baseline(path, question).gate
    else:
        gate = question.propose_gate(measurement.measured)
    try:
        write_json(
            path,
            {
                "schema": SCHEMA,
                "question": question.name,
                "experiment": measurement.experiment,
                "corpus": measurement.corpus,
                "measured": measurement.measured,
                "gate": gate,
                "environment": measurement.environment,
                "recorded": recorded,
            },
        )
    except FormatError as error:
        raise BaselineError(str(error)) from error
    return Baseline(path=path, measurement=measurement, gate=gate, recorded=recorded)


def incomparable_fields(question: Question, old: Measurement, new: Measurement) -> list[str]:
    """Return `name: baseline's / new` for every field that forbids a comparison."""
    on_one_device = old.environment.accelerator == new.environment.accelerator != "none"
    return _differing_subject(question, old, new) + [
        f"{name}: {getattr(old.environment, name)!r} / {getattr(new.environment, name)!r}"
        for name in question.same_environment
        if not (on_one_device and name in question.of_the_processor)
        if getattr(old.environment, name) != getattr(new.environment, name)
    ]


def _differing_subject(question: Question, old: Measurement, new: Measurement) -> list[str]:
    if old.experiment is None or new.experiment is None:
        same = old.experiment is None and new.experiment is None
        return [] if same else [f"experiment: {old.experiment!r} / {new.experiment!r}"]
    seeds = old.experiment.seeds
    differences = differing_fields(old.experiment, replace(new.experiment, seeds=seeds))
    if old.corpus is None or new.corpus is None:
        return [*differences, f"corpus: {old.corpus!r} / {new.corpus!r}"]
    match question.same_corpus:
        case SameCorpus.FILE if new.corpus.sha256 != old.corpus.sha256:
            differences.append(f"corpus file sha256: {old.corpus.sha256!r} / {new.corpus.sha256!r}")
        case SameCorpus.REVIEWS:
            theirs = replace(new.corpus, sha256=old.corpus.sha256)
            differences += differing_fields(old.corpus, theirs, prefix="corpus file ")
    return differences


def compare(question: Question, pairs: Sequence[tuple[Baseline, Measurement]]) -> list[Verdict]:
    """Hold new measurements against their baselines, all of one run together.

    They are judged together because they share one false-alarm rate. Pairs whose experiment, corpus or
    machine differ where the question needs them equal take no part and end as not comparable.
    """
    reasons = [incomparable_fields(question, old.measurement, new) for old, new in pairs]
    judged = iter(
        question.judge(
            [
                Pair(old=old.measurement.measured, gate=old.gate, new=new.measured)
                for (old, new), reason in zip(pairs, reasons, strict=True)
                if not reason
            ]
        )
    )
    return [
        _verdict(question, old, new, _not_comparable(reason) if reason else next(judged))
        for (old, new), reason in zip(pairs, reasons, strict=True)
    ]


def _not_comparable(reasons: list[str]) -> Judgement:
    return Judgement(
        outcome=Outcome.NOT_COMPARABLE,
        expected="the same experiment, corpus and machine as the baseline's",
        received="differing (baseline / now): " + "; ".join(reasons),
        next_step="run where the baseline was recorded, or record one for this setting in a folder of "
        "its own with --baselines DIR --update-baselines",
        baseline="-",
        now="-",
        interval=f"{reasons[0]} (baseline / now)",
    )


def _verdict(
    question: Question, baseline: Baseline, new: Measurement, judgement: Judgement
) -> Verdict:
    return Verdict(
        question=question.name,
        cell=baseline.path.stem,
        file=str(baseline.path),
        evidence=written(
            AgainstBaseline(
                old=_side(baseline.measurement),
                new=_side(new),
                gate=baseline.gate,
                recorded=to_jsonable(baseline.recorded),
            )
        ),
        **{f.name: getattr(judgement, f.name) for f in fields(Judgement)},
    )


def _side(measurement: Measurement) -> Side:
    return Side(**{f.name: getattr(measurement, f.name) for f in fields(Measurement)})
