from __future__ import annotations

from dataclasses import replace

from rnn_suite.report.answer import answer
from rnn_suite.report.run import Reported, RunReport, Unanswered, Version
from rnn_suite.report.summary import summary
from rnn_suite.verdicts import Outcome, Verdict
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
    assert "a\\|b &lt;img src=x&gt;" in rows(markdown)[2]
    assert "- **Received:** x<br>&lt;script&gt;" in markdown


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


def test_it_fits_a_comment_however_much_is_red() -> None:
    reds = [
        verdict(Outcome.REGRESSED, f"question{i}", received="x" * 10_000, expected="y" * 10_000)
        for i in range(60)
    ]
    markdown = summary(run(*reds))
    assert len(markdown) < 65_536
    assert "48 more regressions stand in `verdicts.json`" in markdown
