"""The gate on trial: each fault of the catalogue through the real smoke gate, and what saw it.

    python -m tests.selftest.trial [NAME ...] [--kept FOLDER] [--into DOCUMENT]

One run after another, each a pytest of its own with its libraries wounded from outside. What a run found
is kept in a file beside this module, with where and when; tried are the faults that are named, or else
those that have no file. Before the first, this machine's step times are recorded. At the end the tables of
all that is kept are printed, or put into a document such as `docs/trial.md`, between the two marks there.

Asked is smoke on the stand-in, of the fault's cell and of what no cell has alone; accuracy, which takes
most of the time, only where nothing else saw the fault.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from rnn_suite.jsonable import from_jsonable, read_json, write_json
from rnn_suite.models import CELLS
from rnn_suite.plugin.reporter import NOTHING_COMPARED
from rnn_suite.questions import QUESTIONS
from rnn_suite.run_report import RunReport, read_run
from rnn_suite.verdicts import Outcome
from tests.selftest.faults import FAULTS, Fault
from tests.selftest.faults.gate import BESIDE, DECISIONS
from tests.selftest.marked import measured_on, tell

ROOT = Path(__file__).parents[2]
MARK = "trial"
KEPT = Path(__file__).with_name("tried")
"""What was found, a file a fault and size."""
DEADLINE_SECONDS = 1800.0
TOO_LONG = 124
"""Status of a run that was ended at its deadline, as `timeout` has it."""

ASKED = {
    **{cell: f"{cell} or all-" for cell in CELLS},
    "tuner": "search or tuner",
    DECISIONS: "all-decisions or (smoke-lstm and replay)",
}
"""What pytest's -k selects, by the cell of a fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one run of the gate found."""

    status: int
    """Exit status of pytest."""
    answer: str
    """The last line."""
    red: tuple[str, ...]
    """Questions with a regression, by name."""
    unanswered: tuple[str, ...]
    """Questions without an answer, by the names of their tests."""
    compared: int
    """How many verdicts compared something."""
    seconds: float
    """Wall time of the run."""

    @property
    def seen_by(self) -> tuple[str, ...]:
        """Questions that are red, or could not be answered, by name."""
        failed = [re.search(r"\[\w+-(\w+)\]", test) for test in self.unanswered]
        names = {found[1] for found in failed if found and found[1] in QUESTIONS}
        return tuple(sorted(names | set(self.red)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What the gate made of one fault."""

    fault: str
    size: float
    caught: bool
    """Whether the run was no pass."""
    seen_by: tuple[str, ...]
    """Questions that were red, or could not be answered, by name."""
    seconds: float
    """Wall time of all runs that it took."""
    measured: str
    """Day, machine and libraries."""


def run_gate(
    folder: Path, selected: str, wounds: str, *options: str
) -> tuple[int, RunReport, float]:
    """Run the `selected` tests of smoke with `wounds`; return exit status, report and seconds."""
    environment = os.environ | {
        "RNN_SUITE_FAULT": wounds,
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
        try:
            status = running.wait(DEADLINE_SECONDS)
        except subprocess.TimeoutExpired:
            status = TOO_LONG
        finally:
            # With all that it started.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)
            running.wait()
    if status in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise RuntimeError(f"{wounds}: {(folder / 'words.txt').read_text()}")
    return status, read_run(folder / "report" / "verdicts.json"), time.monotonic() - started


def gate(folder: Path, selected: str, wounds: str, *options: str) -> Found:
    """Run the `selected` tests of smoke with `wounds`, and return what they found."""
    status, run, seconds = run_gate(folder, selected, wounds, *options)
    return Found(
        status=status,
        answer=run.answer.line,
        red=tuple(sorted({one.verdict.question for one in run.of(Outcome.REGRESSED)})),
        unanswered=tuple(one.test.rpartition("::")[2] for one in run.unanswered),
        compared=sum(one.verdict.compared for one in run.verdicts),
        seconds=seconds,
    )


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


def file_name(fault: Fault, size: float) -> str:
    """Return the name of the file that keeps what was found about one try."""
    return f"{fault.name}-{size:g}.json"


def attempt(fault: Fault, size: float, baselines: Path, measured: str) -> Tried:
    """Try one fault: without accuracy, and with it where nothing saw the fault, or nothing should."""
    wounds = ",".join(filter(None, (f"{fault.name}:{size:g}", BESIDE.get(fault.name))))
    seconds = 0.0
    for more in ("",) if fault.harmless else ("and not accuracy", ""):
        with tempfile.TemporaryDirectory() as folder:
            found = gate(
                Path(folder),
                f"({ASKED[fault.cell]}) {more}".strip(),
                wounds,
                f"--baselines={baselines}",
            )
        seconds += found.seconds
        if found.status != 0 or fault.cell not in CELLS:
            break
    seen = ", ".join(found.seen_by) or found.answer
    print(
        f"{fault.name}:{size:g}: status {found.status}: {seen} ({seconds:.0f} s)",
        flush=True,
    )
    return Tried(
        fault=fault.name,
        size=size,
        caught=found.status != 0,
        seen_by=found.seen_by,
        seconds=round(seconds, 1),
        measured=measured,
    )


def try_all(kept: Path, named: Sequence[str]) -> None:
    """Try the faults that are `named`, or else those of the catalogue that `kept` does not have."""
    wanted = [
        (fault, size, kept / file_name(fault, size))
        for fault in FAULTS.values()
        for size in fault.sizes
        if (fault.name in named if named else not (kept / file_name(fault, size)).exists())
    ]
    if not wanted:
        return
    measured = ", ".join((time.strftime("%Y-%m-%d", time.gmtime()), *measured_on()))
    with tempfile.TemporaryDirectory() as scratch:
        baselines = record_step_times(Path(scratch), ("standin",))
        for fault, size, path in wanted:
            write_json(path, attempt(fault, size, baselines, measured))


def read_tried(kept: Path) -> list[Tried]:
    """Return what `kept` has, in the order of the catalogue."""
    paths = [kept / file_name(one, size) for one in FAULTS.values() for size in one.sizes]
    return [
        from_jsonable(Tried, read_json(path), where=str(path)) for path in paths if path.exists()
    ]


def table(tried: Sequence[Tried]) -> str:
    """Return the table of what was caught by what, in Markdown."""
    lines = [
        "| kind | fault | size | caught | by | of those expected | seconds |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in tried:
        fault = FAULTS[one.fault]
        by = ", ".join(one.seen_by) or ("no answer" if one.caught else "")
        expected = ", ".join(sorted(fault.sees & set(one.seen_by))) or "-"
        size = f"{one.size:g} {fault.unit}" if fault.unit else ""
        caught = {True: "yes", False: "no"}[one.caught]
        told = f"{fault.told} `{fault.name}`{_seen_at(fault.reference)}"
        lines.append(
            f"| {fault.kind} | {told} | {size} | {caught} | {by} | {expected} | {one.seconds:.0f} |"
        )
    return "\n".join(lines)


def _seen_at(reference: str) -> str:
    project, _, number = reference.partition("#")
    address = f"https://github.com/{project}/issues/{number}"
    return f" ([{reference}]({address}))" if reference else ""


def matrix(tried: Sequence[Tried]) -> str:
    """Return which question saw which fault, in Markdown; questions that saw none have no column."""
    questions = [name for name in QUESTIONS if any(name in one.seen_by for one in tried)]
    lines = [f"| | {' | '.join(questions)} |", "|---" * (len(questions) + 1) + "|"]
    for one in tried:
        size = f":{one.size:g}" if FAULTS[one.fault].unit else ""
        cells = ["x" if name in one.seen_by else "" for name in questions]
        lines.append(f"| {one.fault}{size} | {' | '.join(cells)} |")
    return "\n".join(lines)


def rightly_red(one: Tried) -> bool:
    """Return whether nothing saw what was tried but questions that should."""
    return bool(one.seen_by) and FAULTS[one.fault].sees.issuperset(one.seen_by)


def summary(tried: Sequence[Tried]) -> str:
    """Return how many were caught, and which were not."""
    harmful = [one for one in tried if not FAULTS[one.fault].harmless]
    harmless = [one for one in tried if FAULTS[one.fault].harmless]
    missed = [f"{one.fault}:{one.size:g}" for one in harmful if not one.caught]
    red = [one.fault for one in harmless if one.caught and not rightly_red(one)]
    names = {one.fault for one in harmful}
    return (
        f"{len(harmful) - len(missed)} of {len(harmful)} caught ({len(names)} faults, with their sizes); "
        f"missed: {', '.join(missed) or 'none'}. "
        f"{len(harmless) - len(red)} of {len(harmless)} harmless changes stay green; "
        f"red: {', '.join(red) or 'none'}."
    )


def report(tried: Sequence[Tried]) -> str:
    """Return all that there is to say, with where it was measured."""
    whole = sum(len(fault.sizes) for fault in FAULTS.values())
    share = f"{len(tried)} of the catalogue's {whole} tries stand here."
    where = Counter(one.measured for one in tried)
    busy = "other work was done meanwhile, so that seconds are upper bounds"
    parts = (
        f"{share} {summary(tried)}",
        "\n".join(f"- {count} tries: {measured}; {busy}." for measured, count in where.items()),
        table(tried),
        "Which question saw which fault:",
        matrix(tried),
    )
    return "\n\n".join(parts)


def main() -> None:
    """Try what is named, or what was not tried, and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.selftest.trial", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="faults to try (default: new ones)"
    )
    parser.add_argument(
        "--kept", type=Path, metavar="FOLDER", default=KEPT, help="where what was found is kept"
    )
    parser.add_argument("--into", type=Path, metavar="DOCUMENT", help="where the tables are put")
    chosen = parser.parse_args()
    unknown = sorted(set(chosen.names) - set(FAULTS))
    if unknown:
        parser.error(f"no such fault: {', '.join(unknown)}; there are {', '.join(sorted(FAULTS))}")
    kept = chosen.kept.resolve()
    kept.mkdir(parents=True, exist_ok=True)
    try_all(kept, chosen.names)
    tell(report(read_tried(kept)), chosen.into, MARK)


if __name__ == "__main__":
    main()
