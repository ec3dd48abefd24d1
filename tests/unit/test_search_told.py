"""What a search says of itself as it goes on, what it cost, and how its table is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from rnn_suite.baselines import Measurement, Recorded, save_baseline
from rnn_suite.errors import FormatError
from rnn_suite.questions.exact import PARAMETERS, ParameterCounts
from rnn_suite.report.search_progress import rebuild_line, search_line
from rnn_suite.report.search_table import main, search_table
from tests.unit.searches import SEARCH, searched

FOUND = searched()


def cost(seconds: float, workers: int = 1) -> str:
    (line,) = [
        line
        for line in search_table(replace(FOUND, seconds=seconds, workers=workers))
        if line.startswith("Cost: ")
    ]
    return line


OWN_SECONDS = sum(trial.seconds for trial in FOUND.trials)


def test_the_rebuilding_of_the_best_has_a_line_with_its_epochs() -> None:
    assert rebuild_line(SEARCH, 101, 22.0) == (
        "search seed 101: rebuilding the best, 2 epochs, 0:22 gone"
    )
    once = replace(SEARCH, training=replace(SEARCH.training, epochs=1))
    assert "rebuilding the best, 1 epoch, " in rebuild_line(once, 101, 22.0)


def test_no_time_is_said_to_be_left_while_the_best_is_still_to_be_rebuilt() -> None:
    assert search_line(SEARCH, 101, FOUND.trials, 21.5).endswith("0:22 gone")


def test_the_cost_says_that_the_rebuilt_model_is_not_in_it() -> None:
    assert f"{OWN_SECONDS + 1:.1f} s in 1 process without the rebuilt model" in cost(
        OWN_SECONDS + 1
    )
    unfound = search_table(replace(FOUND, best=None, seconds=OWN_SECONDS + 1))
    assert not any("rebuilt model" in line for line in unfound)


def test_the_cost_of_a_search_that_was_taken_up_is_said_to_be_that_of_its_last_part() -> None:
    assert f"{OWN_SECONDS - 1:.1f} s in its last part, in 1 process" in cost(OWN_SECONDS - 1)
    assert "in its last part" not in cost(OWN_SECONDS + 1)


def test_trials_at_the_same_time_do_not_make_a_search_look_taken_up() -> None:
    assert "in its last part" not in cost(OWN_SECONDS / 2 + 1, workers=2)
    assert "in its last part" in cost(OWN_SECONDS / 2 - 1, workers=2)


def test_a_table_of_no_file_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 2
    assert "required: FILE.json" in capsys.readouterr().err


def test_help_says_which_files_hold_a_search(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    assert "result.json of a search, or a baseline of the question search" in (
        " ".join(capsys.readouterr().out.split())
    )


def test_a_baseline_of_another_question_is_named_as_what_it_is(
    tmp_path: Path, measurement: Callable[..., Measurement], recorded: Recorded
) -> None:
    counts = ParameterCounts(parameters=1)
    save_baseline(tmp_path / "lstm.json", PARAMETERS, measurement(counts), recorded)
    with pytest.raises(FormatError) as raised:
        main([str(tmp_path / "lstm.json")])
    assert str(raised.value).startswith(f"{tmp_path / 'lstm.json'}: holds no search.\n")
    assert "Received: a baseline of the question parameters\n" in str(raised.value)
