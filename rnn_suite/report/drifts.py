"""What a history's series did over runs and versions, in words."""

from __future__ import annotations

from collections.abc import Sequence

from rnn_suite.drift import Drift, Shape, drifts, replicates_needed
from rnn_suite.history import History
from rnn_suite.series import LIBRARIES, Point, Series, series

_NOT_YET = "No drift can be told yet"


def drift_lines(history: History) -> list[str]:
    """Return a line a drift, one that says what was looked at, and the history's faults."""
    every = series(history)
    found = drifts(every)
    lines = [drift_line(drift) for drift in found]
    if every:
        lines.append(_looked_at(every, runs=len(history.lines), drifted=len(found)))
    return [*lines, *history.faults]


def _looked_at(every: Sequence[Series], *, runs: int, drifted: int) -> str:
    """Return what was looked at, or why there is nothing to look at yet."""
    varying = [one for one in every if len({r.amount for r in one.replicates}) > 1]
    if runs == 1:
        return f"{_NOT_YET}: this is the first run of the history."
    if not varying and len({point.versions for one in every for point in one.points}) == 1:
        return (
            f"{_NOT_YET}: all {runs} runs of the history are on the same versions, where trainings and rules "
            "repeat to the last digit."
        )
    if not varying:
        return f"No drift: in {runs} runs of the history nothing differs."
    needed = replicates_needed(len(varying))
    longest = max(len(one.replicates) for one in varying)
    if longest < needed:
        return (
            f"{_NOT_YET}: {len(varying)} of {len(every)} series vary, a slope can show from {needed} "
            f"independent measurements on, and none has more than {longest}."
        )
    short = sum(len(one.replicates) < needed for one in varying)
    return (
        f"Looked for drift in {len(every)} series over {runs} runs: {len(varying)} vary, {short} of them "
        f"too short (a slope can show from {needed} independent measurements on); {drifted} drifted"
    )


def drift_line(drift: Drift) -> str:
    """Return one drift in words: what, from what to what, when, with which versions, how sure."""
    unit, number = drift.series.unit, len(drift.replicates)
    old, new = (amount_text(value, unit) for value in (drift.before, drift.after))
    if drift.shape is Shape.STEP:
        last = drift.replicates[drift.first_after - 1].runs[-1]
        first = drift.replicates[drift.first_after].runs[0]
        moved = f"{old} until {_day(last)}, {new} since {_day(first)}"
    else:
        last, first = drift.replicates[0].runs[0], drift.replicates[-1].runs[-1]
        moved = f"slowly from {old} on {_day(last)} to {new} on {_day(first)}"
    measured = "runs" if drift.series.timed else "sets of versions"
    judged = {True: ", worse", False: ", better", None: ""}[drift.worse]
    return (
        f"{drift.series.name}: {moved} ({_changed(last, first)}){judged}, p {drift.p:.1g}; "
        f"{number} {measured}"
    )


def amount_text(amount: float, unit: str) -> str:
    """Return an amount as a person reads it."""
    match unit:
        case "s":
            return f"{amount * 1e3:.3g} ms" if amount < 1 else f"{amount:.3g} s"
        case "MiB":
            return f"{amount:.0f} MiB"
        case "fraction":
            return f"{amount:.4f}"
        case "share of bound":
            return f"{amount:.0%} of bound"
        case "relative":
            return f"{amount:.2g} off"
        case _:
            return f"{amount:,.6g}"


def _day(run: Point) -> str:
    return run.moment[:10]


def _changed(old: Point, new: Point) -> str:
    versions = [
        f"{name} {before} -> {after}"
        for name, before, after in zip(LIBRARIES, old.versions, new.versions, strict=True)
        if before != after
    ]
    if versions:
        return ", ".join(versions)
    same = "the same versions"
    return same if old.commit == new.commit else f"{same}, commit {old.commit} -> {new.commit}"
