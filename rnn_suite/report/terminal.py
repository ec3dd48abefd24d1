"""Verdicts and times as plain-text tables that fit the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from rnn_suite.results import SeedResult
from rnn_suite.verdicts import LOUDEST_FIRST, Outcome, Verdict

MARKS: dict[Outcome | None, dict[str, bool]] = {
    Outcome.REGRESSED: {"red": True, "bold": True},
    Outcome.INCONCLUSIVE: {"yellow": True},
    Outcome.IMPROVED: {"cyan": True},
    Outcome.NOT_COMPARABLE: {"yellow": True},
}
"""How a line is coloured; the word says the same where there is no colour."""

_HEADINGS = ("question", "cell", "baseline", "now", "interval", "verdict")
_PHASES = (
    "trained",
    "seeds",
    "import",
    "build",
    "first step",
    "steady step",
    "evaluation",
    "peak memory",
)


def verdict_lines(
    verdicts: Sequence[Verdict], *, width: int
) -> Iterator[tuple[str, Outcome | None]]:
    """Yield the lines of a table with a row a verdict, each with its outcome; the headings have none.

    Regressions come last, nearest to the answer. Where the table is wider than `width` characters, the
    interval is left out, and where that is not enough each verdict has two lines of its own.
    """
    ordered = sorted(verdicts, key=lambda v: -LOUDEST_FIRST.index(v.outcome))
    if not ordered:
        return
    rows = [(v.question, v.cell, v.baseline, v.now, v.interval, str(v.outcome)) for v in ordered]
    outcomes = [None, *(v.outcome for v in ordered)]
    for left_out in ((), (4,)):
        lines = table([_without(row, left_out) for row in (_HEADINGS, *rows)])
        if max(map(len, lines)) <= width:
            yield from zip(lines, outcomes, strict=True)
            return
    for question, cell, baseline, now, interval, outcome in rows:
        yield f"{outcome}: {question} of {cell}", Outcome(outcome)
        yield f"  {baseline} -> {now}" + (f" ({interval})" if interval else ""), None


def _without(row: Sequence[str], left_out: Sequence[int]) -> tuple[str, ...]:
    return tuple(text for i, text in enumerate(row) if i not in left_out)


def notes(verdicts: Sequence[Verdict]) -> list[str]:
    """Return a line for each thing that is to be known even of a verdict that passes."""
    return [f"{v.question} of {v.cell}: {note}" for v in verdicts for note in v.notes]


def phase_rows(results: Mapping[str, Sequence[SeedResult]]) -> list[tuple[str, ...]]:
    """Return a table of where the time went: headings, then a row an experiment, medians over seeds.

    The first seed alone traces, so its first step stands by itself. Nothing trained gives no rows.
    """
    rows: list[tuple[str, ...]] = [_PHASES] if results else []
    for name, seeds in results.items():
        first, imported = seeds[0], seeds[0].import_seconds
        steady = [
            s.seconds.steady_steps / s.steady_step_count * 1e3 for s in seeds if s.steady_step_count
        ]
        rows.append(
            (
                name,
                str(len(seeds)),
                "-" if imported is None else f"{imported:.1f} s",
                f"{median(s.seconds.build for s in seeds):.2f} s",
                f"{first.seconds.first_step:.2f} s",
                f"{median(steady):.1f} ms" if steady else "-",
                f"{median(s.seconds.evaluation for s in seeds):.2f} s",
                f"{max(s.peak_rss_bytes for s in seeds) / 2**20:.0f} MiB",
            )
        )
    return rows


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows as lines, columns as wide as their content."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
