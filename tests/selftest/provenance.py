"""Where results come from: day, commit, machine and libraries."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rnn_suite.environment import describe_environment
from rnn_suite.evidence import against_baseline
from rnn_suite.fresh_process import in_fresh_processes
from rnn_suite.jsonable import write_atomically
from rnn_suite.results import Environment
from rnn_suite.run_report import RunReport
from tests.selftest.wounded_gate import ROOT

DIRTY = "-dirty"
"""Behind a commit that the code differs from."""


def machine(where: Environment) -> str:
    """Return a machine and its Python, in words."""
    return f"{where.processor}, {where.cores} cores, {where.memory_gib} GiB, Python {where.python}"


def machine_and_libraries(where: Environment) -> str:
    """Return a machine and its libraries, in words."""
    libraries = f"TensorFlow {where.tensorflow}, Keras {where.keras}, NumPy {where.numpy}"
    return f"{machine(where)}, {libraries}"


def measured_now() -> str:
    """Return day, commit, this machine and the libraries of this Python, in words."""
    (where,) = in_fresh_processes(describe_environment)
    day = time.strftime("%Y-%m-%d", time.gmtime())
    return f"{day}, commit {commit()}, {machine_and_libraries(where)}"


def measured_in(
    runs: Sequence[RunReport],
    commit: str,
    words: Callable[[Environment], str] = machine_and_libraries,
) -> str:
    """Return days, commit and machines of `runs`, in words."""
    days = sorted({run.started.partition("T")[0] for run in runs})
    rests_on = [against_baseline(one.verdict.evidence) for run in runs for one in run.verdicts]
    where = sorted({words(pair.new.environment) for pair in rests_on if pair})
    return f"{', '.join(days)}, commit {commit}, {'; '.join(where)}"


def commit() -> str:
    """Return the commit that is checked out, shortened; with `-dirty` where code differs from it.

    What the commands here write, documents, rates in baselines and what was tried, is no code.
    """
    git = ("git", "-C", str(ROOT))
    found = subprocess.check_output(
        [*git, "describe", "--always", "--exclude=*"], text=True
    ).strip()
    code = ("rnn_suite", "tests", ":!tests/selftest/tried")
    changed = subprocess.check_output([*git, "status", "--porcelain", "--", *code], text=True)
    return found + DIRTY if changed else found


def commit_of(folder: Path, *, adding: bool) -> str:
    """Return the commit whose results `folder` keeps, which is written down while it is empty.

    Raises:
        SystemExit: where results of another commit, or of an unknown one, would be added to.
    """
    kept, now = folder / "commit", commit()
    if adding and not any(folder.iterdir()):
        write_atomically(kept, now.encode())
    found = kept.read_text(encoding="utf-8") if kept.exists() else "unknown"
    if adding and found != now:
        raise SystemExit(
            f"{folder}: holds results of another commit\nExpected: {now}, which is checked out\n"
            f"Received: {found}\nNext: name another folder, or check {found} out"
        )
    return found
