"""How often a drop passes that is half of the allowed one: `python tests/benchmarks/inside_the_limit.py`.

Runs are simulated as `tests/benchmarks/accuracy_rates.py` does. Nothing here is a test.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from rnn_suite.baselines import load_baseline
from rnn_suite.questions.accuracy import ACCURACY
from rnn_suite.verdicts import Outcome
from tests.benchmarks.accuracy_rates import ROOT, exact_interval, simulate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=500)
    options = parser.parse_args()
    random = np.random.default_rng(0)
    folder = ROOT / "smoke" / "imdb" / ACCURACY.name
    baselines = [load_baseline(path, ACCURACY) for path in sorted(folder.glob("*.json"))]
    for baseline in baselines:
        cell = baseline.measurement.trained.cell
        drop = baseline.gate.allowed_drop_fraction / 2
        counts = Counter(
            simulate(baselines, {cell: drop}, random)[cell] for _ in range(options.runs)
        )
        print(
            f"| {cell} {drop:.3f} lower, half of what is allowed "
            f"| {exact_interval(counts[Outcome.REGRESSED], options.runs)} "
            f"| {exact_interval(counts[Outcome.PASS] + counts[Outcome.IMPROVED], options.runs)} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
