"""A run as Markdown that fits a pull request's comment."""

from __future__ import annotations

import functools
import html
from typing import TYPE_CHECKING

from rnn_suite.report.run import RunReport
from rnn_suite.report.templates import environment
from rnn_suite.verdicts import LOUDEST_FIRST, Outcome

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup

MARKS = {
    Outcome.PASS: "✅",
    Outcome.REGRESSED: "❌",
    Outcome.IMPROVED: "⬆️",
    Outcome.INCONCLUSIVE: "❔",
    Outcome.NOT_COMPARABLE: "⏭️",
}
"""Beside the word, which says the same."""

_REDS, _TEXT_CHARACTERS = 12, 1_200
"""Regressions that are explained, and how long a part of one may be: a comment holds 65,536 characters."""


def summary(run: RunReport) -> str:
    """Return the answer, a table, regressions in four parts, and versions; what passed is folded away."""
    verdicts = [reported.verdict for reported in run.verdicts]
    reds = [v for v in verdicts if v.outcome is Outcome.REGRESSED]
    return _template().render(
        run=run,
        marks=MARKS,
        reds=reds[:_REDS],
        more_reds=len(reds[_REDS:]),
        loud=[v for outcome in LOUDEST_FIRST[:-1] for v in verdicts if v.outcome is outcome],
        quiet=[v for v in verdicts if v.outcome is Outcome.PASS],
    )


@functools.cache
def _template() -> Template:
    templates = environment()
    templates.filters |= {"cell": _cell, "text": _text}
    return templates.get_template("summary.md.j2")


def _cell(words: str) -> Markup:
    """Return text for a cell of a table: no line's end, no bar, no tag."""
    return _markup(html.escape(" ".join(words.split()), quote=False).replace("|", "\\|"))


def _text(words: str) -> Markup:
    """Return text for a list: cut where it is long, its lines kept."""
    cut = words if len(words) <= _TEXT_CHARACTERS else words[:_TEXT_CHARACTERS] + " ..."
    return _markup(html.escape(cut.strip(), quote=False).replace("\n", "<br>"))


def _markup(words: str) -> Markup:
    from markupsafe import Markup

    return Markup(words)  # noqa: S704 (escaped above)
