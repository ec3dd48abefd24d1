"""What the commands here tell: on the terminal, or in a document between two marks."""

from __future__ import annotations

import argparse
import os
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
    """Return the commit that is checked out, shortened; with `-dirty` where files differ from it."""
    words = ("git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude=*")
    return subprocess.check_output(words, text=True).strip()


def commit_of(folder: Path, *, adding: bool) -> str:
    """Return the commit whose results `folder` keeps, which is written down with the first of them.

    Raises:
        SystemExit: where results of another commit, or of an unknown one, would be added to.
    """
    kept, now = folder / "commit", commit()
    if adding and not any(folder.glob("*.json")):
        write_atomically(kept, now.encode())
    found = kept.read_text(encoding="utf-8") if kept.exists() else "unknown"
    if adding and found != now:
        raise SystemExit(
            f"{folder}: holds results of another commit\nExpected: {now}, which is checked out\n"
            f"Received: {found}\nNext: name another folder, or check {found} out"
        )
    return found


def folder(text: str) -> Path:
    """Return the folder that an argument names, which is made where it is not."""
    path = Path(text).resolve()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise argparse.ArgumentTypeError(
            f"{path}: cannot be used: {error.strerror}; name another"
        ) from error
    if not os.access(path, os.W_OK):
        raise argparse.ArgumentTypeError(f"{path}: cannot be written to; name another")
    return path


def at_least_one(text: str) -> int:
    """Return the number that an argument is."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected 1 or more, received {text!r}")
    return int(text)


def expect_marks(parser: argparse.ArgumentParser, document: Path | None, mark: str) -> None:
    """End as wrong use where `document` has not the two comments called `mark`."""
    if document is not None:
        try:
            _parts(document, mark)
        except (OSError, ValueError) as error:
            parser.error(str(error))


def tell(text: str, document: Path | None, mark: str) -> None:
    """Print `text`, or put it into `document` where there is one."""
    if document is None:
        print(f"\n{text}")
    else:
        put_between(document, mark, text)


def put_between(document: Path, mark: str, text: str) -> None:
    """Replace what stands in `document` between the two comments called `mark` by `text`.

    Raises:
        ValueError: if the document has no such comments.
    """
    before, after = _parts(document, mark)
    write_atomically(document, f"{before}\n{text}\n{after}".encode())


def _parts(document: Path, mark: str) -> tuple[str, str]:
    """Return what ends with the first comment, and what begins with the last."""
    begin, end = f"<!-- {mark} -->", f"<!-- end of {mark} -->"
    before, found, rest = document.read_text(encoding="utf-8").partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"{document}: expected the lines {begin} and {end}; put them in")
    return before + begin, end + after
