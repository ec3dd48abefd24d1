from __future__ import annotations

import pytest

from rnn_suite.evidence import written
from rnn_suite.report.answer import answer
from rnn_suite.run_report import NOT_REACHED, Answer, Safety, Unanswered
from rnn_suite.verdicts import Outcome, Verdict
from tests.unit.report.verdicts import (
    IMPROVED,
    INCONCLUSIVE,
    NOT_COMPARABLE,
    PAIRS,
    PASS,
    REGRESSED,
    verdict,
)


@pytest.mark.parametrize(
    ("verdicts", "safety", "line"),
    [
        ([], Safety.NOT_KNOWN, "Not known: nothing was compared."),
        (
            [NOT_COMPARABLE, NOT_COMPARABLE],
            Safety.NOT_KNOWN,
            "Not known: nothing was compared. To settle it: a remedy.",
        ),
        ([PASS], Safety.SAFE, "Safe: no regression in 1 comparison."),
        (
            [PASS, PASS, verdict(Outcome.NOT_COMPARABLE, "step_time")],
            Safety.SAFE,
            "Safe: no regression in 2 comparisons (1 not comparable).",
        ),
        (
            [PASS, PASS, verdict(Outcome.NOT_COMPARABLE, "dataset")],
            Safety.SAFE,
            "Safe: no regression in 2 comparisons (1 not comparable).",
        ),
        (
            [PASS, PASS, NOT_COMPARABLE],
            Safety.NOT_KNOWN,
            (
                "Not known: no regression in 2 comparisons, but without an answer: "
                "accuracy of lstm (not comparable). To settle it: a remedy."
            ),
        ),
        ([PASS, IMPROVED], Safety.SAFE, "Safe: no regression in 2 comparisons (1 improved)."),
        (
            [PASS, INCONCLUSIVE],
            Safety.NOT_KNOWN,
            (
                "Not known: no regression in 2 comparisons, but without an answer: "
                "accuracy of lstm (inconclusive). To settle it: a remedy."
            ),
        ),
        (
            [PASS, REGRESSED],
            Safety.NOT_SAFE,
            "Not safe: accuracy of lstm regressed (0.8000 -> 0.7000).",
        ),
        (
            [REGRESSED, INCONCLUSIVE, NOT_COMPARABLE],
            Safety.NOT_SAFE,
            "Not safe: accuracy of lstm regressed (0.8000 -> 0.7000).",
        ),
        (
            [verdict(Outcome.REGRESSED, "tuner_life", "all"), REGRESSED],
            Safety.NOT_SAFE,
            (
                "Not safe: tuner_life regressed (0.8000 -> 0.7000), "
                "accuracy of lstm regressed (0.8000 -> 0.7000)."
            ),
        ),
    ],
)
def test_the_answer_fits_what_was_found(verdicts: list[Verdict], safety: Safety, line: str) -> None:
    assert answer(verdicts) == Answer(safety=safety, line=line)


def test_a_question_that_ended_without_a_verdict_leaves_the_answer_open() -> None:
    assert answer(
        [PASS], [Unanswered(test="tests/gate/test_exact.py::test_ask[lstm]", why=NOT_REACHED)]
    ) == Answer(
        safety=Safety.NOT_KNOWN,
        line="Not known: no regression in 1 comparison, but without an answer: test_ask[lstm]. "
        "To settle it: run the tests without an answer again.",
    )


@pytest.mark.parametrize(
    ("why", "step"),
    [
        ("a fault\nof two lines", "see why test_ask has none: a fault"),
        ("~ as sorted last", "see why test_ask has none: ~ as sorted last"),
        ("0: as sorted first", "see why test_ask has none: 0: as sorted first"),
        ("a fault\nNext: free\n  some space.", "free some space"),
        ("a fault\nNext: one\nNext: another", "another"),
        (NOT_REACHED, "run the tests without an answer again"),
    ],
)
def test_what_would_settle_it_is_the_step_that_the_test_names(why: str, step: str) -> None:
    line = answer([PASS], [Unanswered(test="tests/gate/test_exact.py::test_ask", why=why)]).line
    assert line.endswith(f"test_ask. To settle it: {step}.")


def test_what_would_settle_it_is_the_first_step_and_that_of_a_test_before_a_verdicts() -> None:
    later = verdict(Outcome.INCONCLUSIVE, next_step="another remedy.")
    assert answer([PASS, INCONCLUSIVE, later]).line.endswith("To settle it: a remedy.")
    assert answer([PASS, later]).line.endswith("To settle it: another remedy.")
    unanswered = [Unanswered(test="a::test_ask", why=NOT_REACHED)]
    assert "To settle it: run the tests" in answer([PASS, later], unanswered).line
    assert "To settle it: run the tests" in answer([], unanswered).line


@pytest.mark.parametrize("reason", ["a fault", "~ as sorted last"])
def test_what_settles_it_is_the_step_of_a_test_that_ran(reason: str) -> None:
    never_begun = Unanswered(test="a::test_later", why=NOT_REACHED)
    known = Unanswered(test="a::test_ask", why=reason)
    line = answer([PASS], [never_begun, known]).line
    assert line.endswith(f"To settle it: see why test_ask has none: {reason}.")


@pytest.mark.parametrize(("count", "told"), [(1, "1 other test"), (2, "2 other tests")])
def test_tests_that_failed_and_ask_nothing_stand_beside_safe(count: int, told: str) -> None:
    line = answer([PASS], others_failed=count).line
    assert line == f"Safe: no regression in 1 comparison ({told} failed)."


def test_what_was_left_out_on_purpose_stands_beside_safe() -> None:
    assert answer([PASS, IMPROVED], only="-k lstm").line == (
        "Safe: no regression in 2 comparisons (1 improved, asked was only -k lstm)."
    )


@pytest.mark.parametrize("cell", ["LSTM", "al", "lstm"])
def test_only_a_question_of_all_cells_stands_without_its_cell(cell: str) -> None:
    assert verdict(Outcome.PASS, "replay", cell).name == f"replay of {cell}"
    assert verdict(Outcome.PASS, "replay", "all").name == "replay"


def test_of_a_pair_the_answer_says_by_how_much_it_changed() -> None:
    found = verdict(
        Outcome.REGRESSED, "import", "all", interval="+82 to +123 %", evidence=written(PAIRS)
    )
    assert answer([found]).line == ("Not safe: import regressed (0.8000 -> 0.7000, +82 to +123 %).")


@pytest.mark.parametrize(("count", "end"), [(6, "0.7000)."), (7, "0.7000) and 1 more.")])
def test_one_line_counts_what_it_does_not_name(count: int, end: str) -> None:
    reds = [verdict(Outcome.REGRESSED, f"question{i}") for i in range(count)]
    assert answer(reds).line.endswith(end)


def test_one_line_names_no_more_than_six() -> None:
    reds = [verdict(Outcome.REGRESSED, f"question{i}") for i in range(8)]
    line = answer(reds).line
    assert "question5" in line
    assert "question6" not in line
    assert line.endswith(" and 2 more.")
