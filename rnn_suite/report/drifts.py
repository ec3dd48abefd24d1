"""What a history's series did over runs and versions, in words."""

from __future__ import annotations

from rnn_suite.drift import Drift, Shape, drifts, replicates_needed
from rnn_suite.history import History
from rnn_suite.series import LIBRARIES, Point, series


def drift_lines(history: History) -> list[str]:
    """Return a line a drift, one that says what was looked at, and the history's faults."""
    every = series(history)
    varying = [one for one in every if len({r.amount for r in one.replicates}) > 1]
    lines = [drift_line(drift) for drift in drifts(every)]
    if every:
        needed = replicates_needed(max(len(varying), 1))
        short = sum(len(one.replicates) < needed for one in varying)
        lines.append(
            f"Looked for drift in {len(every)} series over {len(history.lines)} runs: "
            f"{len(varying)} vary, {short} of them too short (a slope can show from {needed} independent "
            f"measurements on); {len(lines)} drifted"
        )
    return [*lines, *history.faults]


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
    return (
        f"{drift.series.name}: {moved} ({_changed(last, first)}), "
        f"{'worse' if drift.worse else 'better'}, p {drift.p:.1g}; {number} {measured}"
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
