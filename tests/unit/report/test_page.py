from __future__ import annotations

import re
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from rnn_suite.errors import SuiteError
from rnn_suite.report.page import main, page
from rnn_suite.run_report import RunReport, write_run
from rnn_suite.verdicts import Outcome
from tests.unit.report.real_runs import RUNS, empty, report, three_regressions, unfinished, upgrade
from tests.unit.report.verdicts import verdict

HOSTILE = '<script>alert(1)</script> & "quoted" $\\frac$ \ud800'


class Seen(HTMLParser):
    """What a browser would make of a page: its text, its tags, its links and their targets."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self._words: list[str] = []
        self.feed(html)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self._words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.links += [
            value or "" for name, value in attrs if name in ("href", "src", "xlink:href")
        ]

    def handle_data(self, data: str) -> None:
        self._words.append(data)


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    pytest.importorskip("matplotlib")
    return {name: page(run()) for name, run in RUNS.items()}


def changed(run: RunReport, **fields: Any) -> RunReport:
    """Return the run with every verdict changed."""
    return replace(
        run,
        verdicts=tuple(replace(r, verdict=replace(r.verdict, **fields)) for r in run.verdicts),
    )


def test_the_same_run_gives_the_same_bytes(pages: dict[str, str]) -> None:
    assert page(upgrade()) == pages["upgrade"]


@pytest.mark.parametrize("name", RUNS)
def test_a_page_refers_to_nothing_outside_itself(pages: dict[str, str], name: str) -> None:
    seen = Seen(pages[name])
    assert {"img", "iframe", "object"}.isdisjoint(seen.tags)
    inside = {link.removeprefix("#") for link in seen.links if link != "data:,"}
    assert inside <= set(seen.ids)
    assert len(set(seen.ids)) == len(seen.ids)
    references = re.findall(r"url\((?!#)[^)]*\)|@import", pages[name])
    assert not references


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("all_green", "✓ Safe No regression in 42 comparisons."),
        ("three_regressions", "✕ Not safe accuracy of lstm regressed"),
        ("unfinished", "? Not known No regression in 10 comparisons"),
        ("empty", "? Not known Nothing was compared"),
    ],
)
def test_the_answer_comes_first_with_its_word(
    pages: dict[str, str], name: str, answer: str
) -> None:
    text = Seen(pages[name]).text
    assert answer in text
    assert text.index(answer) < text.index("Begun 2026-11-25T04:00:00Z")


def test_a_regression_is_told_in_four_parts_and_leads_to_its_figure(pages: dict[str, str]) -> None:
    text = Seen(pages["three_regressions"]).text
    told = text[text.index("What regressed", text.index("What regressed") + 1) :]
    parts = ("accuracy of lstm", "Expected", "baselines/smoke/imdb/accuracy/lstm.json", "Received")
    places = [told.index(part) for part in (*parts, "Next look at the replay")]
    assert places == sorted(places)
    assert 'href="#accuracy-1"' in pages["three_regressions"]
    assert 'href="#step-time-2"' in pages["three_regressions"]
    assert 'href="#rule-distances"' in pages["three_regressions"]


def test_a_run_that_was_cut_short_says_so(pages: dict[str, str]) -> None:
    assert "Unfinished." not in pages["all_green"]
    text = Seen(pages["unfinished"]).text
    assert "Unfinished. The run was cut short; this is what was measured until" in text
    assert "tests/gate/test_step_time.py::test_step_time[gru] : not reached" in text


def test_the_headline_of_a_run_that_was_cut_short_counts_what_it_did_not_reach(
    pages: dict[str, str],
) -> None:
    headline = re.search('<p class="line">(.*)</p>', pages["unfinished"])
    assert headline is not None
    assert headline[1] == (
        "No regression in 10 comparisons, and 3 questions without an answer. To settle it: run again."
    )


def test_a_headline_begins_with_a_question_as_it_is_asked_for() -> None:
    red = verdict(Outcome.REGRESSED, "parameters", "gru")
    assert '<p class="line">parameters of gru regressed' in page(report([red]), figures=False)


def test_verdicts_without_anything_to_draw_say_so() -> None:
    exact = [r.verdict for r in unfinished().verdicts if r.verdict.question == "parameters"]
    text = Seen(page(report(exact, finished=False))).text
    assert "Figures There are none: what has a verdict here is exact" in text
    assert "There are none" not in page(empty())


def test_a_history_is_told_below_the_verdicts_and_only_where_there_is_one() -> None:
    text = page(unfinished(), ["a drift"], figures=False)
    assert text.index('<section id="verdicts">') < text.index('<section id="drifts">')
    assert "drifts" not in page(unfinished(), figures=False)


def test_sections_with_nothing_in_them_do_not_appear(pages: dict[str, str]) -> None:
    assert "h2" not in Seen(pages["empty"]).tags
    assert "What regressed" not in pages["all_green"]


def test_changed_versions_are_marked_by_a_word(pages: dict[str, str]) -> None:
    text = Seen(pages["upgrade"]).text
    assert "3 of 4 changed." in text
    assert "keras 3.8.0 3.15.1 changed" in text


def test_broken_rules_are_told_apart_from_known_faults(pages: dict[str, str]) -> None:
    text = Seen(pages["three_regressions"]).text
    broken = text[text.index("Broken rules") : text.index("findings are known faults")]
    assert "outputs_and_states_follow_the_equations: many to one, output" in broken
    assert "nan_is_never_the_best" not in broken
    assert "47 of 49 ✕ 2 broken" in text


def test_what_was_not_compared_is_told_with_its_reason() -> None:
    apart = changed(
        upgrade(), outcome=Outcome.NOT_COMPARABLE, received="another machine", evidence=None
    )
    text = Seen(page(apart, figures=False)).text
    assert "What was not compared" in text
    assert "import of all : another machine. Next:" in text


def test_recorded_baselines_notes_times_and_what_else_was_told_have_their_places() -> None:
    run = report(
        [replace(upgrade().verdicts[0].verdict, notes=("a note",))],
        recorded=("baselines/a.json",),
        trained=(("trained", "seeds"), ("smoke imdb lstm", "3")),
        told=("a line",),
    )
    text = Seen(page(run, ["accuracy of lstm fell by 0.01 over 12 runs"], figures=False)).text
    for words in (
        "Over the runs of the history accuracy of lstm fell by 0.01 over 12 runs",
        "Recorded, not compared baselines/a.json",
        "To know besides train_step of simple_rnn : a note",
        "seeds smoke imdb lstm 3",
        "What else was told a line",
    ):
        assert words in text


def test_every_text_is_escaped_in_words_and_in_figures() -> None:
    pytest.importorskip("matplotlib")
    words = (
        "question",
        "expected",
        "received",
        "next_step",
        "baseline",
        "now",
        "interval",
        "cell",
        "file",
    )
    run = changed(upgrade(), **dict.fromkeys(words, HOSTILE), notes=(HOSTILE,))
    written = page(
        replace(
            run,
            answer=replace(run.answer, line=HOSTILE),
            header=(HOSTILE,),
            told=(HOSTILE,),
            recorded=(HOSTILE,),
            unanswered=(replace(unfinished().unanswered[0], test=HOSTILE, why=HOSTILE),),
            trained=((HOSTILE,), (HOSTILE,)),
            versions=(replace(run.versions[0], name=HOSTILE, new=HOSTILE),),
        ),
        [HOSTILE],
    )
    assert Seen(written).tags.count("script") == 1
    assert "alert(1)&lt;/script&gt;" in written
    written.encode()


@pytest.mark.parametrize(
    "evidence",
    [
        {"baseline": {"of": "an older layout"}},
        {"pairs": {}},
        {"something": "else"},
        None,
    ],
)
def test_a_verdict_stays_whose_evidence_cannot_be_read(evidence: dict[str, Any] | None) -> None:
    text = Seen(page(changed(three_regressions(), evidence=evidence))).text
    assert "figure" not in Seen(page(changed(three_regressions(), evidence=evidence))).tags
    assert "accuracy of lstm" in text


def test_measurements_of_an_older_layout_are_not_drawn() -> None:
    run = three_regressions()
    for reported in run.verdicts:
        assert reported.verdict.evidence is not None
    old = changed(run)
    for reported in old.verdicts:
        evidence = reported.verdict.evidence
        assert evidence is not None
        evidence["baseline"]["new"]["measured"] = {"of": "an older layout"}
    assert "figure" not in Seen(page(old)).tags


def test_without_matplotlib_the_page_says_how_to_get_its_figures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("matplotlib", "matplotlib.figure"):
        monkeypatch.setitem(sys.modules, name, None)
    seen = Seen(page(upgrade()))
    assert "svg" not in seen.tags
    assert "pip install 'rnn-suite[report]'" in seen.text
    assert "import +23.5%" not in seen.text
    assert "pip install" not in page(empty())


def test_figures_can_be_left_for_later() -> None:
    seen = Seen(page(upgrade(), figures=False))
    assert "svg" not in seen.tags
    assert "python -m rnn_suite.report.page verdicts.json report.html" in seen.text


def test_a_page_is_written_from_the_run_that_was_written_down(tmp_path: Path) -> None:
    write_run(tmp_path / "verdicts.json", unfinished())
    main([str(tmp_path / "verdicts.json"), str(tmp_path / "report.html")])
    written = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert written == page(unfinished())


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(SuiteError, match="VERDICTS_JSON OUT_HTML"):
        main(["verdicts.json"])
