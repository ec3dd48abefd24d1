"""The gate on unchanged code: whole runs of smoke, each from other seeds, and how often one was red.

    python -m tests.selftest.unchanged FOLDER [--runs N] [--at-once N] [--into DOCUMENT]

Whole runs, by turns on IMDB and on the stand-in. Before the first, this machine's step times are
recorded, so that they are compared too. Each run's report is kept in FOLDER, and not asked for again. At the
end the table is printed, or put into a document such as `docs/rates.md`, between the two marks there.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rnn_suite.questions import QUESTIONS
from rnn_suite.run_report import RunReport, read_run
from rnn_suite.verdicts import Outcome
from tests.selftest.binomial import share
from tests.selftest.marked import commit_of, measured_in, tell
from tests.selftest.wounded_gate import record_step_times, run_gate

MARK = "unchanged"
CORPORA = ("imdb", "standin")
FIRST_SEED, SEEDS_APART = 1000, 100
"""Seeds of the first run, and how far those of two runs lie apart: no seed trains twice."""


def kept_at(folder: Path, number: int) -> Path:
    """Return where the report of run `number` is kept."""
    return folder / f"{number:03}-{corpus_of(number)}.json"


def corpus_of(number: int) -> str:
    """Return the corpus of run `number`."""
    return CORPORA[number % len(CORPORA)]


def run_once(folder: Path, number: int, baselines: Path) -> RunReport:
    """Return the report of run `number`, which is made where `folder` has none.

    Raises:
        RuntimeError: where a test failed that asks no question: no row of the table would tell of it.
    """
    corpus, kept = corpus_of(number), kept_at(folder, number)
    if not kept.exists():
        seeds = f"other_seeds:{FIRST_SEED + number * SEEDS_APART}"
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            options = (f"--corpus={corpus}", f"--baselines={baselines}")
            status, run, seconds = run_gate(Path(scratch), "", seeds, *options)
            print(f"{number}, {corpus}: {run.answer.line} ({seconds:.0f} s)", flush=True)
            if status == pytest.ExitCode.TESTS_FAILED and not alarmed(run):
                raise RuntimeError((Path(scratch) / "words.txt").read_text())
            (Path(scratch) / "report" / "verdicts.json").rename(kept)
    return read_run(kept)


def alarmed(run: RunReport) -> bool:
    """Return whether a run on unchanged code was red, or had no answer."""
    return bool(run.of(Outcome.REGRESSED) or run.unanswered)


def table(runs: Sequence[RunReport]) -> str:
    """Return how each question ended over the runs, in Markdown; the last row is of whole runs."""
    kinds = (Outcome.REGRESSED, Outcome.INCONCLUSIVE, Outcome.IMPROVED, Outcome.NOT_COMPARABLE)
    heads = " | ".join(("red", *kinds[1:]))
    lines = [f"| question | runs | {heads} | red, 95 % interval |", "|---" * 7 + "|"]

    def row(name: str, asked: Sequence[RunReport], wanted: frozenset[str]) -> str:
        counts = [
            sum(any(one.verdict.question in wanted for one in run.of(kind)) for run in asked)
            for kind in kinds
        ]
        cells = " | ".join(map(str, counts))
        return f"| {name} | {len(asked)} | {cells} | {share(counts[0], len(asked))} |"

    for name in QUESTIONS:
        asked = [run for run in runs if any(one.verdict.question == name for one in run.verdicts)]
        if asked:
            lines.append(row(name, asked, frozenset({name})))
    lines.append(row("any of them", runs, frozenset(QUESTIONS)))
    return "\n".join(lines)


def report(runs: Sequence[RunReport], commit: str) -> str:
    """Return all that there is to say, with where it was measured."""
    safe = sum(run.answer.safety == "safe" for run in runs)
    lost = sum(bool(run.unanswered) for run in runs)
    ended = f"{safe} of {len(runs)} runs ended with Safe; in {lost} a question had no answer."
    return f"{ended}\n\n{measured_in(runs, commit)}.\n\n{table(runs)}"


def main() -> None:
    """Run the gate as often as is asked for, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.selftest.unchanged", description=__doc__)
    parser.add_argument("folder", type=Path, help="where reports are kept")
    parser.add_argument("--runs", type=int, default=30, metavar="N", help="runs (default: 30)")
    parser.add_argument("--at-once", type=int, default=1, metavar="N", help="runs at a time")
    parser.add_argument("--into", type=Path, metavar="DOCUMENT", help="where the table is put")
    chosen = parser.parse_args()
    folder, numbers = chosen.folder.resolve(), range(chosen.runs)
    folder.mkdir(parents=True, exist_ok=True)
    commit = commit_of(
        folder, adding=not all(kept_at(folder, number).exists() for number in numbers)
    )
    baselines = record_step_times(folder, CORPORA)
    with ThreadPoolExecutor(chosen.at_once) as pool:
        runs = list(pool.map(lambda number: run_once(folder, number, baselines), numbers))
    tell(report(runs, commit), chosen.into, MARK)


if __name__ == "__main__":
    main()
