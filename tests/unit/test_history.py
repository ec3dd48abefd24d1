from __future__ import annotations

import json
import math
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rnn_suite.baselines import Baseline, Measurement, Recorded, compare
from rnn_suite.errors import FormatError
from rnn_suite.evidence import InPairs, written
from rnn_suite.history import (
    History,
    HistoryLine,
    append_run,
    history_line,
    read_history,
)
from rnn_suite.kept import Kept
from rnn_suite.own_model import OwnModel
from rnn_suite.questions import QUESTIONS, STEP_TIME, Question
from rnn_suite.results import Environment
from rnn_suite.run_report import Answer, Reported, RunReport, Safety
from rnn_suite.verdicts import Outcome, Verdict
from tests.unit.answers import RAW, Make, of
from tests.unit.conftest import ENVIRONMENT, IDENTITY

LINE = HistoryLine(
    moment="2026-03-02T04:00:00Z",
    commit="c0ffee",
    answer=Safety.SAFE,
    finished=True,
    environment=ENVIRONMENT,
    corpora=(IDENTITY,),
    verdicts=(
        Kept(
            question="accuracy",
            cell="lstm",
            profile="smoke",
            corpus="standin",
            setting="ab12",
            outcome=Outcome.PASS,
            amount=0.815,
        ),
    ),
)
LATER = replace(LINE, moment="2026-03-09T04:00:00Z", commit="decade")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "history.jsonl"


def run_of(*verdicts: Verdict) -> RunReport:
    return RunReport(
        started=LINE.moment,
        written=LINE.moment,
        finished=True,
        answer=Answer(safety=Safety.SAFE, line="Safe."),
        header=(),
        versions=(),
        verdicts=tuple(Reported(test="a.py::b", seconds=1.0, verdict=v) for v in verdicts),
        unanswered=(),
        recorded=(),
        trained=(),
        told=(),
    )


@pytest.fixture
def verdict_of(measurement: Make, recorded: Recorded) -> Callable[..., Verdict]:
    """Return a function that holds a measurement against one that differs in `changed` alone."""

    def made(question: Question, **changed: Any) -> Verdict:
        old: Measurement = of(question, measurement)
        new = replace(old, **changed)
        baseline = Baseline(
            path=Path("baselines/smoke/standin") / question.name / "lstm.json",
            measurement=old,
            gate=question.propose_gate(old.measured),
            recorded=recorded,
        )
        (verdict,) = compare(question, [(baseline, new)])
        return verdict

    return made


def test_runs_come_back_as_they_were_written(path: Path) -> None:
    append_run(path, LINE)
    append_run(path, LATER)
    assert read_history(path) == History(lines=(LINE, LATER))


def test_a_history_that_is_not_there_yet_has_no_runs(path: Path) -> None:
    assert read_history(path) == History(lines=())


def test_a_run_is_one_line_that_says_its_schema(path: Path) -> None:
    append_run(path, LINE)
    (text,) = path.read_text().splitlines()
    assert json.loads(text)["schema"] == 1


def test_runs_are_ordered_by_their_moments_and_not_by_their_place(path: Path) -> None:
    append_run(path, LATER)
    append_run(path, LINE)
    assert read_history(path).lines == (LINE, LATER)


def test_a_run_that_a_merge_left_twice_counts_once(path: Path) -> None:
    append_run(path, LINE)
    append_run(path, LATER)
    append_run(path, LINE)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert read_history(path).lines == (LINE, LATER)


def test_a_line_cut_short_costs_neither_the_one_before_nor_the_one_after(path: Path) -> None:
    append_run(path, LINE)
    path.write_bytes(path.read_bytes() + path.read_bytes()[:100])
    append_run(path, LATER)
    history = read_history(path)
    assert history.lines == (LINE, LATER)
    (fault,) = history.faults
    assert fault.startswith(f"{path}, line 2: left out, it is not JSON")
    assert "Take the line out" in fault


def test_marks_of_a_merge_are_told_and_both_sides_count(path: Path) -> None:
    append_run(path, LINE)
    mine = path.read_text()
    path.unlink()
    append_run(path, LATER)
    theirs = path.read_text()
    path.write_text(f"<<<<<<< HEAD\n{mine}=======\n{theirs}>>>>>>> other\n")
    history = read_history(path)
    assert history.lines == (LINE, LATER)
    assert [fault.partition(": ")[0] for fault in history.faults] == [
        f"{path}, line {number}" for number in (1, 3, 5)
    ]
    assert all("merge=union" in fault for fault in history.faults)


def test_a_run_of_a_later_schema_is_told_and_no_error(path: Path) -> None:
    append_run(path, LINE)
    with path.open("a") as file:
        file.write('{"schema": 2, "anything": 1}\n')
    history = read_history(path)
    assert history.lines == (LINE,)
    assert "written by a later rnn-suite (schema 2, this one reads 1)" in history.faults[0]


@pytest.mark.parametrize(
    "damaged",
    [
        b"\xff\xfe",
        b"\0\0\0",
        b"[]",
        b"1",
        b"{}",
        b'{"schema": true}',
        b'{"schema": 1}',
        b'{"schema": NaN}',
        b"[" * 100_000,
    ],
)
def test_any_damaged_line_is_told_with_its_number(path: Path, damaged: bytes) -> None:
    append_run(path, LINE)
    path.write_bytes(path.read_bytes() + damaged + b"\n")
    history = read_history(path)
    assert history.lines == (LINE,)
    assert [fault.partition(": ")[0] for fault in history.faults] == [f"{path}, line 2"]


@pytest.mark.parametrize(
    ("field", "value"), [("moment", "yesterday"), ("answer", "perhaps"), ("surprise", 1)]
)
def test_a_field_that_makes_no_sense_is_told(path: Path, field: str, value: object) -> None:
    append_run(path, LINE)
    content = json.loads(path.read_text()) | {field: value}
    path.write_text(json.dumps(content) + "\n")
    history = read_history(path)
    assert history.lines == ()
    assert "it is no run" in history.faults[0]


def test_a_folder_in_the_place_of_a_history_is_an_error_with_a_remedy(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(FormatError, match=r"Next: name another file"):
        read_history(path)
    with pytest.raises(FormatError, match=r"Next: free some space, or name a file"):
        append_run(path, LINE)


def test_what_is_no_number_is_not_written(path: Path) -> None:
    strange = replace(LINE, verdicts=(replace(LINE.verdicts[0], amount=float("nan")),))
    with pytest.raises(FormatError, match="not written"):
        append_run(path, strange)
    assert not path.exists()


def test_a_write_that_is_cut_short_leaves_the_file_as_it_was(path: Path) -> None:
    resource = pytest.importorskip("resource", reason="needs limits of POSIX")
    append_run(path, LINE)
    before = path.read_bytes()
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 50, usual[1]))
    try:
        with pytest.raises(FormatError, match="this run is not in the history"):
            append_run(path, LATER)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
        signal.signal(signal.SIGXFSZ, ignored)
    assert path.read_bytes() == before


def test_a_line_is_waited_for_until_it_is_on_the_disk(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bytes] = []
    monkeypatch.setattr(os, "fsync", lambda _: synced.append(path.read_bytes()))
    append_run(path, LINE)
    assert synced == [path.read_bytes()]


def test_a_write_that_is_taken_back_does_not_take_what_another_one_wrote_meanwhile(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = threading.Thread(target=append_run, args=(path, LATER))

    def fails(_: int) -> None:
        monkeypatch.undo()
        other.start()
        other.join(timeout=0.5)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(FormatError, match="this run is not in the history"):
        append_run(path, LINE)
    other.join()
    assert read_history(path) == History(lines=(LATER,))


def _append_many(path: Path, commit: str) -> None:
    for run in range(20):
        append_run(path, replace(LINE, commit=f"{commit}{run}"))


def test_processes_that_write_at_once_lose_no_run(path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=_append_many, args=(path, name)) for name in "abc"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    history = read_history(path)
    assert not history.faults
    assert {line.commit for line in history.lines} == {f"{a}{n}" for a in "abc" for n in range(20)}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=lambda question: question.name)
def test_a_line_has_of_each_verdict_what_its_question_says(
    question: Question, verdict_of: Callable[..., Verdict]
) -> None:
    verdict = verdict_of(question)
    line = history_line(run_of(verdict), "c0ffee")
    (kept,) = line.verdicts
    assert (kept.question, kept.cell) == (question.name, "lstm")
    profiles = {None: "rules", OwnModel: "own"}
    assert kept.profile == profiles.get(question.experiment, "tiny")
    assert bool(kept.setting) == (question.experiment is not None)
    assert kept.amount == verdict.amount
    assert line.environment == ENVIRONMENT
    assert line.corpora == (() if question.experiment is None else (IDENTITY,))
    assert kept.corpus == ("" if question.experiment is None else IDENTITY.name)
    assert (line.moment, line.answer, line.finished) == (LINE.moment, Safety.SAFE, True)


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=lambda question: question.name)
def test_a_question_and_its_judgement_name_the_same_amount(
    question: Question, verdict_of: Callable[..., Verdict]
) -> None:
    said = question.amount(RAW[question.name])
    assert said is None or said == verdict_of(question).amount


def test_each_corpus_of_a_run_is_kept_with_the_verdicts_on_it(
    verdict_of: Callable[..., Verdict],
) -> None:
    other = replace(IDENTITY, name="reviews", train_tokens=3)
    verdicts = [verdict_of(QUESTIONS["own_step_time"], corpus=c) for c in (IDENTITY, other)]
    line = history_line(run_of(*verdicts), "c0ffee")
    assert [line.corpus(kept) for kept in line.verdicts] == [IDENTITY, other]


def test_amounts_are_the_figures_of_the_table() -> None:
    amounts = {name: question.amount(RAW[name]) for name, question in QUESTIONS.items()}
    assert amounts["parameters"] == 349
    assert amounts["dataset"] is None
    assert amounts["replay"] == 0.0
    assert amounts["accuracy"] == pytest.approx(0.8)
    assert amounts["step_time"] == 0.1
    assert amounts["forward"] == 0.5
    assert amounts["search_structure"] == 0.5


def test_a_step_time_of_another_machine_than_the_baselines_is_kept_all_the_same(
    verdict_of: Callable[..., Verdict], environment: Environment
) -> None:
    elsewhere = replace(environment, processor="another")
    verdict = verdict_of(STEP_TIME, environment=elsewhere)
    line = history_line(run_of(verdict), "c0ffee")
    assert line.verdicts[0].outcome is Outcome.NOT_COMPARABLE
    assert line.verdicts[0].amount == 0.1
    assert line.environment == elsewhere


def test_what_was_not_even_measured_has_no_amount(verdict_of: Callable[..., Verdict]) -> None:
    other = replace(IDENTITY, train_reviews=3)
    verdict = verdict_of(QUESTIONS["accuracy"], corpus=other, measured=None)
    assert history_line(run_of(verdict), "c0ffee").verdicts[0].amount is None


def test_seeds_are_no_part_of_a_setting_and_all_else_is(
    verdict_of: Callable[..., Verdict], tiny: Callable[..., Any]
) -> None:
    def setting(**fields: Any) -> str:
        verdict = verdict_of(QUESTIONS["accuracy"], experiment=tiny(**fields))
        return history_line(run_of(verdict), "c0ffee").verdicts[0].setting

    assert setting(seeds=(0,)) == setting(seeds=(1, 2))
    assert setting() != setting(epochs=3)


@pytest.fixture
def pairs_verdict() -> Callable[..., Verdict]:
    """Return a function that makes a verdict of old against new, whose pairs have these fields."""

    def made(*, amount: float = 0.2, **changed: Any) -> Verdict:
        pairs = InPairs(
            meaning="a training step",
            unit="s",
            is_ratio=True,
            old=(0.2,),
            new=(0.2,),
            estimate=0.0,
            lower=-0.1,
            upper=0.1,
            confidence=0.97,
            smallest_visible=0.01,
            red=0.05,
            harm=0.1,
            confirmed=False,
        )
        return Verdict(
            question="train_step",
            cell="lstm",
            file="old/bin/python",
            outcome=Outcome.PASS,
            expected="",
            received="",
            next_step="nothing",
            baseline="200 ms",
            now="200 ms",
            amount=amount,
            evidence=written(replace(pairs, **changed)),
        )

    return made


def test_an_upgrade_is_kept_with_the_environment_that_is_given(
    pairs_verdict: Callable[..., Verdict],
) -> None:
    line = history_line(run_of(pairs_verdict()), "c0ffee", environment=ENVIRONMENT, corpus=IDENTITY)
    assert (line.environment, line.corpora) == (ENVIRONMENT, (IDENTITY,))
    (kept,) = line.verdicts
    assert (kept.profile, kept.corpus, kept.setting) == ("upgrade", "standin", "")
    assert kept.amount == 0.2


def test_an_upgrade_of_too_few_pairs_for_any_bound_is_one_all_the_same(
    pairs_verdict: Callable[..., Verdict],
) -> None:
    verdict = pairs_verdict(lower=-math.inf, upper=math.inf, smallest_visible=math.inf)
    assert history_line(run_of(verdict), "c0ffee").verdicts[0].profile == "upgrade"


@pytest.mark.parametrize("amount", [math.inf, -math.inf, math.nan])
def test_an_amount_that_is_no_number_costs_the_run_nothing_else(
    path: Path, pairs_verdict: Callable[..., Verdict], amount: float
) -> None:
    line = history_line(run_of(pairs_verdict(amount=amount), pairs_verdict()), "c0ffee")
    assert [kept.amount for kept in line.verdicts] == [None, 0.2]
    append_run(path, line)
    assert read_history(path).lines == (line,)


def test_a_run_that_measured_nothing_is_kept(path: Path) -> None:
    line = history_line(run_of(), "c0ffee")
    append_run(path, line)
    assert read_history(path).lines == (line,)
    assert line.environment is None
