"""A run as one HTML file: `python -m rnn_suite.report.page VERDICTS_JSON OUT_HTML`.

The file needs no network, no other file and no JavaScript; with JavaScript its table can be sorted. Every
text is escaped, and the browser is told to load nothing.
"""

from __future__ import annotations

import functools
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rnn_suite.errors import MissingPackageError, SuiteError
from rnn_suite.jsonable import from_jsonable, to_jsonable, write_atomically
from rnn_suite.report.figures import Picture, galleries, has_pictures, svg
from rnn_suite.report.rule_counts import rule_counts
from rnn_suite.report.templates import environment
from rnn_suite.run_report import NOTHING_UPGRADED, RunReport, Safety, read_run
from rnn_suite.series import Series
from rnn_suite.verdicts import LOUDEST_FIRST, Outcome, Verdict

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup

_MARKS = {
    Safety.SAFE: "✓",
    Safety.NOT_SAFE: "✕",
    Safety.NOT_KNOWN: "?",
    Outcome.PASS: "✓",
    Outcome.REGRESSED: "✕",
    Outcome.IMPROVED: "↑",
    Outcome.INCONCLUSIVE: "?",
    Outcome.NOT_COMPARABLE: "–",  # noqa: RUF001 (a dash, as in a table without a value)
}
"""Beside each word, so that no colour stands alone."""

_LATER = (
    "Figures were left out to save time. To draw them: python -m rnn_suite.report.page verdicts.json "
    "report.html, in this file's folder."
)
_WITHOUT = (
    "Figures need Matplotlib, which is not installed. To have them: pip install 'rnn-suite[report]', then "
    "python -m rnn_suite.report.page verdicts.json report.html, in this file's folder."
)
_NOTHING_TO_DRAW = (
    "There are none: what has a verdict here is exact, or its measurement cannot be read."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawn:
    """A picture in the page."""

    picture: Picture
    svg: Markup


def page(
    run: RunReport,
    drifts: Sequence[str] = (),
    past: Sequence[Series] = (),
    *,
    figures: bool = True,
) -> str:
    """Return the run as HTML; the same arguments give the same text.

    Args:
        run: what is reported.
        drifts: what a history of runs shows and this one alone does not, a sentence each.
        past: what was measured run after run, this one included.
        figures: whether to draw them, which takes seconds.
    """
    run = _all_writable(run)
    drawn: dict[str, list[_Drawn]] = {}
    no_figures = ""
    if not has_pictures(run, past):
        no_figures = _NOTHING_TO_DRAW if run.verdicts else ""
    elif not figures:
        no_figures = _LATER
    else:
        try:
            drawn = {name: list(map(_draw, found)) for name, found in galleries(run, past).items()}
        except MissingPackageError:
            no_figures = _WITHOUT
    verdicts = sorted(
        run.verdicts, key=lambda reported: LOUDEST_FIRST.index(reported.verdict.outcome)
    )
    rules = list(rule_counts(run))
    counts = Counter(reported.verdict.outcome for reported in verdicts)
    told_as_rules = {_subject(rule.verdict) for rule in rules}
    return _template().render(
        run=run,
        reason=_reason(run),
        NOTHING_UPGRADED=NOTHING_UPGRADED,
        drifts=list(map(_writable, drifts)),
        Outcome=Outcome,
        marks=_MARKS,
        order=LOUDEST_FIRST,
        counts=[(outcome, counts[outcome]) for outcome in LOUDEST_FIRST if counts[outcome]],
        verdicts=verdicts,
        changed=[version for version in run.versions if version.changed],
        galleries=drawn,
        figure_of=_first_figures(drawn),
        no_figures=no_figures,
        rules=rules,
        broken=[(rule, one) for rule in rules for one in rule.broken if one.known is None],
        known=[(rule, one) for rule in rules for one in rule.broken if one.known is not None],
        notes=[
            (reported.verdict, note)
            for reported in run.verdicts
            # The notes of these are their known faults.
            if _subject(reported.verdict) not in told_as_rules
            for note in reported.verdict.notes
        ],
    )


@functools.cache
def _template() -> Template:
    return environment().get_template("report.html.j2")


def _all_writable(run: RunReport) -> RunReport:
    """Return the run with `_writable` words alone; nearly every run has no others."""
    text = json.dumps(to_jsonable(run), ensure_ascii=False)
    writable = _writable(text)
    return run if writable == text else from_jsonable(RunReport, json.loads(writable), where="run")


def _writable(words: str) -> str:
    """Return the words without halves of characters, which JSON may hold, and no drawing and no file can."""
    return words.encode(errors="replace").decode()


def _reason(run: RunReport) -> str:
    """Return the line of the answer without the word that stands above it in large letters.

    Of a run that was cut short, what it did not reach is counted: the tests are named farther down.
    """
    safety = run.answer.safety
    reason = run.answer.line.removeprefix(f"{safety.capitalize()}: ")
    if safety is Safety.NOT_SAFE:
        # It begins with a question's name, which is written as it is asked for.
        return reason
    compared = sum(reported.verdict.compared for reported in run.verdicts)
    if run.finished or not (compared and run.unanswered):
        return reason[:1].upper() + reason[1:]
    return (
        f"No regression in {_count(compared, 'comparison')}, and "
        f"{_count(len(run.unanswered), 'question')} without an answer. To settle it: run again."
    )


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _draw(picture: Picture) -> _Drawn:
    from markupsafe import Markup

    return _Drawn(picture=picture, svg=Markup(svg(picture)))  # noqa: S704 (Matplotlib escapes)


def _first_figures(drawn: dict[str, list[_Drawn]]) -> dict[tuple[str, str], str]:
    """Return by question and cell the id of the first figure that shows it alone, or of the first."""
    found: dict[tuple[str, str], str] = {}
    everywhere = [one.picture for gallery in drawn.values() for one in gallery]
    for picture in sorted(everywhere, key=lambda picture: len(picture.about)):
        for verdict in picture.about:
            found.setdefault(_subject(verdict), picture.name)
    return found


def _subject(verdict: Verdict) -> tuple[str, str]:
    return verdict.question, verdict.cell


def main(arguments: Sequence[str]) -> None:
    """Write the run that is named first as the HTML file that is named second.

    Raises:
        SuiteError: if the run cannot be read, or the file not be written.
    """
    if len(arguments) != 2:
        raise SuiteError(
            "Wrong arguments.\nExpected: python -m rnn_suite.report.page VERDICTS_JSON OUT_HTML\n"
            f"Received: {' '.join(arguments) or 'none'}\n"
            "Next: name the verdicts.json that --report wrote, and the file to write"
        )
    source, target = map(Path, arguments)
    write_atomically(target, page(read_run(source)).encode())


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except SuiteError as error:
        sys.exit(str(error))
