"""Error rates of paired decisions: `python tests/benchmarks/paired_decision_rates.py [--runs N]`.

Whole runs (first set with all its looks, second set of the suspects) are simulated: one question of 25, or
of 3, is truly slower, the others are not. Nothing here is a test.
"""

from __future__ import annotations

import argparse
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from statistics import fmean

import numpy as np
import numpy.typing as npt
from scipy import stats

from rnn_suite.upgrade.decision import LOOKS, State, confirm, confirmation_looks, look

Noise = Callable[[np.random.Generator, tuple[int, int]], npt.NDArray[np.float64]]

MARGIN = math.log(1.1)
QUESTIONS = (25, 3)
SPREADS = (0.02, 0.04, 0.07)
SLOWER = (0.0, 0.05, 0.1, 0.2, 0.4)


def contaminated(random: np.random.Generator, shape: tuple[int, int]) -> npt.NDArray[np.float64]:
    """Return normal noise of spread 1, of which every tenth value has spread 4: 1.6 over all."""
    return random.normal(size=shape) * np.where(random.random(shape) < 0.1, 4.0, 1.0)


NOISES: dict[str, Noise] = {
    "normal": lambda random, shape: random.normal(size=shape),
    "laplace": lambda random, shape: random.laplace(scale=math.sqrt(0.5), size=shape),
    "outliers": contaminated,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one simulated run ended in."""

    changed: State
    """How the question ended that is truly slower."""
    others: Counter[State]
    """How the others ended."""
    first_pairs: int
    """Pairs until no question was open."""
    second_pairs: int
    """Pairs of the second set, 0 without suspects."""


def simulate(
    random: np.random.Generator, noise: Noise, sd: float, slower: float, count: int
) -> Run:
    """Simulate one run of `count` questions, the first of which is slower by a share `slower`."""
    shift = np.zeros((count, 1))
    shift[0] = math.log1p(slower)
    first = (shift + sd * noise(random, (count, LOOKS[-1]))).tolist()
    states, first_pairs = [], 0
    for differences in first:
        for pairs in LOOKS:
            state = look(differences[:pairs], margin=MARGIN).state
            if state is not State.OPEN:
                break
        states.append(state)
        first_pairs = max(first_pairs, pairs)
    suspects = [i for i, state in enumerate(states) if state is State.SUSPECT]
    second_pairs = 0
    for i in suspects:
        looks = confirmation_looks(len(suspects))
        second = (shift[i] + sd * noise(random, (1, looks[-1])))[0].tolist()
        for pairs in looks:
            states[i] = confirm(second[:pairs], margin=MARGIN, suspects=len(suspects)).state
            if states[i] is not State.INCONCLUSIVE:
                break
        second_pairs = max(second_pairs, pairs)
    return Run(
        changed=states[0],
        others=Counter(states[1:]),
        first_pairs=first_pairs,
        second_pairs=second_pairs,
    )


def exact_interval(hits: int, runs: int) -> str:
    found = stats.binomtest(hits, runs).proportion_ci()
    return f"{hits / runs:6.1%} ({found.low:5.1%} to {found.high:6.1%})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100, help="of each case")
    options = parser.parse_args()
    told = (State.REGRESSED, State.PASS, State.IMPROVED, State.INCONCLUSIVE)
    print(f"{options.runs} simulated runs of each case, margin 10 %, exact 95 % intervals.")
    print("The question that is slower by so much:")
    print(
        f"{'questions':>9} {'noise':>8} {'sd':>4} {'slower':>6}  "
        + " ".join(f"{state:<24}" for state in told)
        + "pairs: first + second set"
    )
    runs: list[Run] = []
    unchanged: list[Run] = []
    for count, noise, sd, slower in product(QUESTIONS, NOISES, SPREADS, SLOWER):
        random = np.random.default_rng(
            [count, *noise.encode(), round(1000 * sd), round(1000 * slower)]
        )
        found = [simulate(random, NOISES[noise], sd, slower, count) for _ in range(options.runs)]
        (unchanged if slower == 0 else runs).extend(found)
        ends = Counter(run.changed for run in found)
        print(
            f"{count:9} {noise:>8} {sd:4.2f} {slower:6.0%}  "
            + " ".join(exact_interval(ends[state], options.runs) for state in told)
            + f" {fmean(run.first_pairs for run in found):5.1f}"
            + f" + {fmean(run.second_pairs for run in found):.1f}"
        )
    false = sum(State.REGRESSED in {run.changed, *run.others} for run in unchanged)
    print(
        f"Runs without any change that end with a false red: {exact_interval(false, len(unchanged))}"
    )
    false = sum(State.REGRESSED in run.others for run in runs)
    print(
        f"Runs with one change that call another question red: {exact_interval(false, len(runs))}"
    )
    others = sum((run.others for run in runs + unchanged), Counter[State]())
    for state in told:
        print(f"Unchanged questions {state}: {others[state] / others.total():.2%}")


if __name__ == "__main__":
    main()
