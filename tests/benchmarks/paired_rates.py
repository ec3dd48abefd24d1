"""Error rates of old against new, measured on this machine, beside those of two usual rules.

    python tests/benchmarks/paired_rates.py collect FILE [--pairs N] [--wound NAME:SIZE] [--disturb] [--whole]
    python tests/benchmarks/paired_rates.py table FILE [FILE ...]

`collect` measures pairs of *this* environment with itself, one after the other, and appends each to FILE as
a line of JSON: the three training steps, or with `--whole` every timed phase. `--wound` wounds the new side
(`busy_wait:0.1` lets each step end 10 % later, `extra_operations:3` adds operations to the cell); with
`--disturb` another process keeps one core busy for some seconds, and then not, and so on.

`table` lets the suite decide whole runs on the pairs of each file as they came: a run
begins where the one before ended. With `--slowdowns` one that each step pays in proportion is also laid on
the pairs by arithmetic, which is what a busy wait does, for many runs of pairs drawn with replacement. The
other two rules are given as many steps as a first look has: those of old processes of one run, those of new
processes of another.
Nothing here is a test.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import math
import os
import random
import statistics
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rnn_suite.experiment import profile_experiment
from rnn_suite.jsonable import to_jsonable
from rnn_suite.models import CELLS
from rnn_suite.upgrade.decision import LOOKS, State
from rnn_suite.upgrade.pairs import Environments, Pair, measure_pair
from rnn_suite.upgrade.phases import PHASES, Asked, Values
from rnn_suite.upgrade.record import Record
from rnn_suite.upgrade.run import Plan, compare_environments

ROOT = Path(__file__).parents[2]
MARGIN = 0.1
RESAMPLED_RUNS = 1_000
PAIRS_A_RUN = LOOKS[0]

DISTURBANCE = """
import random, time
while True:
    until = time.monotonic() + random.uniform(1, 8)
    while time.monotonic() < until:
        pass
    time.sleep(random.uniform(1, 8))
"""

Pairs = list[dict[str, Values]]
"""What each pair of a file gave, by question."""


@contextlib.contextmanager
def disturbed(wanted: bool) -> Iterator[None]:
    if not wanted:
        yield
        return
    other = subprocess.Popen([sys.executable, "-c", DISTURBANCE])
    try:
        yield
    finally:
        other.kill()
        other.wait()


def collect(options: argparse.Namespace) -> None:
    asked = {
        Asked(phase.name, subject)
        for phase in PHASES.values()
        for subject in phase.subjects
        if not phase.quality and (options.whole or phase.name == "train_step")
    }
    python = Path(sys.executable)
    environments = Environments(reference=python, candidate=python)
    if options.wound:
        os.environ["RNN_SUITE_WOUND"] = options.wound
        environments = Environments(
            reference=python,
            candidate=python,
            candidate_launcher=ROOT / "tests" / "selftest" / "wounded_worker.py",
        )
    experiments = {c: profile_experiment("full", corpus=options.corpus, cell=c) for c in CELLS}
    chance = random.Random()  # noqa: S311 (no secret)
    with disturbed(options.disturb):
        for number in range(options.pairs):
            pair = measure_pair(environments, experiments, asked, chance=chance)
            line = {
                "values": {
                    question: {
                        side: [float(f"{value:.5g}") for value in getattr(values, side)]
                        for side in ("old", "new")
                    }
                    for question, values in pair.values.items()
                },
                "others_fraction": round(pair.others_fraction, 3),
                "seconds": round(pair.seconds, 1),
            }
            with options.file.open("a") as file:
                file.write(json.dumps(to_jsonable(line)) + "\n")
            print(
                f"pair {number + 1}: {pair.seconds:.0f} s, others {pair.others_fraction:.0%}",
                flush=True,
            )


def read(path: Path) -> tuple[Pairs, list[dict[str, Any]]]:
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    pairs = [
        {q: Values(old=tuple(v["old"]), new=tuple(v["new"])) for q, v in line["values"].items()}
        for line in lines
    ]
    return pairs, lines


class ExhaustedError(Exception):
    """There are no more pairs for another whole run."""


class Nowhere(Record):
    """Keeps nothing: what is decided on was kept when it was measured."""

    def append(self, **found: Any) -> None:
        pass


def one_run(
    draw: Callable[[], dict[str, Values]], questions: Sequence[Asked]
) -> dict[Asked, State]:
    """Let the suite decide one whole run on pairs that `draw` gives."""

    def measure(*_: object, **__: object) -> Pair:
        return Pair(
            values=draw(),
            cpu={},
            reference={},
            candidate={},
            facts={},
            others_fraction=0.0,
            seconds=0.0,
        )

    plan = Plan(
        environments=Environments(reference=Path(), candidate=Path()),
        asked=tuple(questions),
        timed={},
        trained={},
        allowed_drop={},
        margin_fraction=MARGIN,
        budget_seconds=math.inf,
    )
    nowhere = Nowhere(Path(os.devnull))
    found = compare_environments(plan, nowhere, lambda _line: None, measure=measure)
    return {question: found.decisions[question].state for question in questions}


def runs_as_they_came(pairs: Pairs, questions: Sequence[Asked]) -> list[dict[Asked, State]]:
    """Return the outcomes of whole runs back to back; what is left at the end is no whole run."""
    rest = iter(pairs)

    def draw() -> dict[str, Values]:
        try:
            return next(rest)
        except StopIteration:
            raise ExhaustedError from None

    runs = []
    with contextlib.suppress(ExhaustedError):
        while True:
            runs.append(one_run(draw, questions))
    return runs


def slower(pair: dict[str, Values], fraction: float) -> dict[str, Values]:
    return {
        question: Values(old=values.old, new=tuple(v * (1 + fraction) for v in values.new))
        for question, values in pair.items()
    }


def interval(hits: int, runs: int) -> str:
    from scipy import stats

    found = stats.binomtest(hits, runs).proportion_ci()
    return f"{hits / runs:.1%} ({found.low:.1%} to {found.high:.1%})"


def outcomes(runs: list[dict[Asked, State]]) -> str:
    """Say how runs ended: red if any question is, inconclusive if any is and none red."""

    def of(states: dict[Asked, State]) -> str:
        found = set(states.values())
        if State.REGRESSED in found:
            return "regressed"
        return "passed" if found <= {State.PASS, State.IMPROVED} else "inconclusive"

    counts = Counter(map(of, runs))
    return ", ".join(f"{counts[name]} {name}" for name in ("regressed", "inconclusive", "passed"))


def pooled(pairs: Pairs, question: Asked, side: str) -> list[float]:
    return [value for pair in pairs for value in getattr(pair[str(question)], side)]


def usual_rules(pairs: Pairs, questions: Sequence[Asked], fraction: float) -> tuple[float, float]:
    """Return how often `mean:10%` and asv's rule call any question slower."""
    from scipy import stats

    runs = [pairs[i : i + PAIRS_A_RUN] for i in range(0, len(pairs) - PAIRS_A_RUN + 1, PAIRS_A_RUN)]
    by_mean = by_asv = compared = 0
    for old_run in runs:
        for new_run in runs:
            if old_run is new_run:
                continue
            compared += 1
            means, asvs = [], []
            for question in questions:
                old = pooled(old_run, question, "old")
                new = [v * (1 + fraction) for v in pooled(new_run, question, "new")]
                means.append(statistics.fmean(new) > 1.1 * statistics.fmean(old))
                asvs.append(
                    statistics.median(new) > 1.1 * statistics.median(old)
                    and stats.mannwhitneyu(old, new).pvalue < 0.002
                )
            by_mean += any(means)
            by_asv += any(asvs)
    return by_mean / compared, by_asv / compared


def table(options: argparse.Namespace) -> None:
    for path in options.files:
        pairs, lines = read(path)
        questions = [
            Asked(*name.split(":")) for name in pairs[0] if all(name in pair for pair in pairs)
        ]
        others = statistics.median(line["others_fraction"] for line in lines)
        seconds = statistics.median(line["seconds"] for line in lines)
        runs = runs_as_they_came(pairs, questions)
        print(
            f"\n{path.name}: {len(pairs)} pairs of {seconds:.0f} s (median), other processes had "
            f"{others:.0%} of the machine (median)\n"
            f"{len(runs)} whole runs as they came: {outcomes(runs)}\n"
        )
        print(
            "| question | centre | sd of a pair | robust sd | worst | regressed | inconclusive | passed |"
        )
        print("|---|---|---|---|---|---|---|---|")
        for question in sorted(questions):
            d = [pair[str(question)].difference(question.row.scale) for pair in pairs]
            centre = statistics.median(d)
            mad = 1.4826 * statistics.median(abs(value - centre) for value in d)
            ends = Counter(run[question] for run in runs)
            passed = ends[State.PASS] + ends[State.IMPROVED]
            red = ends[State.REGRESSED]
            print(
                f"| {question} | {math.expm1(centre):+.1%} | {statistics.stdev(d):.1%} | {mad:.1%} | "
                f"{max(d, key=abs):+.1%} | {red} | {len(runs) - passed - red} | {passed} |"
            )
        if options.slowdowns:
            _slowdowns(pairs, questions)


def _slowdowns(pairs: Pairs, questions: Sequence[Asked]) -> None:
    chance = random.Random(0)  # noqa: S311 (no secret)
    print(
        f"\n{RESAMPLED_RUNS} runs of pairs drawn with replacement; any of the questions red "
        "(95 % interval of the drawing alone)\n"
    )
    print(
        "| true slowdown of every step | this suite: red | a question: red | inconclusive | "
        "`mean:10%` red | asv's rule red |"
    )
    print("|---|---|---|---|---|---|")
    for fraction in (0.0, 0.05, 0.1, 0.2, 0.4):
        wounded = [slower(pair, fraction) for pair in pairs]
        draw = functools.partial(chance.choice, wounded)
        runs = [one_run(draw, questions) for _ in range(RESAMPLED_RUNS)]
        any_red = sum(State.REGRESSED in run.values() for run in runs)
        each = [state for run in runs for state in run.values()]
        red = sum(state is State.REGRESSED for state in each) / len(each)
        passed = sum(state in (State.PASS, State.IMPROVED) for state in each) / len(each)
        by_mean, by_asv = usual_rules(pairs, questions, fraction)
        print(
            f"| {fraction:.0%} | {interval(any_red, RESAMPLED_RUNS)} | {red:.1%} | "
            f"{1 - red - passed:.1%} | {by_mean:.0%} | {by_asv:.0%} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    collecting = commands.add_parser("collect")
    collecting.add_argument("file", type=Path)
    collecting.add_argument("--pairs", type=int, default=60)
    collecting.add_argument("--corpus", default="imdb")
    collecting.add_argument("--wound")
    collecting.add_argument("--disturb", action="store_true")
    collecting.add_argument("--whole", action="store_true")
    collecting.set_defaults(work=collect)
    showing = commands.add_parser("table")
    showing.add_argument("files", type=Path, nargs="+")
    showing.add_argument(
        "--slowdowns",
        action="store_true",
        help="lay slowdowns on the pairs and compare other rules",
    )
    showing.set_defaults(work=table)
    options = parser.parse_args()
    options.work(options)


if __name__ == "__main__":
    main()
