"""Runs made from what was really measured: the stored baselines, and pairs of real processes.

Of a baseline some seeds are held back and play the new run, under a made-up newer TensorFlow. Two things are
not measured and say so by their names: validation curves where the baselines have none, and pairs of the
import and of memory, which have the sizes of docs/upgrade.md and the noise of measured training steps.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

from rnn_suite.baselines import Baseline, compare, load_baseline
from rnn_suite.findings import UNCOMPARABLE
from rnn_suite.models import CELLS
from rnn_suite.questions import QUESTIONS, question_named
from rnn_suite.questions.accuracy import SeedAccuracies
from rnn_suite.questions.rules import TOPICS, RuleFindings
from rnn_suite.questions.search import Searches
from rnn_suite.report.answer import answer
from rnn_suite.report.versions import versions
from rnn_suite.results import StepTimes
from rnn_suite.run_report import Reported, RunReport, Unanswered, Version
from rnn_suite.upgrade.decision import LOOKS, State, confirm, confirmation_looks, look
from rnn_suite.upgrade.pairs import Environments
from rnn_suite.upgrade.phases import Asked, Values
from rnn_suite.upgrade.run import Found, Plan
from rnn_suite.upgrade.telling import verdict_of
from rnn_suite.verdicts import Verdict

ROOT = Path(__file__).parents[3]
PAIRS = ROOT / "tests/benchmarks/measured/unchanged.jsonl"
BASELINES = ROOT / "baselines"
HELD_BACK = 3
"""Seeds of an accuracy that play the new run."""


def synthetic_history(accuracies: Sequence[float]) -> dict[str, tuple[tuple[float, ...], ...]]:
    """Return made-up curves that end at the accuracies."""
    shares = ((0.72, 0.93, 1.0), (0.78, 0.97, 0.99), (0.70, 0.95, 1.01))
    return {
        "val_accuracy": tuple(
            tuple(accuracy * share for share in shares[i % 3])
            for i, accuracy in enumerate(accuracies)
        )
    }


def _slice(measured: SeedAccuracies, part: slice) -> SeedAccuracies:
    history = measured.history or synthetic_history(measured.accuracy_fraction)
    return SeedAccuracies(
        seeds=measured.seeds[part],
        accuracy_fraction=measured.accuracy_fraction[part],
        last_epoch_accuracy_fraction=measured.last_epoch_accuracy_fraction[part],
        test_loss=measured.test_loss[part],
        last_epoch_test_loss=measured.last_epoch_test_loss[part],
        history={name: curves[part] for name, curves in history.items()},
    )


def _halves(measured: Any) -> tuple[Any, Any]:
    """Return what plays the baseline, and what plays the new run."""
    if isinstance(measured, SeedAccuracies):
        return _slice(measured, slice(HELD_BACK, None)), _slice(measured, slice(HELD_BACK))
    if isinstance(measured, Searches):
        return Searches(searches=measured.searches[1:]), Searches(searches=measured.searches[:1])
    return measured, measured


@cache
def _baselines(corpus: str) -> tuple[Baseline, ...]:
    """Return what the profile smoke asks."""
    found = []
    for question in QUESTIONS.values():
        if question.name in TOPICS:
            if not TOPICS[question.name].smoke:
                continue
            folder = BASELINES / "rules" / question.name
        else:
            folder = BASELINES / "smoke" / corpus / question.name
        found += [load_baseline(path, question) for path in sorted(folder.glob("*.json"))]
    return tuple(found)


def _question(baseline: Baseline) -> str:
    return baseline.path.parent.name


def _gated(
    changed: dict[tuple[str, str], Callable[[Any], Any]], corpus: str = "imdb"
) -> list[Verdict]:
    """Return the verdicts of a run in which the named measurements came out changed."""
    verdicts = []
    for name in dict.fromkeys(map(_question, _baselines(corpus))):
        pairs = []
        for baseline in _baselines(corpus):
            if _question(baseline) != name:
                continue
            old, new = _halves(baseline.measurement.measured)
            new = changed.get((name, baseline.path.stem), lambda value: value)(new)
            environment = replace(
                baseline.measurement.environment, tensorflow="2.22.0rc1", keras="3.16.0"
            )
            pairs.append(
                (
                    replace(
                        baseline,
                        path=baseline.path.relative_to(ROOT),
                        measurement=replace(baseline.measurement, measured=old),
                    ),
                    replace(baseline.measurement, measured=new, environment=environment),
                )
            )
        verdicts += compare(question_named(name), pairs)
    return verdicts


def report(
    verdicts: Sequence[Verdict],
    *,
    finished: bool = True,
    unanswered: Sequence[Unanswered] = (),
    changed: Sequence[Version] = (),
    **fields: Any,
) -> RunReport:
    """Return a run with these verdicts."""
    made = RunReport(
        started="2026-11-25T04:00:00Z",
        written="2026-11-25T04:03:10Z",
        finished=finished,
        answer=answer(verdicts, unanswered),
        header=(
            "TensorFlow 2.22.0rc1, Keras 3.16.0, NumPy 2.4.6; corpus imdb, from Keras's cache",
        ),
        versions=tuple(changed) or versions(verdicts),
        verdicts=tuple(
            Reported(
                test=f"tests/gate/test_{v.question}.py::test_{v.cell}", seconds=1.5 + i, verdict=v
            )
            for i, v in enumerate(verdicts)
        ),
        unanswered=tuple(unanswered),
        recorded=(),
        trained=(),
        told=(),
    )
    return replace(made, **fields)


TRAINED = (
    (
        "trained",
        "seeds",
        "import",
        "build",
        "first step",
        "steady step",
        "evaluation",
        "peak memory",
    ),
    ("smoke imdb lstm", "3", "2.9 s", "0.02 s", "1.74 s", "10.3 ms", "0.62 s", "905 MiB"),
    ("smoke imdb gru", "3", "-", "0.02 s", "1.88 s", "12.1 ms", "0.71 s", "931 MiB"),
)


def all_green() -> RunReport:
    """Return a run on IMDB in which nothing changed."""
    return report(_gated({}), trained=TRAINED)


def three_regressions() -> RunReport:
    """Return a run in which the accuracy of lstm, a rule of gru and the step time of simple_rnn got worse."""
    changed: dict[tuple[str, str], Callable[[Any], Any]] = {
        ("accuracy", "lstm"): _lowered,
        ("forward", "gru"): _broken,
        ("step_time", "simple_rnn"): _slowed,
    }
    return report(_gated(changed), trained=TRAINED)


def _lowered(measured: SeedAccuracies) -> SeedAccuracies:
    def less(values: Sequence[float]) -> tuple[float, ...]:
        return tuple(value - 0.07 for value in values)

    history = {name: tuple(map(less, curves)) for name, curves in measured.history.items()}
    return replace(measured, accuracy_fraction=less(measured.accuracy_fraction), history=history)


def _broken(measured: RuleFindings) -> RuleFindings:
    first, second, *others = measured.findings
    return RuleFindings(
        findings=(
            replace(first, error=4e-3, received="0.004 off"),
            replace(second, error=UNCOMPARABLE, received="ValueError: shapes differ"),
            *others,
        )
    )


def _slowed(measured: StepTimes) -> StepTimes:
    return replace(measured, step_seconds=tuple(4 * s for s in measured.step_seconds))


def unfinished() -> RunReport:
    """Return a run that was cut short after the exact questions and one cell's accuracy."""
    verdicts = [
        v for v in _gated({}) if v.question in ("parameters", "dataset", "replay", "accuracy")
    ]
    left = [
        Unanswered(test=f"tests/gate/test_step_time.py::test_step_time[{cell}]", why="not reached")
        for cell in CELLS
    ]
    return report(verdicts[:-2], finished=False, unanswered=left)


def empty() -> RunReport:
    """Return a run that was cut short before anything was measured."""
    return report([], finished=False, header=())


def upgrade() -> RunReport:
    """Return a real pair of releases: the import and the memory are red, training steps are not."""
    steps = {Asked("train_step", cell): _measured_pairs(cell) for cell in CELLS}
    noise = [(median(v.old), median(v.new)) for v in steps[Asked("train_step", "lstm")]]
    measured = steps | {
        Asked("import", "all"): _synthetic_pairs(1.90, 2.35, noise),
        Asked("peak_memory", "all"): _synthetic_pairs(777.0, 896.0, noise),
        Asked("accuracy", "lstm"): _seeds_as_pairs(),
    }
    plan = Plan(
        environments=Environments(
            reference=Path("old/bin/python"), candidate=Path("new/bin/python")
        ),
        asked=tuple(measured),
        timed={},
        trained={},
        allowed_drop=dict.fromkeys(CELLS, 0.03),
    )
    found = Found(suspects=2)
    for asked, values in measured.items():
        _decide(found, plan, asked, values)
    return report(
        [verdict_of(asked, found, plan) for asked in measured],
        changed=(
            Version(name="python", old="3.11.7", new="3.11.7"),
            Version(name="tensorflow-cpu", old="2.18.1", new="2.21.0"),
            Version(name="keras", old="3.8.0", new="3.15.1"),
            Version(name="numpy", old="2.0.2", new="2.4.6"),
        ),
        told=("Pairs kept in .rnn_suite/upgrade-20261124-215038.jsonl",),
    )


def _measured_pairs(cell: str) -> list[Values]:
    lines = map(json.loads, PAIRS.read_text(encoding="utf-8").splitlines())
    found = [line["values"][f"train_step:{cell}"] for line in lines]
    return [Values(old=tuple(pair["old"]), new=tuple(pair["new"])) for pair in found[:16]]


def _synthetic_pairs(old: float, new: float, noise: Sequence[tuple[float, float]]) -> list[Values]:
    """Return pairs of these sizes, a third as noisy as measured ones."""
    usual = median(value for pair in noise for value in pair)
    return [
        Values(old=(old * (a / usual) ** (1 / 3),), new=(new * (b / usual) ** (1 / 3),))
        for a, b in noise
    ]


def _seeds_as_pairs() -> list[Values]:
    """Return accuracies of a baseline's seeds, each against itself with one review told otherwise."""
    path = BASELINES / "smoke/imdb/accuracy/lstm.json"
    values = load_baseline(path, question_named("accuracy")).measurement.measured.accuracy_fraction
    return [
        Values(old=(value,), new=(value + (-1) ** i * (i + 1) / 4_000,))
        for i, value in enumerate(values[:16])
    ]


def _decide(found: Found, plan: Plan, asked: Asked, values: list[Values]) -> None:
    def differences(count: int) -> list[float]:
        return [value.difference(asked.row.scale) for value in values[:count]]

    for pairs in LOOKS:
        found.first[asked] = values[:pairs]
        held = plan.limits(asked, values[:pairs])
        found.decisions[asked] = look(differences(pairs), margin=held.harm, red=held.red)
        if found.decisions[asked].state is not State.OPEN:
            break
    if found.decisions[asked].state is State.SUSPECT:
        pairs = confirmation_looks(found.suspects)[-1]
        found.second[asked] = values[:pairs]
        found.decisions[asked] = confirm(
            differences(pairs), margin=held.harm, red=held.red, suspects=found.suspects
        )


RUNS: dict[str, Callable[[], RunReport]] = {
    run.__name__: run for run in (all_green, three_regressions, upgrade, unfinished, empty)
}
"""By name."""
