"""How often a drift is told: `python tests/benchmarks/drift_rates.py`.

Histories of 42 series are simulated: three accuracies, each the mean of three seeds drawn with replacement
from the recorded raw seeds of a cell's smoke baseline, and 39 times, with normal noise of 4 % and 5 of 100 up
to half as slow again. Each amount is a replicate: of accuracies, another set of versions. Nothing here is
a test.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from rnn_suite.baselines import load_baseline
from rnn_suite.drift import FALSE_ALARM_RATE, Shape, drifts, patterns_of
from rnn_suite.models import CELLS
from rnn_suite.questions.accuracy import ACCURACY
from rnn_suite.series import Point, Series
from rnn_suite.verdicts import Outcome

ROOT = Path(__file__).parents[2] / "baselines" / "smoke" / "imdb" / ACCURACY.name
SEEDS = {
    cell: np.array(
        load_baseline(ROOT / f"{cell}.json", ACCURACY).measurement.measured.accuracy_fraction
    )
    for cell in CELLS
}
ALL, TIMES = 42, 39
LENGTHS = (10, 20, 40)
COMPARED = 20
USUAL_SECONDS = 0.01
BOTH, STEPS, LINE = "both", "steps", "line"
COLUMNS = {BOTH: slice(None), STEPS: slice(None, -1), LINE: slice(-1, None)}
LEVEL = FALSE_ALARM_RATE / 2 / ALL
"""What the first of all series is held to by Holm's procedure."""

Array: TypeAlias = NDArray[np.float64]
Draw: TypeAlias = Callable[[np.random.Generator, tuple[int, ...]], Array]


def times(random: np.random.Generator, shape: tuple[int, ...], *, kept: float = 0.0) -> Array:
    """Return times; a share `kept` of the noise goes on from one run to the next."""
    noise = random.normal(size=shape)
    for run in range(1, shape[-1]):
        fresh = np.sqrt(1 - kept**2) * noise[..., run]
        noise[..., run] = kept * noise[..., run - 1] + fresh
    slow = np.where(random.random(shape) < 0.05, random.uniform(0, 0.5, shape), 0.0)
    return USUAL_SECONDS * (1 + 0.04 * noise + slow)


def accuracies(cell: str) -> Draw:
    return lambda random, shape: random.choice(SEEDS[cell], (*shape, 3)).mean(axis=-1)


def series(name: str, unit: str, amounts: Array) -> Series:
    points = tuple(
        Point(
            moment=f"2026-01-01T{run // 60:02d}:{run % 60:02d}:00Z",
            commit=str(run),
            versions=(str(run), "", "", ""),
            outcome=Outcome.PASS,
            amount=float(amount),
        )
        for run, amount in enumerate(amounts)
    )
    return Series(
        name=name,
        question=name,
        cell="",
        profile="smoke",
        unit=unit,
        higher_is_better=unit == "fraction",
        points=points,
    )


def history(random: np.random.Generator, runs: int) -> list[Series]:
    return [
        *(series(cell, "fraction", accuracies(cell)(random, (runs,))) for cell in CELLS),
        *(series(f"time {i}", "s", times(random, (runs,))) for i in range(TIMES)),
    ]


def largest(amounts: Array, patterns: str) -> Array:
    """Return the statistic of each row, or that of some of its patterns."""
    ranks = stats.rankdata(amounts, axis=-1)
    ranks -= ranks.mean(axis=-1, keepdims=True)
    found: Array = np.abs(ranks @ patterns_of(amounts.shape[-1])[:, COLUMNS[patterns]]).max(axis=-1)
    return found


def critical(random: np.random.Generator, runs: int, patterns: str) -> float:
    """Return the statistic that a share `LEVEL` of all orders of different amounts reaches, or fewer."""
    found = [largest(random.random((40_000, runs)), patterns) for _ in range(10)]
    limit = np.quantile(np.concatenate(found), 1 - LEVEL, method="higher")
    return float(limit) * (1 + 1e-9)


def rate(hits: int, of: int) -> str:
    found = stats.binomtest(hits, of).proportion_ci()
    return f"{hits / of:.1%} ({found.low:.1%} to {found.high:.1%})"


def false_alarms(random: np.random.Generator, histories: int) -> None:
    print(f"False alarms, {ALL} series in which nothing changed, {histories} histories:")
    every = 0
    for runs in LENGTHS:
        told = sum(bool(drifts(history(random, runs))) for _ in range(histories))
        every += told
        print(f"  read once, after {runs} runs: {rate(told, histories)}")
    print(f"  all of them: {rate(every, histories * len(LENGTHS))}")


def while_growing(random: np.random.Generator, histories: int, limits: dict[int, float]) -> None:
    print(
        f"The same, read after every run from the 8th to the 40th, {histories} histories of times:"
    )
    for kept in (0.0, 0.3):
        amounts = times(random, (histories, ALL, max(limits)), kept=kept)
        ever = np.zeros(histories, bool)
        for runs, limit in limits.items():
            ever |= (largest(amounts[..., :runs], BOTH) > limit).any(axis=-1)
        noise = "independent noise" if not kept else f"a share {kept:g} of the noise stays"
        print(f"  ever told, {noise}: {rate(int(ever.sum()), histories)}")


def seen(random: np.random.Generator, histories: int) -> None:
    print(f"Seen, one series of {ALL} moved, {histories} histories:")
    print("| moved | " + " | ".join(f"{runs} runs" for runs in LENGTHS), end=" | ")
    print(f"{COMPARED} runs, steps alone | {COMPARED} runs, line alone |")
    print("|---" * (len(LENGTHS) + 3) + "|")
    limits = {(runs, BOTH): critical(random, runs, BOTH) for runs in LENGTHS}
    limits |= {(COMPARED, alone): critical(random, COMPARED, alone) for alone in (STEPS, LINE)}
    cases: list[tuple[str, Draw, tuple[float, ...], float]] = [
        ("time", times, (0.1, 0.2), USUAL_SECONDS),
        ("accuracy of lstm", accuracies("lstm"), (-0.01, -0.02), 1.0),
    ]
    shapes: dict[str, Callable[[Array], Array]] = {
        "step in the middle": lambda place: np.where(place >= 0.5, 1.0, 0.0),
        "step before the last quarter": lambda place: np.where(place >= 0.75, 1.0, 0.0),
        "slope from end to end": lambda place: place,
    }
    for name, draw, sizes, unit in cases:
        for shape, of in shapes.items():
            for size in sizes:
                told = []
                for (runs, patterns), limit in limits.items():
                    moved = of(np.arange(runs) / (runs - 1))
                    amounts = draw(random, (histories, runs)) + size * unit * moved
                    hits = int((largest(amounts, patterns) > limit).sum())
                    told.append(rate(hits, histories))
                size_told = f"{size:+.0%}" if unit != 1 else f"{size:+g}"
                print(f"| {name}, {shape}, {size_told} | {' | '.join(told)} |")


def second_step(random: np.random.Generator, histories: int) -> None:
    """Print how often more is told than the one step that there is, and where that one is placed."""
    more = near = 0
    for _ in range(histories):
        amounts = times(random, (40,)) * np.where(np.arange(40) >= 20, 1.2, 1.0)
        found = drifts([series("time", "s", amounts)])
        more += len(found) > 1
        near += any(d.shape is Shape.STEP and abs(d.first_after - 20) <= 1 for d in found)
    print(f"One step of 20 % after 20 of 40 runs, that series alone, {histories} histories:")
    print(
        f"  placed within one run: {rate(near, histories)}; a second drift told: {rate(more, histories)}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=500)
    parser.add_argument("--growing", type=int, default=1000)
    parser.add_argument("--power", type=int, default=1000)
    options = parser.parse_args()
    random = np.random.default_rng(0)
    false_alarms(random, options.histories)
    limits = {runs: critical(random, runs, BOTH) for runs in range(8, 41)}
    while_growing(random, options.growing, limits)
    seen(random, options.power)
    second_step(random, options.power // 25)


if __name__ == "__main__":
    main()
