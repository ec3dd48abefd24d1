"""Operating characteristics: how often each question is red for nothing, and which harm it sees.

    python -m tests.selftest.rates --trial FOLDER --unchanged FOLDER [--into DOCUMENT] [--headline DOCUMENT]
        [--gates]

The folders are those of `tests.selftest.trial` and `tests.selftest.unchanged`. What has noise is simulated
besides, from the seeds that were recorded. The table is printed, or put into a document such as
`docs/rates.md`; `--gates` writes the rates into the `gate` of each baseline too, and `--headline` puts the
two numbers of the whole gate into a document such as `README.md`.
"""

from __future__ import annotations

import argparse
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from rnn_suite.baselines import Baseline, Measurement, load_baseline
from rnn_suite.environment import describe_environment
from rnn_suite.evidence import against_baseline, read_measured
from rnn_suite.fresh_process import in_fresh_processes
from rnn_suite.jsonable import from_jsonable, read_json, to_jsonable, write_json
from rnn_suite.looks import decide_in_looks
from rnn_suite.questions import QUESTIONS, SEARCH, STEP_TIME
from rnn_suite.questions.accuracy import ACCURACY
from rnn_suite.questions.question import MeasuredRates
from rnn_suite.questions.search import Searches
from rnn_suite.results import StepTimes
from rnn_suite.run_report import RunReport, read_run
from rnn_suite.search import Search, profile_search
from rnn_suite.verdicts import Outcome, Verdict
from tests.benchmarks.accuracy_rates import simulate
from tests.selftest.binomial import interval, share
from tests.selftest.faults import FAULTS
from tests.selftest.marked import put_between
from tests.selftest.trial import ROOT, Tried
from tests.selftest.unchanged import CORPORA

MARK, HEADLINE = "rates", "headline"
UNCHANGED_RUNS, HARMED_RUNS = 2000, 300
"""Simulated runs of unchanged code, and of each size of a harm."""
STEP = 0.005
"""By how much a drop of accuracy grows from one size to the next."""
OFTEN = 0.95
"""The share of runs in which the smallest harm must be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What was found about one question, of one cell where it has noise."""

    name: str
    simulated: bool
    files: tuple[Path, ...]
    """The baselines that it is about."""
    rates: MeasuredRates


def rates(
    measured: str, reds: int, unchanged: int, harm: str, seen: int, harmed: int
) -> MeasuredRates:
    """Return the counts with their intervals."""
    return MeasuredRates(
        measured=measured,
        unchanged_runs=unchanged,
        false_reds=reds,
        false_red_interval=interval(reds, unchanged),
        harm=harm,
        harmed_runs=harmed,
        seen=seen,
        seen_interval=interval(seen, harmed),
    )


def verdicts_of(runs: Sequence[RunReport], question: str) -> list[list[Verdict]]:
    """Return what each run that asked `question` found, of all its cells."""
    found = [
        [one.verdict for one in run.verdicts if one.verdict.question == question] for run in runs
    ]
    return [verdicts for verdicts in found if any(verdict.compared for verdict in verdicts)]


def without_noise(
    runs: Sequence[RunReport], tried: Sequence[Tried], measured: str
) -> Iterator[Row]:
    """Yield a row for each question that the same numbers go into each time."""
    for question in QUESTIONS.values():
        asked = verdicts_of(runs, question.name)
        if not asked or question in (ACCURACY, SEARCH, STEP_TIME):
            continue
        reds = sum(any(v.outcome is Outcome.REGRESSED for v in verdicts) for verdicts in asked)
        meant = [one for one in tried if question.name in FAULTS[one.fault].sees]
        seen = [one for one in meant if question.name in one.seen_by]
        yield Row(
            name=question.name,
            simulated=False,
            files=tuple(
                path
                for folder in ("rules", *(f"smoke/{corpus}" for corpus in CORPORA))
                for path in sorted((ROOT / "baselines" / folder / question.name).glob("*.json"))
            ),
            rates=rates(
                measured, reds, len(asked), smallest(tried, question.name), len(seen), len(meant)
            ),
        )


def smallest(tried: Sequence[Tried], question: str) -> str:
    """Return the smallest size that `question` saw of each fault that has one, in words."""
    sizes: dict[str, float] = {}
    for one in tried:
        if FAULTS[one.fault].unit and question in one.seen_by:
            sizes[one.fault] = min(one.size, sizes.get(one.fault, math.inf))
    told = [f"{name} from {size:g} {FAULTS[name].unit}" for name, size in sizes.items()]
    return "faults planted for it" + (f"; {'; '.join(told)}" if told else "")


def first_seen(red: Callable[[float], int], sizes: Iterator[float], runs: int) -> tuple[float, int]:
    """Return the first size that is red in 95 of 100 runs or more, and in how many it was."""
    return next((size, seen) for size in sizes if (seen := red(size)) >= OFTEN * runs)


def accuracies(corpus: str, measured: str) -> Iterator[Row]:
    """Yield a row for the accuracy of each cell, simulated from the recorded seeds."""
    random = np.random.default_rng(0)
    folder = ROOT / "baselines" / "smoke" / corpus / ACCURACY.name
    baselines = [load_baseline(path, ACCURACY) for path in sorted(folder.glob("*.json"))]
    found = [simulate(baselines, {}, random) for _ in range(UNCHANGED_RUNS)]
    for baseline in baselines:
        cell, allowed = baseline.path.stem, baseline.gate.allowed_drop_fraction

        def red(drop: float, cell: str = cell) -> int:
            runs = (simulate(baselines, {cell: drop}, random) for _ in range(HARMED_RUNS))
            return Counter(run[cell] for run in runs)[Outcome.REGRESSED]

        drop, seen = first_seen(red, (allowed + STEP * n for n in range(200)), HARMED_RUNS)
        reds = sum(run[cell] is Outcome.REGRESSED for run in found)
        harm = f"accuracy {drop:.3f} lower, simulated"
        yield Row(
            name=f"accuracy of {cell} on {corpus}",
            simulated=True,
            files=(baseline.path,),
            rates=rates(measured, reds, len(found), harm, seen, HARMED_RUNS),
        )


def simulate_search(baseline: Baseline, drop: float, random: np.random.Generator) -> Outcome:
    """Return how a run ends whose searches find `drop` less than those that were recorded."""
    old = baseline.measurement
    recorded: Searches = old.measured
    search = profile_search("smoke", corpus=baseline.path.parents[1].name)

    def drawn(seeds: Sequence[int], lower: float) -> Searches:
        picked = random.integers(len(recorded.searches), size=len(seeds))
        found = [recorded.searches[number] for number in picked]
        return Searches(
            searches=tuple(
                replace(
                    one,
                    seed=seed,
                    best=one.best and replace(one.best, score=one.best.score - lower),
                )
                for seed, one in zip(seeds, found, strict=True)
            )
        )

    new: dict[int, Searches] = {}

    def measure(wanted: Search) -> Measurement:
        for seed in wanted.seeds:
            if seed not in new:
                new[seed] = drawn([seed], drop)
        searches = tuple(new[seed].searches[0] for seed in wanted.seeds)
        return replace(old, experiment=wanted, measured=Searches(searches=searches))

    redrawn = replace(baseline, measurement=replace(old, measured=drawn(recorded.seeds, 0.0)))
    (verdict,) = decide_in_looks(SEARCH, [(redrawn, search)], measure)
    return verdict.outcome


def searches(measured: str) -> Iterator[Row]:
    """Yield a row for the searches of smoke on each corpus, simulated from those that were recorded."""
    random = np.random.default_rng(0)
    for path in sorted((ROOT / "baselines" / "smoke").glob(f"*/{SEARCH.name}/*.json")):
        baseline = load_baseline(path, SEARCH)

        def red(drop: float, runs: int = HARMED_RUNS, baseline: Baseline = baseline) -> int:
            found = (simulate_search(baseline, drop, random) for _ in range(runs))
            return Counter(found)[Outcome.REGRESSED]

        allowed = baseline.gate.allowed_drop_fraction
        drop, seen = first_seen(red, (allowed + STEP * n for n in range(200)), HARMED_RUNS)
        harm = f"best accuracy {drop:.3f} lower, simulated"
        yield Row(
            name=f"search on {path.parents[1].name}",
            simulated=True,
            files=(path,),
            rates=rates(
                measured, red(0.0, UNCHANGED_RUNS), UNCHANGED_RUNS, harm, seen, HARMED_RUNS
            ),
        )


def step_times(runs: Sequence[RunReport], measured: str) -> Iterator[Row]:
    """Yield a row for the step time of each cell: how much slower each of the runs would have been red."""
    asked = [v for verdicts in verdicts_of(runs, STEP_TIME.name) for v in verdicts if v.compared]
    for path in sorted((ROOT / "baselines" / "smoke").glob(f"*/{STEP_TIME.name}/*.json")):
        same = [v for v in asked if Path(v.file).parts[-4:] == path.parts[-4:]]
        if not same:
            continue
        limit = load_baseline(path, STEP_TIME).gate.max_ratio
        ratios = []
        for verdict in same:
            evidence = against_baseline(verdict.evidence)
            assert evidence is not None
            old, new = (
                read_measured(StepTimes, side.measured, where=verdict.name)
                for side in (evidence.old, evidence.new)
            )
            ratios.append(min(new.step_seconds) / min(old.step_seconds))

        def red(slower: float, ratios: Sequence[float] = ratios, limit: float = limit) -> int:
            return sum(slower * ratio > limit for ratio in ratios)

        slower, seen = first_seen(red, (1 + 0.05 * n for n in range(1000)), len(ratios))
        reds = sum(v.outcome is Outcome.REGRESSED for v in same)
        harm = f"steps {slower:.2f} times as long"
        yield Row(
            name=f"step_time of {path.stem} on {path.parents[1].name}",
            simulated=False,
            files=(path,),
            rates=rates(measured, reds, len(same), harm, seen, len(ratios)),
        )


def table(rows: Sequence[Row]) -> str:
    """Return the rates in Markdown."""
    lines = ["| question | unchanged code red | harm | seen |", "|---|---|---|---|"]
    for row in rows:
        one = row.rates
        kind = " simulated" if row.simulated else ""
        lines.append(
            f"| {row.name} | {share(one.false_reds, one.unchanged_runs)}{kind} "
            f"| {one.harm} | {share(one.seen, one.harmed_runs)} |"
        )
    return "\n".join(lines)


def headline(runs: Sequence[RunReport], tried: Sequence[Tried]) -> str:
    """Return the two numbers that stand in the README."""
    red = sum(bool(run.of(Outcome.REGRESSED) or run.unanswered) for run in runs)
    harmful = [one for one in tried if not FAULTS[one.fault].harmless]
    caught = sum(one.caught for one in harmful)
    return (
        f"False alarms: {share(red, len(runs))} whole runs of smoke on unchanged "
        f"code. Caught: {share(caught, len(harmful))} planted faults, with "
        "their sizes."
    )


def write_into_gate(path: Path, found: MeasuredRates) -> None:
    """Write rates into the gate at `path`, and nothing else."""
    content = read_json(path)
    content["gate"]["measured_rates"] = to_jsonable(found)
    write_json(path, content)
    load_baseline(path, QUESTIONS[content["question"]])


def main() -> None:
    """Work the rates out, and print or write them."""
    parser = argparse.ArgumentParser(prog="python -m tests.selftest.rates", description=__doc__)
    parser.add_argument("--trial", type=Path, required=True, help="folder of tests.selftest.trial")
    parser.add_argument("--unchanged", type=Path, required=True, help="of tests.selftest.unchanged")
    parser.add_argument("--into", type=Path, metavar="DOCUMENT", help="where the table is put")
    parser.add_argument(
        "--headline", type=Path, metavar="DOCUMENT", help="where its first line is put"
    )
    parser.add_argument("--gates", action="store_true", help="write the rates into the baselines")
    chosen = parser.parse_args()
    tried = [
        from_jsonable(Tried, read_json(path), where=str(path))
        for path in sorted(chosen.trial.glob("*.json"))
    ]
    runs = [read_run(path) for path in sorted(chosen.unchanged.glob("*.json"))]
    if not (tried and runs):
        parser.error(f"expected results in {chosen.trial} and {chosen.unchanged}, received none")
    (where,) = in_fresh_processes(describe_environment)
    measured = (
        f"{time.strftime('%Y-%m-%d', time.gmtime())}, {where.processor}, {where.cores} cores, TensorFlow "
        f"{where.tensorflow}, Keras {where.keras}, NumPy {where.numpy}"
    )
    rows = [*without_noise(runs, tried, measured), *step_times(runs, measured)]
    rows += [row for corpus in CORPORA for row in accuracies(corpus, measured)]
    rows += searches(measured)
    machine = f"{measured}, Python {where.python}"
    if chosen.headline is not None:
        put_between(chosen.headline, HEADLINE, f"{headline(runs, tried)} {machine}.")
    told = f"{headline(runs, tried)}\n\n{machine}.\n\n{table(rows)}"
    if chosen.gates:
        for row in rows:
            for path in row.files:
                write_into_gate(path, row.rates)
    if chosen.into is None:
        print(told)
    else:
        put_between(chosen.into, MARK, told)


if __name__ == "__main__":
    main()
