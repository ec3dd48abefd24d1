"""The smoke gate, run in a process of its own against wounded libraries, and what it found."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from rnn_suite.evidence import against_baseline, read_measured
from rnn_suite.findings import AN_ANSWER
from rnn_suite.plugin.reporter import NOTHING_COMPARED
from rnn_suite.questions import QUESTIONS
from rnn_suite.questions.rules import TOPICS, RuleFindings
from rnn_suite.run_report import NOT_REACHED, RunReport, read_run
from rnn_suite.verdicts import Outcome, Verdict

ROOT = Path(__file__).parents[2]
DEADLINE_SECONDS = 3 * 3600.0
"""Six times as long as the longest run of the trial took: eager execution of all that is compiled."""
QUESTION_OF = {
    "test_accuracy_is_not_worse_than_the_baseline": "accuracy",
    "test_the_model_has_the_parameters_that_the_equations_ask_for": "parameters",
    "test_the_model_has_the_recorded_number_of_parameters": "parameters",
    "test_the_dataset_gives_the_recorded_arrays": "dataset",
    "test_a_replayed_training_run_gives_the_recorded_losses": "replay",
    "test_a_training_step_is_not_several_times_slower": "step_time",
    "test_the_search_structure_is_what_arithmetic_says": "search_structure",
    "test_the_best_of_a_search_is_not_worse_than_the_baselines": "search",
}
"""The question that a test of the gate asks; those of rules have it in their brackets."""


_RUNNING: set[int] = set()
"""Leaders of the gates that run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one run of the gate found."""

    status: int
    """Exit status of pytest."""
    answer: str
    """The last line."""
    red: tuple[str, ...]
    """Questions with a regression, by name."""
    failed: tuple[str, ...]
    """Questions whose test failed without a verdict, by name; not those that were never reached."""
    ended_in_errors: tuple[str, ...]
    """Questions of both kinds that saw nothing but errors that something raised, by name."""
    compared: int
    """How many verdicts compared something."""
    seconds: float
    """Wall time of the run."""

    @property
    def seen_by(self) -> tuple[str, ...]:
        """Questions that are red, or failed, by name."""
        return tuple(sorted({*self.red, *self.failed}))


def run_gate(
    folder: Path, selected: str, wounds: str, *options: str
) -> tuple[int, RunReport, float]:
    """Run the `selected` tests of smoke with `wounds`; return exit status, report and seconds.

    Raises:
        RuntimeError: where a wound could not be planted, or the run did not come to its end in time.
    """
    told = Path(tempfile.mkdtemp(dir=folder, prefix="told-"))
    environment = os.environ | {
        "RNN_SUITE_FAULT": wounds,
        "RNN_SUITE_FAULT_TOLD": str(told),
        "PYTHONPATH": str(Path(__file__).with_name("wounded")),
    }
    command = [sys.executable, "-m", "pytest", "-m", "smoke", "--corpus=standin", "-k", selected]
    command += [f"--runs={folder}/runs", f"--report={folder}/report", "-p", "no:cacheprovider"]
    started = time.monotonic()
    with (folder / "words.txt").open("w") as words:
        running = subprocess.Popen(
            [*command, *options],
            cwd=ROOT,
            env=environment,
            stdout=words,
            stderr=words,
            start_new_session=True,
        )
        _RUNNING.add(running.pid)
        try:
            status = running.wait(DEADLINE_SECONDS)
        except subprocess.TimeoutExpired as error:
            hours = DEADLINE_SECONDS / 3600
            raise RuntimeError(
                f"{wounds}: has not ended after {hours:g} hours: {(folder / 'words.txt').read_text()}"
            ) from error
        finally:
            _kill(running.pid)
            running.wait()
            _RUNNING.discard(running.pid)
    seconds = time.monotonic() - started
    unplanted = told / "not_planted.txt"
    if unplanted.exists():
        raise RuntimeError(unplanted.read_text())
    report = folder / "report" / "verdicts.json"
    run = read_run(report) if report.exists() else None
    if run is None or not run.finished or status == pytest.ExitCode.NO_TESTS_COLLECTED:
        raise RuntimeError(f"{wounds}: status {status}: {(folder / 'words.txt').read_text()}")
    for name in (wound.partition(":")[0] for wound in wounds.split(",")):
        if not (told / f"{name}.planted").exists():
            raise RuntimeError(f"{name}: never planted: no process imported what it wounds")
    return status, run, seconds


def end_with_what_runs() -> None:
    """Let SIGTERM and SIGINT end the gates that run, too, and this process as Ctrl-C does."""

    def end(*_: object) -> None:
        for pid in list(_RUNNING):
            _kill(pid)
        raise KeyboardInterrupt

    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, end)


def _kill(pid: int) -> None:
    """End a gate with all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def gate(folder: Path, selected: str, wounds: str, *options: str) -> Found:
    """Run the `selected` tests of smoke with `wounds`, and return what they found."""
    status, run, seconds = run_gate(folder, selected, wounds, *options)
    return found_in(run, status=status, seconds=seconds)


def found_in(run: RunReport, *, status: int, seconds: float) -> Found:
    """Return what a run that ended with `status` found."""
    red: dict[str, bool] = {}
    for one in run.of(Outcome.REGRESSED):
        question = one.verdict.question
        red[question] = red.get(question, True) and nothing_but_errors(one.verdict)
    failed = {question_of(one.test) for one in run.unanswered if one.why != NOT_REACHED}
    return Found(
        status=status,
        answer=run.answer.line,
        red=tuple(sorted(red)),
        failed=tuple(sorted(failed)),
        ended_in_errors=tuple(
            sorted({name for name, errors in red.items() if errors} | (failed - red.keys()))
        ),
        compared=sum(one.verdict.compared for one in run.verdicts),
        seconds=seconds,
    )


def nothing_but_errors(verdict: Verdict) -> bool:
    """Return whether all that a red verdict adds to its baseline are rules that ended in an error."""
    if verdict.question not in TOPICS:
        return False
    evidence = against_baseline(verdict.evidence)
    assert evidence is not None
    old, new = (
        read_measured(RuleFindings, side.measured, where=verdict.name)
        for side in (evidence.old, evidence.new)
    )
    return adds_errors_alone(old, new)


def adds_errors_alone(old: RuleFindings, new: RuleFindings) -> bool:
    """Return whether something is broken that was not, and all of it is rules that ended in an error."""
    known = {finding.name for finding in old.findings if not finding.holds}
    broken = [one for one in new.findings if not one.holds and one.name not in known]
    return bool(broken) and all(one.expected == AN_ANSWER for one in broken)


def question_of(test: str) -> str:
    """Return the question that a test of the gate asks, by pytest's name of the test."""
    name, _, bracket = test.rpartition("::")[2].partition("[")
    topic = bracket.rstrip("]").partition("-")[2]
    return topic if topic in QUESTIONS else QUESTION_OF[name]


def record_step_times(folder: Path, corpora: Sequence[str]) -> Path:
    """Return the baselines with this machine's step times, which are recorded where they are not."""
    baselines = folder / "baselines"
    if not baselines.exists():
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            copied = Path(scratch) / "baselines"
            shutil.copytree(ROOT / "baselines", copied)
            for corpus in corpora:
                options = (f"--corpus={corpus}", f"--baselines={copied}", "--update-baselines")
                status, _, _ = run_gate(Path(scratch), "smoke and step", "unwounded", *options)
                if status != NOTHING_COMPARED:
                    raise RuntimeError((Path(scratch) / "words.txt").read_text())
            copied.rename(baselines)
    return baselines
