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
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rnn_suite.baselines import load_baseline
from rnn_suite.evidence import against_baseline, read_measured
from rnn_suite.jsonable import read_json, to_jsonable, write_json
from rnn_suite.questions import QUESTIONS, SEARCH, STEP_TIME
from rnn_suite.questions.accuracy import ACCURACY
from rnn_suite.questions.question import MeasuredRates
from rnn_suite.questions.rules import TOPICS
from rnn_suite.results import StepTimes
from rnn_suite.run_report import RunReport, Safety, read_run
from rnn_suite.verdicts import Outcome, Verdict
from tests.selftest.binomial import share
from tests.selftest.faults import FAULTS
from tests.selftest.marked import expect_marks, put_between, tell
from tests.selftest.provenance import DIRTY, commit, commit_of, measured_in
from tests.selftest.rate_rows import Row, first_seen, with_intervals
from tests.selftest.simulated import accuracies, searches
from tests.selftest.trial import KEPT, Tried, harmful, read_tried, where_tried
from tests.selftest.unchanged import CORPORA, alarmed
from tests.selftest.wounded_gate import ROOT

MARK, HEADLINE = "rates", "headline"


def verdicts_of(runs: Sequence[RunReport], question: str) -> list[list[Verdict]]:
    """Return what each run that asked `question` found, of all its cells."""
    found = [
        [one.verdict for one in run.verdicts if one.verdict.question == question] for run in runs
    ]
    return [verdicts for verdicts in found if any(verdict.compared for verdict in verdicts)]


def without_noise(
    runs: Mapping[str, Sequence[RunReport]], tried: Sequence[Tried], measured: str
) -> Iterator[Row]:
    """Yield rows of the questions that the same numbers go into each time; `runs` are by corpus.

    A rule is asked the same on every corpus; all else has a row for each.
    """
    everywhere = [run for corpus in runs.values() for run in corpus]
    for question in QUESTIONS.values():
        if question in (ACCURACY, SEARCH, STEP_TIME):
            continue
        asked = {"rules": everywhere} if question.name in TOPICS else runs
        for place, whole_runs in asked.items():
            found = verdicts_of(whole_runs, question.name)
            if not found:
                continue
            where = "" if place == "rules" else f" on {place}"
            stored = ROOT / "baselines" / (place if place == "rules" else f"smoke/{place}")
            meant = [one for one in harmful(tried) if question.name in FAULTS[one.fault].sees]
            planted_in = "; ".join(where_tried(meant))
            yield Row(
                name=f"{question.name}{where}",
                simulated=False,
                files=tuple(sorted((stored / question.name).glob("*.json"))),
                rates=with_intervals(
                    f"unchanged code: {measured}; faults: {planted_in}",
                    reds=sum(any(v.outcome is Outcome.REGRESSED for v in one) for one in found),
                    unchanged=len(found),
                    harm=planted(meant, question.name),
                    seen=sum(question.name in one.seen_by for one in meant),
                    harmed=len(meant),
                    picked=True,
                ),
            )


def planted(meant: Sequence[Tried], question: str) -> str:
    """Return what was planted for `question`: the least size that it saw of each, and what it missed."""
    least: dict[str, str] = {}
    missed: dict[str, None] = {}
    for one in meant:
        fault = FAULTS[one.fault]
        size = f" {one.size:g} {fault.unit}" if fault.unit else ""
        if question not in one.seen_by:
            missed[f"{fault.name}{size}"] = None
        elif size:
            least.setdefault(fault.name, f"{fault.name} from{size}")
    told = ["faults planted for it, on the stand-in, of one cell each", *least.values()]
    told += [f"missed {', '.join(missed)}"] if missed else []
    return "; ".join(told)


def step_times(runs: Sequence[RunReport], measured: str) -> Iterator[Row]:
    """Yield a row for the step time of each cell: how much slower each of the runs would have been red.

    Runs that were inconclusive, on a machine that others kept busy, would be so again.
    """
    decided = [
        v
        for verdicts in verdicts_of(runs, STEP_TIME.name)
        for v in verdicts
        if v.compared and v.outcome is not Outcome.INCONCLUSIVE
    ]
    for path in sorted((ROOT / "baselines" / "smoke").glob(f"*/{STEP_TIME.name}/*.json")):
        same = [v for v in decided if Path(v.file).parts[-4:] == path.parts[-4:]]
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
        yield Row(
            name=f"step_time of {path.stem} on {path.parents[1].name}",
            simulated=False,
            files=(path,),
            rates=with_intervals(
                measured,
                reds=sum(v.outcome is Outcome.REGRESSED for v in same),
                unchanged=len(same),
                harm=f"steps {slower:.2f} times as long, worked out from those runs",
                seen=seen,
                harmed=len(ratios),
                picked=True,
            ),
        )


def table(rows: Sequence[Row]) -> str:
    """Return the rates in Markdown."""
    lines = ["| question | unchanged code red | harm | seen |", "|---|---|---|---|"]
    for row in rows:
        one = row.rates
        kind = " simulated" if row.simulated else ""
        counted = f"{one.seen} of {one.harmed_runs}"
        seen = share(one.seen, one.harmed_runs) if one.seen_interval else counted
        lines.append(
            f"| {row.name} | {share(one.false_reds, one.unchanged_runs)}{kind} "
            f"| {one.harm} | {seen} |"
        )
    return "\n".join(lines)


def false_alarms(runs: Sequence[RunReport], measured: str) -> str:
    """Return the first of the two numbers that stand in the README."""
    unknown = sum(run.answer.safety is Safety.NOT_KNOWN for run in runs)
    return (
        f"False alarms: {share(sum(map(alarmed, runs)), len(runs))} whole runs of smoke on unchanged "
        f'code; {unknown} of them ended with "Not known". {measured}.'
    )


def caught(tried: Sequence[Tried]) -> str:
    """Return the second of the two numbers that stand in the README."""
    planted = harmful(tried)
    return (
        f"Caught: {sum(one.caught for one in planted)} of {len(planted)} planted faults, with their "
        "sizes. Where and when each was tried stands in docs/trial.md."
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
        "--headline",
        type=Path,
        metavar="DOCUMENT",
        help="where its first two lines are put",
    )
    parser.add_argument("--gates", action="store_true", help="write the rates into the baselines")
    chosen = parser.parse_args()
    expect_marks(parser, chosen.into, MARK)
    expect_marks(parser, chosen.headline, HEADLINE)
    if chosen.gates and commit().endswith(DIRTY):
        parser.error("expected code as it was committed, received changes; commit them first")
    tried = read_tried(chosen.trial)
    by_corpus = {
        corpus: [read_run(path) for path in sorted(chosen.unchanged.glob(f"*-{corpus}.json"))]
        for corpus in CORPORA
    }
    runs = [run for corpus in by_corpus.values() for run in corpus]
    for found, place, maker in (
        (tried, chosen.trial, "trial --kept"),
        (runs, chosen.unchanged, "unchanged"),
    ):
        if not found:
            parser.error(
                f"{place}: expected results, received none; run `python -m tests.selftest.{maker} {place}`"
            )
    measured = measured_in(runs, commit_of(chosen.unchanged, adding=False))
    rows = [*without_noise(by_corpus, tried, measured), *step_times(runs, measured)]
    drawn = f"{time.strftime('%Y-%m-%d', time.gmtime())}, commit {commit()}, simulated"
    rows += [row for corpus in CORPORA for row in accuracies(corpus, drawn)]
    rows += searches(drawn)
    numbers = f"- {false_alarms(runs, measured)}\n- {caught(tried)}"
    if chosen.headline is not None:
        put_between(chosen.headline, HEADLINE, numbers)
    if chosen.gates:
        for row in rows:
            for path in row.files:
                write_into_gate(path, row.rates)
    tell(f"{numbers}\n\n{table(rows)}", chosen.into, MARK)


if __name__ == "__main__":
    main()
