"""Verdicts and times as plain-text tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from rnn_suite.results import SeedResult
from rnn_suite.verdicts import Verdict

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


def verdict_table(verdicts: Sequence[Verdict]) -> list[str]:
    """Return the lines of a table with a row a verdict, columns as wide as their content."""
    return table(
        _HEADINGS,
        [(v.question, v.cell, v.baseline, v.now, v.interval, str(v.outcome)) for v in verdicts],
    )


def notes(verdicts: Sequence[Verdict]) -> list[str]:
    """Return a line for each thing that is to be known even of a verdict that passes."""
    return [f"{v.question} of {v.cell}: {note}" for v in verdicts for note in v.notes]


def phase_table(results: Mapping[str, Sequence[SeedResult]]) -> list[str]:
    """Return the lines of a table of where the time went: a row an experiment, medians over seeds.

    The first seed alone traces, so its first step stands by itself.
    """
    rows = []
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
    return table(_PHASES, rows)


def table(headings: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return headings and rows as lines, columns as wide as their content."""
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    return [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in [headings, *rows]
    ]
