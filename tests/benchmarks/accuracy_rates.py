"""Error rates of the accuracy question: `python tests/benchmarks/accuracy_rates.py [--runs N]`.

Whole runs (all cells together, all looks) are simulated by drawing seeds, with replacement, from the
recorded raw seeds of the smoke baselines: once as they are, for the false alarms, and once with every
new value lowered by a drop, for the misses. Nothing here is a test.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import numpy as np
from scipy import stats

from rnn_suite.baselines import Baseline, Measurement, load_baseline
from rnn_suite.experiment import PROFILES, Experiment
from rnn_suite.looks import decide_in_looks
from rnn_suite.questions.accuracy import ACCURACY, SeedAccuracies
from rnn_suite.verdicts import Outcome

ROOT = Path(__file__).parents[2] / "baselines"


def draw(random: np.random.Generator, values: Sequence[float], count: int) -> tuple[float, ...]:
    return tuple(random.choice(values, size=count).tolist())


def simulate(
    baselines: list[Baseline],
    drops: dict[str, float],
    random: np.random.Generator,
    *,
    widen: float = 1.0,
) -> dict[str, Outcome]:
    """Return each cell's outcome in one simulated run whose cells truly dropped by `drops`.

    The spread of the cells that dropped is `widen` times the recorded one.
    """
    values = {
        b.measurement.trained.cell: b.measurement.measured.accuracy_fraction for b in baselines
    }

    def accuracies(seeds: tuple[int, ...], drawn: tuple[float, ...]) -> SeedAccuracies:
        drawn = tuple(min(max(value, 0.0), 1.0) for value in drawn)
        return SeedAccuracies(
            seeds=seeds,
            accuracy_fraction=drawn,
            last_epoch_accuracy_fraction=drawn,
            test_loss=drawn,
            last_epoch_test_loss=drawn,
        )

    def redrawn(baseline: Baseline) -> Baseline:
        old = baseline.measurement
        sample = draw(random, old.measured.accuracy_fraction, len(old.measured.seeds))
        return replace(
            baseline,
            measurement=replace(old, measured=accuracies(old.measured.seeds, sample)),
        )

    first = {}
    for cell, found in values.items():
        mean, drawn = fmean(found), draw(random, found, 9)
        stretch = widen if cell in drops else 1.0
        first[cell] = tuple(mean + stretch * (v - mean) - drops.get(cell, 0.0) for v in drawn)

    def measure(experiment: Experiment) -> Measurement:
        drawn = first[experiment.cell][: len(experiment.seeds)]
        old = next(
            b.measurement for b in baselines if b.measurement.trained.cell == experiment.cell
        )
        return replace(old, experiment=experiment, measured=accuracies(experiment.seeds, drawn))

    pairs = [
        (
            redrawn(b),
            replace(
                b.measurement.trained,
                seeds=PROFILES[b.measurement.trained.profile].gate_seeds,
            ),
        )
        for b in baselines
    ]
    return {v.cell: v.outcome for v in decide_in_looks(ACCURACY, pairs, measure)}


def exact_interval(hits: int, runs: int) -> str:
    found = stats.binomtest(hits, runs).proportion_ci()
    return f"{hits / runs:.2%} ({found.low:.2%} to {found.high:.2%})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--corpus", default="imdb")
    options = parser.parse_args()
    random = np.random.default_rng(0)
    folder = ROOT / "smoke" / options.corpus / ACCURACY.name
    baselines = [load_baseline(path, ACCURACY) for path in sorted(folder.glob("*.json"))]
    if not baselines:
        parser.error(f"no baseline in {folder}")

    reds, outcomes = 0, Counter[Outcome]()
    for _ in range(options.runs):
        found = simulate(baselines, {}, random)
        reds += Outcome.REGRESSED in found.values()
        outcomes.update(found.values())
    print(
        f"Smoke on {options.corpus}, {options.runs} simulated runs of unchanged code, 95 % intervals:"
    )
    print(f"  runs with a false red: {exact_interval(reds, options.runs)}")
    for outcome, count in outcomes.most_common():
        print(f"  cells {outcome}: {count / outcomes.total():.2%}")
    for baseline in baselines:
        cell = baseline.measurement.trained.cell
        for times, widen in ((1, 1), (1.5, 1), (2, 1), (1.5, 3)):
            drop = times * baseline.gate.allowed_drop_fraction
            runs = options.runs // 4
            counts = Counter(
                simulate(baselines, {cell: drop}, random, widen=widen)[cell] for _ in range(runs)
            )
            print(
                f"  {cell} truly {drop:.3f} lower ({times:g} times what is allowed), spread times "
                f"{widen}: red {exact_interval(counts[Outcome.REGRESSED], runs)}, passed "
                f"{exact_interval(counts[Outcome.PASS] + counts[Outcome.IMPROVED], runs)}"
            )


if __name__ == "__main__":
    main()
