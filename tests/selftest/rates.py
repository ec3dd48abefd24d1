"""Operating characteristics: how often each question is red for nothing, and which harm it sees.

    python -m tests.selftest.rates --unchanged FOLDER [--trial FOLDER] [--into DOCUMENT]
        [--headline DOCUMENT] [--gates]

The folders are what `tests.selftest.unchanged` and `tests.selftest.trial` kept. What has noise is simulated
besides, from the seeds that were recorded. The table is printed, or put into a document such as
`docs/rates.md`; `--gates` writes the rates into the `gate` of each baseline too, and `--headline` puts the
two numbers of the whole gate into a document such as `README.md`.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from rnn_suite.baselines import load_baseline
from rnn_suite.evidence import against_baseline, read_measured
from rnn_suite.jsonable import read_json, to_jsonable, write_json
from rnn_suite.questions import QUESTIONS, SEARCH, STEP_TIME
from rnn_suite.questions.accuracy import ACCURACY
from rnn_suite.questions.question import MeasuredRates
from rnn_suite.results import StepTimes
from rnn_suite.run_report import RunReport, read_run
from rnn_suite.verdicts import Outcome, Verdict
from tests.selftest.binomial import share
from tests.selftest.faults import FAULTS
from tests.selftest.marked import measured_on, put_between, tell
from tests.selftest.rate_rows import Row, first_seen, with_intervals
from tests.selftest.simulated import accuracies, searches
from tests.selftest.trial import KEPT, ROOT, Tried, read_tried
from tests.selftest.unchanged import CORPORA

MARK, HEADLINE = "rates", "headline"


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
            rates=with_intervals(
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
            rates=with_intervals(measured, reds, len(same), harm, seen, len(ratios)),
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
    parser.add_argument("--trial", type=Path, default=KEPT, help="what tests.selftest.trial kept")
    parser.add_argument("--unchanged", type=Path, required=True, help="of tests.selftest.unchanged")
    parser.add_argument("--into", type=Path, metavar="DOCUMENT", help="where the table is put")
    parser.add_argument(
        "--headline", type=Path, metavar="DOCUMENT", help="where its first line is put"
    )
    parser.add_argument("--gates", action="store_true", help="write the rates into the baselines")
    chosen = parser.parse_args()
    tried = read_tried(chosen.trial)
    runs = [read_run(path) for path in sorted(chosen.unchanged.glob("*.json"))]
    if not (tried and runs):
        parser.error(f"expected results in {chosen.trial} and {chosen.unchanged}, received none")
    measured = ", ".join((time.strftime("%Y-%m-%d", time.gmtime()), *measured_on()))
    rows = [*without_noise(runs, tried, measured), *step_times(runs, measured)]
    rows += [row for corpus in CORPORA for row in accuracies(corpus, measured)]
    rows += searches(measured)
    numbers = headline(runs, tried)
    if chosen.headline is not None:
        put_between(chosen.headline, HEADLINE, f"{numbers} {measured}.")
    if chosen.gates:
        for row in rows:
            for path in row.files:
                write_into_gate(path, row.rates)
    tell(f"{numbers}\n\n{measured}.\n\n{table(rows)}", chosen.into, MARK)


if __name__ == "__main__":
    main()
