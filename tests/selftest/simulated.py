"""Rates of what has noise, accuracies and searches: runs are drawn from the seeds that were recorded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from rnn_suite.baselines import Baseline, Measurement, load_baseline
from rnn_suite.looks import decide_in_looks
from rnn_suite.questions import SEARCH
from rnn_suite.questions.accuracy import ACCURACY
from rnn_suite.questions.search import Searches
from rnn_suite.search import Search, profile_search
from rnn_suite.trials import SearchResult
from rnn_suite.verdicts import Outcome
from tests.benchmarks.accuracy_rates import simulate
from tests.selftest.rate_rows import Row, first_seen, with_intervals
from tests.selftest.wounded_gate import ROOT

UNCHANGED_RUNS, HARMED_RUNS = 2000, 300
"""Simulated runs of unchanged code, and of each size of a harm."""
STEP = 0.005
"""By how much a drop of accuracy grows from one size to the next."""


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
        seeds = len(baseline.measurement.measured.seeds)
        harm = f"accuracy {drop:.3f} lower, drawn from {seeds} seeds"
        yield Row(
            name=f"accuracy of {cell} on {corpus}",
            simulated=True,
            files=(baseline.path,),
            rates=with_intervals(
                measured,
                reds=reds,
                unchanged=len(found),
                harm=harm,
                seen=seen,
                harmed=HARMED_RUNS,
            ),
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

    new: dict[int, SearchResult] = {}

    def measure(wanted: Search) -> Measurement:
        for seed in wanted.seeds:
            if seed not in new:
                (new[seed],) = drawn([seed], drop).searches
        found = tuple(new[seed] for seed in wanted.seeds)
        return replace(old, experiment=wanted, measured=Searches(searches=found))

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
        recorded = len(baseline.measurement.measured.searches)
        harm = f"best accuracy {drop:.3f} lower, drawn from {recorded} searches"
        yield Row(
            name=f"search on {path.parents[1].name}",
            simulated=True,
            files=(path,),
            rates=with_intervals(
                measured,
                reds=red(0.0, UNCHANGED_RUNS),
                unchanged=UNCHANGED_RUNS,
                harm=harm,
                seen=seen,
                harmed=HARMED_RUNS,
            ),
        )
