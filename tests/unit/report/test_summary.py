from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from rnn_suite.report.answer import answer
from rnn_suite.report.summary import summary
from rnn_suite.run_report import Reported, RunReport, Unanswered, Version
from rnn_suite.verdicts import Outcome, Verdict
from tests.unit.report.real_runs import all_green
from tests.unit.report.verdicts import INCONCLUSIVE, PASS, REGRESSED, verdict


def run(*verdicts: Verdict) -> RunReport:
    return RunReport(
        started="2026-11-25T04:00:00Z",
        written="2026-11-25T04:03:00Z",
        finished=True,
        answer=answer(verdicts),
        header=(),
        versions=(),
        verdicts=tuple(Reported(test="test_one", seconds=1.0, verdict=v) for v in verdicts),
        unanswered=(),
        recorded=(),
        trained=(),
        told=(),
    )


def rows(markdown: str) -> list[str]:
    return [line for line in markdown.splitlines() if line.startswith("| ")]


def test_the_first_line_is_the_answer() -> None:
    first = summary(run(PASS, REGRESSED)).splitlines()[0]
    assert first == "**Not safe: accuracy of lstm regressed (0.8000 -&gt; 0.7000).**"


def test_a_regression_is_explained_in_four_parts() -> None:
    lines = summary(run(REGRESSED)).splitlines()
    start = lines.index("<details open><summary><b>accuracy of lstm regressed</b></summary>")
    assert lines[start + 2 : start + 5] == [
        "- **Expected:** an expectation (`baselines/lstm.json`)",
        "- **Received:** a measurement",
        "- **Next:** a remedy",
    ]


def test_what_is_red_stands_before_what_is_open_and_what_passed_is_folded_away() -> None:
    markdown = summary(run(PASS, INCONCLUSIVE, REGRESSED))
    words = [row.split("|")[-2].split()[-1] for row in rows(markdown) if "accuracy" in row]
    assert words == ["regressed", "inconclusive", "pass"]
    assert markdown.index("<summary>1 passed</summary>") < markdown.index("✅")


def test_a_table_is_not_broken_by_what_a_verdict_says() -> None:
    found = verdict(Outcome.REGRESSED, baseline="a|b\n<img src=x>", received="x\n<script>")
    markdown = summary(run(found))
    assert "| a&#124;b &lt;img src=x&gt; |" in rows(markdown)[2]
    assert "- **Received:** x<br>&lt;script&gt;" in markdown


HOSTILE = (
    "@octocat @org/team a@b.example #12 owner/repo#12 GH-12 https://evil.example/x www.evil.example :bug: "
    "$x$ [link](https://evil.example) ![image](x) [ref] *strong* __init__ _it_ ~~no~~ `code` ``two`` C:\\*x "
    "<!-- hidden <b>bold</b> <script> &amp; a|b"
)
"""What GitHub, Markdown and HTML make something of, each in a way of its own."""

MADE_BY_GITHUB = re.compile(r"@\w|#\w|://|www\.|\bGH-\d|:[a-z+-]+:|\$\S")


class Shown(HTMLParser):
    """What a reader of the rendered summary sees: each element's text by itself, its tags, its code."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.texts: list[str] = []
        self.code: list[str] = []
        self._in_code = False
        markdown_it = pytest.importorskip("markdown_it", reason="comes with Keras, by way of Rich")
        parser = markdown_it.MarkdownIt("commonmark").enable(["table", "strikethrough"])
        self.feed(parser.render(markdown))

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._in_code = tag == "code"

    def handle_endtag(self, tag: str) -> None:
        self._in_code = False

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        if self._in_code:
            self.code.append(data)


def hostile(words: str) -> str:
    """Return the summary of a run in which everything that is not the suite's own says `words`."""
    fields = (
        "question",
        "cell",
        "expected",
        "received",
        "next_step",
        "baseline",
        "now",
        "interval",
    )
    red, green = (
        verdict(outcome, **dict.fromkeys(fields, words), file=words, notes=(words,))
        for outcome in (Outcome.REGRESSED, Outcome.PASS)
    )
    found = run(red, green)
    return summary(
        replace(
            found,
            answer=replace(found.answer, line=words),
            versions=(Version(name=words, old=words, new=words),),
            unanswered=(Unanswered(test=words, why=words),),
            recorded=(words,),
            told=(words,),
        )
    )


def test_what_others_say_is_shown_literally_wherever_it_stands() -> None:
    shown = Shown(hostile(HOSTILE))
    assert shown.tags <= {
        *("p", "strong", "b", "details", "summary", "ul", "li", "code", "span"),
        *("table", "thead", "tbody", "tr", "th", "td"),
    }
    assert shown.text.count(HOSTILE) == 30
    assert shown.code == [HOSTILE, HOSTILE]


def test_what_others_say_mentions_nobody_and_links_to_nothing() -> None:
    markdown = hostile(HOSTILE)
    shown = Shown(markdown)
    found = [text for text in shown.texts if text not in shown.code and MADE_BY_GITHUB.search(text)]
    assert not found
    # Addresses are looked for in the Markdown itself too.
    outside_code = markdown.replace(f"``` {HOSTILE} ```", "")
    assert not re.search(r"://|www\.|@\w", outside_code)


@pytest.mark.parametrize(
    "words", ["- a list", "+ a list", "1. a list", "12) a list", "---", "# head", "> said"]
)
def test_what_others_say_begins_no_block(words: str) -> None:
    shown = Shown(summary(replace(run(PASS), told=(words,))))
    assert f" {words}" in shown.text
    assert not {"ol", "h1", "hr", "blockquote"} & shown.tags


@pytest.mark.parametrize("words", ["`", "``", "a`b", "``a```", "`a`", "a\\", " a  b\nc "])
def test_a_path_is_code_whatever_stands_in_it(words: str) -> None:
    (shown,) = Shown(
        summary(replace(run(PASS), unanswered=(Unanswered(test=words, why="x"),)))
    ).code
    assert shown == " ".join(words.split())


def test_words_of_every_day_stay_as_they_are_in_the_file() -> None:
    words = "peak_memory 0.8000 (-0.012 to +0.016), at 04:00:00: tests/a.py::test_b, x1.5 - 3 %"
    assert f"\n- {words}\n" in summary(replace(run(PASS), told=(words,)))


def test_notes_of_what_passes_are_folded_away() -> None:
    markdown = summary(run(verdict(Outcome.PASS, "forward", notes=("a known fault",)), REGRESSED))
    assert "<summary>1 to know besides, such as known faults</summary>" in markdown
    assert "- **forward of lstm:** a known fault" in markdown
    assert "known faults" not in summary(run(PASS))


def test_the_known_faults_that_the_page_has_are_in_the_summary() -> None:
    found = all_green()
    known = [note for r in found.verdicts for note in r.verdict.notes if "until" in note]
    assert known
    text = Shown(summary(found)).text
    assert all(" ".join(note.split()) in text for note in known)


def test_tables_stand_apart_from_what_is_around_them() -> None:
    lines = summary(run(PASS, REGRESSED)).splitlines()
    heads = [i for i, line in enumerate(lines) if line.startswith("| question")]
    assert len(heads) == 2
    assert all(lines[i - 1] == "" and lines[i + 1].startswith("| ---") for i in heads)


def test_versions_that_changed_are_marked() -> None:
    versions = (
        Version(name="keras", old="3.12.0", new="3.15.1"),
        Version(name="numpy", old="2.4.6", new="2.4.6"),
    )
    assert rows(summary(replace(run(), versions=versions)))[-2:] == [
        "| keras | 3.12.0 | 3.15.1 | **changed** |",
        "| numpy | 2.4.6 | 2.4.6 |  |",
    ]


def test_a_run_that_was_cut_short_says_so() -> None:
    assert "_Unfinished: " in summary(replace(run(PASS), finished=False))
    assert "_Unfinished: " not in summary(run(PASS))


def test_questions_without_an_answer_are_named_with_their_reason() -> None:
    unanswered = (Unanswered(test="test_gate.py::test_ask[gru]", why="no such baseline"),)
    markdown = summary(replace(run(PASS), unanswered=unanswered))
    assert "- `test_gate.py::test_ask[gru]`: no such baseline" in markdown


@pytest.mark.parametrize("letter", ["x", "@", "_"])
def test_it_fits_a_comment_however_much_is_red(letter: str) -> None:
    long = dict.fromkeys(("expected", "received", "next_step"), letter * 10_000)
    reds = [verdict(Outcome.REGRESSED, f"question{i}", **long) for i in range(60)]
    told = tuple(letter * 10_000 for _ in range(40))
    markdown = summary(replace(run(*reds), told=told))
    assert len(markdown) < 65_536
    assert "- and 20 more" in markdown
    assert "48 more regressions stand in `verdicts.json`" in markdown
