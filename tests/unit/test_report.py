from __future__ import annotations

from collections.abc import Callable

import pytest

from rnn_suite.report.progress import epoch_line
from rnn_suite.report.answer import answer
from rnn_suite.report.terminal import phase_table, verdict_table
from rnn_suite.results import PhaseSeconds, SeedResult
from rnn_suite.verdicts import Outcome, Verdict


def verdict(outcome: Outcome, question: str = "accuracy", cell: str = "lstm") -> Verdict:
    return Verdict(
        question=question,
        cell=cell,
        outcome=outcome,
        expected="an expectation",
        received="a measurement",
        next_step="a remedy",
        baseline="0.8000",
        now="0.7000",
        interval="drop +0.05 to +0.15",
        file="baselines/lstm.json",
    )


PASS, REGRESSED, IMPROVED, INCONCLUSIVE, NOT_COMPARABLE = map(verdict, Outcome)


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([], "Not known: nothing was compared."),
        ([NOT_COMPARABLE, NOT_COMPARABLE], "Not known: nothing was compared."),
        ([PASS], "Safe: no regression in 1 comparisons."),
        (
            [PASS, PASS, verdict(Outcome.NOT_COMPARABLE, "step_time")],
            "Safe: no regression in 2 comparisons (1 not comparable).",
        ),
        (
            [PASS, PASS, verdict(Outcome.NOT_COMPARABLE, "dataset")],
            "Safe: no regression in 2 comparisons (1 not comparable).",
        ),
        (
            [PASS, PASS, NOT_COMPARABLE],
            (
                "Not known: no regression in 2 comparisons, but without an answer: "
                "accuracy of lstm (not comparable)."
            ),
        ),
        ([PASS, IMPROVED], "Safe: no regression in 2 comparisons (1 improved)."),
        (
            [PASS, INCONCLUSIVE],
            (
                "Not known: no regression in 2 comparisons, but without an answer: "
                "accuracy of lstm (inconclusive)."
            ),
        ),
        ([PASS, REGRESSED], "Not safe: accuracy of lstm regressed."),
        ([REGRESSED, INCONCLUSIVE, NOT_COMPARABLE], "Not safe: accuracy of lstm regressed."),
        (
            [verdict(Outcome.REGRESSED, "replay", "gru"), REGRESSED],
            "Not safe: replay of gru, accuracy of lstm regressed.",
        ),
    ],
)
def test_the_answer_fits_what_was_found(verdicts: list[Verdict], expected: str) -> None:
    assert answer(verdicts) == expected


def test_a_question_that_ended_without_a_verdict_leaves_the_answer_open() -> None:
    found = answer([PASS], ["tests/gate/test_exact.py::test_ask[lstm]"])
    assert found == (
        "Not known: no regression in 1 comparisons, but without an answer: test_ask[lstm]."
    )


def test_the_table_has_a_row_a_verdict_under_headings() -> None:
    lines = verdict_table([PASS, REGRESSED])
    assert lines[0].split() == ["question", "cell", "baseline", "now", "interval", "verdict"]
    assert [line.rsplit("  ", 1)[1] for line in lines[1:]] == ["pass", "regressed"]


def test_the_columns_of_the_table_begin_in_one_place() -> None:
    lines = verdict_table([verdict(Outcome.PASS, "step_time", "simple_rnn"), PASS])
    starts = [
        line.index(word) for line, word in zip(lines, ("now", "0.7000", "0.7000"), strict=True)
    ]
    assert len(set(starts)) == 1
    assert all(line == line.rstrip() for line in lines)


def seconds(first_step: float, steady_steps: float) -> PhaseSeconds:
    return PhaseSeconds(
        build=0.5,
        first_step=first_step,
        steady_steps=steady_steps,
        validation=0.0,
        evaluation=0.25,
        other=0.0,
    )


def test_the_phase_table_gives_the_first_seeds_first_step_and_the_median_of_the_steady_ones(
    seed_result: Callable[..., SeedResult],
) -> None:
    results = [
        seed_result(
            seed,
            seconds=seconds(first_step, steady),
            steady_step_count=10,
            import_seconds=2.5,
            peak_rss_bytes=peak * 2**20,
        )
        for seed, first_step, steady, peak in (
            (1, 3.0, 0.1, 300),
            (2, 0.1, 0.2, 500),
            (3, 0.1, 9.0, 400),
        )
    ]
    headings, row = (line.split("  ") for line in phase_table({"smoke gru": results}))
    cells = [cell.strip() for cell in row if cell]
    assert [heading.strip() for heading in headings if heading] == [
        "trained",
        "seeds",
        "import",
        "build",
        "first step",
        "steady step",
        "evaluation",
        "peak memory",
    ]
    assert cells == [
        "smoke gru",
        "3",
        "2.5 s",
        "0.50 s",
        "3.00 s",
        "20.0 ms",
        "0.25 s",
        "500 MiB",
    ]


def test_a_phase_that_was_not_measured_is_a_dash(seed_result: Callable[..., SeedResult]) -> None:
    result = seed_result(0, import_seconds=None, steady_step_count=0)
    _, row = phase_table({"smoke gru": [result]})
    assert row.split()[3] == row.split()[8] == "-"


def test_a_verdict_reads_in_four_lines() -> None:
    assert str(NOT_COMPARABLE).split("\n") == [
        "accuracy of lstm: not comparable",
        "Expected: an expectation [baselines/lstm.json]",
        "Received: a measurement",
        "Next: a remedy",
    ]


def test_an_epochs_line_says_what_is_gone_and_what_is_left() -> None:
    from rnn_suite.training import EpochEnd

    epoch = EpochEnd(cell="gru", seed=7, epoch=2, epochs=5, val_metric=0.81254, seconds=80.4)
    assert epoch_line(epoch) == "gru seed 7 epoch 2/5 val 0.8125 1:20 gone, 2:01 left"


def test_the_last_epochs_line_leaves_nothing() -> None:
    from rnn_suite.training import EpochEnd

    epoch = EpochEnd(cell="gru", seed=7, epoch=5, epochs=5, val_metric=0.5, seconds=3_599.6)
    assert epoch_line(epoch).endswith("60:00 gone, 0:00 left")
