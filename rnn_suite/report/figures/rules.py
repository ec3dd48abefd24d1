"""Rules: how near every finding comes to what is allowed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING

from rnn_suite.findings import Finding
from rnn_suite.questions.rules import RuleFindings
from rnn_suite.report.figures.canvas import BAD, NEW, WARN, Picture, bare, blank, legend
from rnn_suite.report.figures.compared import Compared, compared
from rnn_suite.report.rule_counts import known_fault
from rnn_suite.run_report import RunReport

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LEAST, _MOST = 1e-3, 30.0
"""Shares of the bound at the ends of the axis; what lies farther out is drawn there."""

_KINDS = {"holds": ("o", NEW, 4.0), "known": ("D", WARN, 6.0), "broken": ("X", BAD, 9.0)}
"""Shape, colour and size of a finding."""

Places = dict[str, list[float]]
"""By the kind of a finding, shares of the bound. Dots on one place look like one dot and are drawn once."""


def rule_distances(run: RunReport) -> Iterator[Picture]:
    """Yield one picture with a row for each topic that is about more than exact equality."""
    found = list(compared(run, RuleFindings))
    topics: dict[str, list[Compared]] = {}
    for one in found:
        topics.setdefault(one.verdict.question, []).append(one)
    day = datetime.fromisoformat(run.started).date()
    places_of = {topic: _places(of, day) for topic, of in topics.items()}
    rows = {topic: places for topic, places in places_of.items() if any(places.values())}
    if rows:
        broken = ", ".join(topic for topic, places in rows.items() if places["broken"])
        yield Picture(
            name="rule-distances",
            title="How near to their bounds",
            caption="Each dot is a finding, as a share of the error that its rule allows: right of the line "
            "the rule does not hold; what must be exact, and is, has no dot.",
            label=f"Findings of {len(rows)} topics by their share of the bound; broken: {broken or 'none'}.",
            about=tuple(one.verdict for one in found),
            draw=partial(_draw, rows),
        )


def _places(found: Sequence[Compared], day: date) -> Places:
    places: dict[str, set[float]] = {kind: set() for kind in _KINDS}
    for one in found:
        for finding in one.new.findings:
            if not finding.holds:
                places["known" if known_fault(one, finding, day=day) else "broken"].add(
                    _share(finding)
                )
            elif finding.bound:
                places["holds"].add(_share(finding))
    return {kind: sorted(shares) for kind, shares in places.items()}


def _share(finding: Finding) -> float:
    if not finding.bound:
        return _MOST
    return round(min(max(finding.error / finding.bound, _LEAST), _MOST), 4)


def _draw(rows: Mapping[str, Places]) -> Figure:
    figure = blank(height=1.1 + 0.3 * len(rows))
    axes = figure.subplots()
    bare(axes, grid="x")
    for kind, (shape, colour, size) in _KINDS.items():
        points = [(share, y) for y, places in enumerate(rows.values()) for share in places[kind]]
        if points:
            shares, heights = zip(*points, strict=True)
            axes.plot(
                shares, heights, shape, color=colour, alpha=0.75, markersize=size, mew=0, label=kind
            )
    axes.axvline(1, color=BAD, linestyle="--", linewidth=1.4, label="bound")
    axes.set_yticks(range(len(rows)), list(rows))
    axes.set(xscale="log", xlim=(0.8 * _LEAST, 1.4 * _MOST), ylim=(len(rows) - 0.4, -0.6))
    axes.set_xticks([1e-3, 1e-2, 1e-1, 1, 10], ["≤0.1%", "1%", "10%", "100%", "x10"])
    axes.minorticks_off()
    axes.set_xlabel("share of the bound")
    legend(figure, axes, columns=4)
    return figure
