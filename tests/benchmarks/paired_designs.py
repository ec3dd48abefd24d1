"""Which way of taking turns has the smaller error: `python tests/benchmarks/paired_designs.py [--pairs N]`.

Pairs of fresh processes of *this* environment, so that every difference is error. Each pair takes the same
number of training steps in both designs, in an order drawn anew: step by step in turn, and all steps of one
process and then all of the other. Printed are, for each cell, the spread over pairs of the log ratio of
the medians, and what it would be with fewer steps a pair. Run it on an idle machine. Nothing here is a test.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from rnn_suite.experiment import profile_experiment
from rnn_suite.jsonable import to_jsonable
from rnn_suite.models import CELLS
from rnn_suite.upgrade.arm import Arm

STEPS, WARM = 6, 2
Steps = dict[str, dict[str, list[list[float]]]]
"""By cell and design, the seconds of both sides."""


def one_pair(corpus: str, chance: random.Random) -> Steps:
    experiments = {c: profile_experiment("full", corpus=corpus, cell=c) for c in CELLS}
    found: Steps = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        arms = [
            stack.enter_context(Arm(Path(sys.executable), role=role, folder=folder))
            for role in ("reference", "candidate")
        ]

        def both(do: str, **what: object) -> None:
            for arm in arms:
                arm.send(do, **what)
            for arm in arms:
                arm.receive()

        both("import")
        both("load", experiment=to_jsonable(experiments["lstm"]))
        for cell in chance.sample(list(CELLS), len(CELLS)):
            both("build", experiment=to_jsonable(experiments[cell]))
            both("fit")
            for _ in range(WARM):
                both("step")
            found[cell] = {}
            for design in chance.sample(["step by step", "process by process"], 2):
                seconds: list[list[float]] = [[], []]
                turns = (
                    [side for _ in range(STEPS) for side in chance.sample([0, 1], 2)]
                    if design == "step by step"
                    else [side for side in chance.sample([0, 1], 2) for _ in range(STEPS)]
                )
                for side in turns:
                    seconds[side].append(arms[side].ask("step")["seconds"])
                found[cell][design] = seconds
            both("end")
    return found


def log_ratio(seconds: list[list[float]], steps: int) -> float:
    old, new = (statistics.median(side[:steps]) for side in seconds)
    return math.log(new / old)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=16)
    parser.add_argument("--corpus", default="imdb")
    parser.add_argument("--raw", type=Path, help="file that every pair is appended to")
    options = parser.parse_args()
    chance, pairs = random.Random(0), []  # noqa: S311 (no secret)
    for _ in range(options.pairs):
        started = time.perf_counter()
        pairs.append(one_pair(options.corpus, chance))
        print(f"pair {len(pairs)}: {time.perf_counter() - started:.0f} s", flush=True)
        if options.raw:
            with options.raw.open("a") as file:
                file.write(json.dumps(pairs[-1]) + "\n")
    print(
        "Spread of the log ratio over pairs of identical processes: sd, and robust sd (MAD x 1.48)"
    )
    for cell in CELLS:
        for design in ("step by step", "process by process"):
            for steps in (2, 4, STEPS):
                ratios = [log_ratio(pair[cell][design], steps) for pair in pairs]
                centre = statistics.median(ratios)
                mad = 1.4826 * statistics.median(abs(ratio - centre) for ratio in ratios)
                print(
                    f"  {cell:10} {design:18} {steps} steps: sd {statistics.stdev(ratios):.3f}, "
                    f"robust {mad:.3f}, worst {max(map(abs, ratios)):.3f}"
                )


if __name__ == "__main__":
    main()
