from __future__ import annotations

import sys
from collections.abc import Callable

from rnn_suite.report.progress import epoch_line
from rnn_suite.report.terminal import notes, phase_rows, verdict_lines
from rnn_suite.results import PhaseSeconds, SeedResult
from rnn_suite.verdicts import Outcome
from tests.unit.report.verdicts import IMPROVED, NOT_COMPARABLE, PASS, REGRESSED, verdict


def lines_of(*outcomes: Outcome, width: int = sys.maxsize) -> list[str]:
    return [line for line, _ in verdict_lines([verdict(o) for o in outcomes], width=width)]


def test_the_table_has_a_row_a_verdict_under_headings() -> None:
    lines = lines_of(Outcome.PASS, Outcome.REGRESSED)
    assert lines[0].split() == ["question", "cell", "baseline", "now", "interval", "verdict"]
    assert [line.rsplit("  ", 1)[1] for line in lines[1:]] == ["pass", "regressed"]


def test_the_columns_of_the_table_begin_in_one_place() -> None:
    found = verdict_lines(
        [verdict(Outcome.PASS, "step_time", "simple_rnn"), PASS], width=sys.maxsize
    )
    lines = [line for line, _ in found]
    starts = [
        line.index(word) for line, word in zip(lines, ("now", "0.7000", "0.7000"), strict=True)
    ]
    assert len(set(starts)) == 1
    assert all(line == line.rstrip() for line in lines)


def test_regressions_come_last_and_what_passed_keeps_its_order() -> None:
    found = verdict_lines(
        [REGRESSED, PASS, NOT_COMPARABLE, verdict(Outcome.PASS, "replay"), IMPROVED],
        width=sys.maxsize,
    )
    told = [(line.split()[0], outcome) for line, outcome in found]
    assert told == [
        ("question", None),
        ("accuracy", Outcome.PASS),
        ("replay", Outcome.PASS),
        ("accuracy", Outcome.NOT_COMPARABLE),
        ("accuracy", Outcome.IMPROVED),
        ("accuracy", Outcome.REGRESSED),
    ]


def test_nothing_found_is_no_table() -> None:
    assert lines_of() == []


def test_a_narrow_terminal_loses_the_interval_first() -> None:
    whole = max(map(len, lines_of(Outcome.PASS)))
    assert "interval" in lines_of(Outcome.PASS, width=whole)[0]
    lines = lines_of(Outcome.PASS, Outcome.REGRESSED, width=whole - 1)
    assert lines[0].split() == ["question", "cell", "baseline", "now", "verdict"]
    assert max(map(len, lines)) < whole


def test_on_a_very_narrow_terminal_each_verdict_has_lines_of_its_own() -> None:
    assert lines_of(Outcome.REGRESSED, width=30) == [
        "regressed: accuracy of lstm",
        "  0.8000 -> 0.7000 (drop +0.05 to +0.15)",
    ]


def test_notes_name_what_they_are_about() -> None:
    assert notes([verdict(Outcome.PASS, notes=("known until 2027", "b")), PASS]) == [
        "accuracy of lstm: known until 2027",
        "accuracy of lstm: b",
    ]


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
    headings, row = phase_rows({"smoke gru": results})
    assert list(headings) == [
        "trained",
        "seeds",
        "import",
        "build",
        "first step",
        "steady step",
        "evaluation",
        "peak memory",
    ]
    assert list(row) == [
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
    _, row = phase_rows({"smoke gru": [result]})
    assert row[2] == row[5] == "-"


def test_nothing_trained_has_no_phases() -> None:
    assert phase_rows({}) == []


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
