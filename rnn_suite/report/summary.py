"""A run as Markdown that fits a pull request's comment."""

from __future__ import annotations

import functools
import re
from itertools import chain, zip_longest
from typing import TYPE_CHECKING

from rnn_suite.report.templates import environment
from rnn_suite.run_report import NOTHING_UPGRADED, RunReport
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

_MOST_BYTES = 60_000
"""Of a summary: a comment holds 65,536 characters, and what writes it adds a few."""

_REDS, _LINES = 12, 20
"""Regressions that are explained, and lines of a list, at most."""

_TEXT_CHARACTERS = (1_200, 600, 300, 150)
"""How long a text of a list may be: as long as fits."""

_MARKUP = re.compile(r"[&<>*`~|\\\[\]]|(?<![^\W_])_|_(?![^\W_])")
"""What marks up text in Markdown or HTML; an underscore within a word does not."""

_BLOCK = re.compile(r"^(?:[-+](?=[\s-]|$)|\d(?=\d*[.)](?:\s|$)))")
"""What else makes a list or a rule at the beginning of a line."""

_LINKED = re.compile(r"[@#$]|:(?=//|(?!\d\d:)[\w+-]+:)|(?<=\bwww)\.|(?<=\bGH)-", re.IGNORECASE)
"""What GitHub makes mentions, references, formulas, addresses and emoji of."""

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def summary(run: RunReport) -> str:
    """Return the answer, a table, regressions in four parts, and versions; what passed is folded away.

    What tests, libraries and paths say stands there literally: it marks nothing up, links to nothing and
    mentions nobody.
    """
    verdicts = [reported.verdict for reported in run.verdicts]
    reds = [v for v in verdicts if v.outcome is Outcome.REGRESSED]
    for most in _TEXT_CHARACTERS:
        rendered = _template().render(
            run=run,
            NOTHING_UPGRADED=NOTHING_UPGRADED,
            text=functools.partial(_text, most=most),
            marks=MARKS,
            reds=reds[:_REDS],
            more_reds=len(reds[_REDS:]),
            lines=_LINES,
            loud=[v for outcome in LOUDEST_FIRST[:-1] for v in verdicts if v.outcome is outcome],
            quiet=[v for v in verdicts if v.outcome is Outcome.PASS],
            notes=[(v, note) for v in verdicts for note in v.notes],
        )
        if len(rendered.encode(errors="replace")) <= _MOST_BYTES:
            break
    return rendered


@functools.cache
def _template() -> Template:
    templates = environment()
    templates.filters |= {"cell": _cell, "code": _code}
    return templates.get_template("summary.md.j2")


def _cell(words: str) -> Markup:
    """Return text for a cell of a table, or wherever it must be one line."""
    return _markup(_literal(" ".join(words.split())))


def _text(words: str, *, most: int) -> Markup:
    """Return text for a list: cut where it is long, its lines kept."""
    words = words.strip()
    if len(escaped := _lines(words)) > most:
        # Escaping makes text longer, so what is left of it is in proportion.
        while len(escaped) > most:
            words = words[: len(words) * most // len(escaped)]
            escaped = _lines(words)
        escaped += " ..."
    return _markup(escaped)


def _lines(words: str) -> str:
    lines = "<br>".join(_literal(line.strip()) for line in words.splitlines())
    return _BLOCK.sub(_entity, lines)


def _code(words: str) -> Markup:
    """Return one line as code, in a fence longer than any run of backticks in it."""
    words = " ".join(words.split())
    runs = re.findall("`+", words)
    fence = "`" * (1 + max(map(len, runs), default=0))
    room = " " if runs else ""
    return _markup(f"{fence}{room}{words}{room}{fence}" if words else "")


def _literal(line: str) -> str:
    """Return a line that GitHub shows as it is, in Markdown and in HTML alike.

    Markdown marks nothing up by an entity. GitHub looks for mentions and the like in the text that is shown
    in the end, where an entity is what it stands for; it does so in each element by itself.
    """
    parts = _LINKED.split(line)
    apart = (f"<span>{found[0]}</span>" for found in _LINKED.finditer(line))
    escaped = (_MARKUP.sub(_entity, part) for part in parts)
    return "".join(chain.from_iterable(zip_longest(escaped, apart, fillvalue="")))


def _entity(found: re.Match[str]) -> str:
    return _ENTITIES.get(found[0], f"&#{ord(found[0])};")


def _markup(words: str) -> Markup:
    from markupsafe import Markup

    return Markup(words)  # noqa: S704 (escaped above)
