"""The gate on unchanged code: whole runs of smoke, each from other seeds, and how often one was red.

    python -m tests.selftest.unchanged FOLDER [--runs N] [--at-once N] [--into DOCUMENT]

Whole runs, by turns on IMDB and on the stand-in. Before the first, this machine's step times are
recorded, so that they are compared too. Each run's report is kept in FOLDER, and not asked for again. At the
end the table is printed, or put into a document such as `docs/rates.md`, between the two marks there.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rnn_suite.questions import QUESTIONS
from rnn_suite.run_report import RunReport, read_run
from rnn_suite.verdicts import Outcome
from tests.selftest.binomial import share
from tests.selftest.marked import at_least_one, expect_marks, folder, tell
from tests.selftest.provenance import commit_of, measured_in
from tests.selftest.wounded_gate import end_with_what_runs, record_step_times, run_gate

MARK = "unchanged"
SCRATCH = "scratch-"
"""How folders of runs that have not ended begin."""
CORPORA = ("imdb", "standin")
FIRST_SEED, SEEDS_APART = 1000, 100
"""Seeds of the first run, and how far those of two runs lie apart: no seed trains twice."""


def kept_at(place: Path, number: int) -> Path:
    """Return where the report of run `number` is kept."""
    return place / f"{number:03}-{corpus_of(number)}.json"


def corpus_of(number: int) -> str:
    """Return the corpus of run `number`."""
    return CORPORA[number % len(CORPORA)]


def first_seed(number: int) -> int:
    """Return the first seed of run `number`."""
    return FIRST_SEED + number * SEEDS_APART


def run_once(place: Path, number: int, baselines: Path) -> RunReport:
    """Return the report of run `number`, which is made where `place` has none.

    Raises:
        RuntimeError: where a test failed that asks no question: no row of the table would tell of it.
    """
    corpus, kept = corpus_of(number), kept_at(place, number)
    if not kept.exists():
        seeds = f"other_seeds:{first_seed(number)}"
        with tempfile.TemporaryDirectory(dir=place, prefix=SCRATCH) as scratch:
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
    parts = (ended, f"{measured_in(runs, commit)}.", table(runs), "Run by run:", run_by_run(runs))
    return "\n\n".join(parts)


def run_by_run(runs: Sequence[RunReport]) -> str:
    """Return a line a run, in Markdown."""
    lines = ["| run | corpus | first seed | answer |", "|---|---|---|---|"]
    for number, run in enumerate(runs):
        lines.append(
            f"| {number} | {corpus_of(number)} | {first_seed(number)} | {run.answer.line} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Run the gate as often as is asked for, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.selftest.unchanged", description=__doc__)
    parser.add_argument("folder", type=folder, help="where reports are kept")
    parser.add_argument(
        "--runs", type=at_least_one, default=30, metavar="N", help="runs (default: 30)"
    )
    parser.add_argument(
        "--at-once", type=at_least_one, default=1, metavar="N", help="runs at a time"
    )
    parser.add_argument("--into", type=Path, metavar="DOCUMENT", help="where the table is put")
    chosen = parser.parse_args()
    expect_marks(parser, chosen.into, MARK)
    place, numbers = chosen.folder, range(chosen.runs)
    missing = [number for number in numbers if not kept_at(place, number).exists()]
    commit = commit_of(place, adding=bool(missing))
    end_with_what_runs()
    for left in place.glob(f"{SCRATCH}*"):
        shutil.rmtree(left)
    baselines = record_step_times(place, CORPORA)
    with ThreadPoolExecutor(chosen.at_once) as pool:
        runs = list(pool.map(lambda number: run_once(place, number, baselines), numbers))
    tell(report(runs, commit), chosen.into, MARK)


if __name__ == "__main__":
    main()
