from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from rnn_suite.baselines import Measurement, Recorded, save_baseline
from rnn_suite.errors import FormatError, MissingPackageError
from rnn_suite.jsonable import write_json
from rnn_suite.questions import question_named
from rnn_suite.questions.search import Searches
from rnn_suite.report.figures.search_curves import bracket_curves
from rnn_suite.report.figures.search_parallel import parallel_coordinates
from rnn_suite.report.search_plots import write_plots
from rnn_suite.report.search_progress import search_line
from rnn_suite.report.search_table import main, search_markdown, search_table
from rnn_suite.search import Search, profile_search
from rnn_suite.trials import RebuiltModel, SearchResult, TrialResult

if TYPE_CHECKING:
    from matplotlib.lines import Line2D

SEARCH = profile_search("smoke", corpus="imdb")


def trial(number: int, accuracies: tuple[float, ...], **changed: Any) -> TrialResult:
    made = TrialResult(
        trial=f"{number:04d}",
        status="COMPLETED",
        values={"dropout": "0.0", "learning_rate": "0.01", "rnn_type": "gru", "units": "16"},
        bracket=1,
        round=0,
        initial_epoch=0,
        epochs=1,
        parent="",
        score=max(accuracies, default=None),
        history={"loss": accuracies, "val_accuracy": accuracies},
        first_loss=None,
        seconds=3.0,
        fit_seconds=2.5,
        fault="",
    )
    return replace(made, **changed)


def values(dropout: str, learning_rate: str, rnn_type: str, units: str) -> dict[str, str]:
    return {
        "dropout": dropout,
        "learning_rate": learning_rate,
        "rnn_type": rnn_type,
        "units": units,
    }


LSTM = values("0.0", "0.01", "lstm", "16")

# A smoke search on IMDB from seed 1, rounded.
FOUND = SearchResult(
    seed=1,
    trials=(
        trial(0, (0.7150,), seconds=2.98, fit_seconds=2.51),
        trial(1, (0.7000,), values=values("0.0", "0.01", "gru", "32")),
        trial(2, (0.7375,), values=LSTM),
        trial(
            3,
            (0.7725, 0.7163),
            values=LSTM,
            round=1,
            initial_epoch=1,
            epochs=3,
            parent="0002",
            first_loss=0.5325,
            seconds=6.0,
            fit_seconds=4.5,
        ),
        trial(
            4,
            (0.6187, 0.6450, 0.6275),
            values=values("0.0", "0.003", "simple_rnn", "16"),
            bracket=0,
            epochs=3,
        ),
        trial(
            5,
            (0.5725, 0.5412, 0.5888),
            values=values("0.2", "0.003", "simple_rnn", "32"),
            bracket=0,
            epochs=3,
        ),
    ),
    best=RebuiltModel(
        trial="0003",
        score=0.7725,
        history={"loss": (0.64, 0.36, 0.20)},
        test_loss=0.6506,
        test_accuracy=0.6910,
    ),
    seconds=21.5,
    workers=1,
)


def failed(made: TrialResult) -> TrialResult:
    return replace(made, status="FAILED", score=None, history={}, fault="ValueError: no such cell")


FAULTY = replace(FOUND, trials=(*FOUND.trials[:5], failed(FOUND.trials[5])))


def running(made: TrialResult) -> TrialResult:
    return replace(made, status="RUNNING", score=None, history={}, seconds=0.0, fit_seconds=0.0)


def begun(count: int, **changed: Any) -> list[TrialResult]:
    """Return the trials so far, the last of which runs; all others took 3 seconds an epoch."""
    done = [
        replace(t, seconds=3.0 * (t.epochs - t.initial_epoch), **changed)
        for t in FOUND.trials[: count - 1]
    ]
    return [*done, running(FOUND.trials[count - 1])]


class TestProgress:
    def test_a_line_says_where_the_search_is_and_what_is_left(self) -> None:
        # 3 epochs of 11 are trained, at 3 s each.
        assert search_line(SEARCH, 101, begun(4), 13.4) == (
            "search seed 101 trial 4 of 6, bracket 1 round 1, best 0.7375 (lstm), "
            "0:13 gone, 0:24 left"
        )

    def test_nothing_is_foretold_before_a_trial_has_completed(self) -> None:
        assert search_line(SEARCH, 101, begun(1), 2.0) == (
            "search seed 101 trial 1 of 6, bracket 1 round 0, 0:02 gone"
        )

    def test_the_pace_of_a_search_that_was_taken_up_is_that_of_its_trials(self) -> None:
        assert search_line(SEARCH, 101, begun(4), 0.5).endswith("0:00 gone, 0:24 left")

    def test_trials_at_the_same_time_share_what_is_left(self) -> None:
        trials = [*begun(4), running(FOUND.trials[4])]
        assert search_line(SEARCH, 101, trials, 13.4).endswith("0:12 left")

    def test_failed_trials_are_counted(self) -> None:
        first, *others = begun(4)
        line = search_line(SEARCH, 101, [failed(first), *others], 13.4)
        assert "round 1, 1 failed, best 0.7375" in line

    def test_another_tuner_has_no_brackets_and_trains_every_trial_to_the_end(self) -> None:
        search = replace(SEARCH, tuner="random", max_trials=5)
        trials = [replace(t, bracket=0, epochs=0) for t in begun(3)]
        # 2 trials of 3 epochs took 6 s.
        assert search_line(search, 101, trials, 7.0) == (
            "search seed 101 trial 3 of 5, best 0.7150 (gru), 0:07 gone, 0:09 left"
        )

    def test_no_more_trials_are_foretold_than_the_space_has_points(self) -> None:
        search = replace(SEARCH, tuner="grid", max_trials=1_000)
        assert "trial 3 of 24," in search_line(search, 101, begun(3), 7.0)

    def test_a_space_without_kinds_of_cell_names_the_one_that_stands(self) -> None:
        search: Search = replace(SEARCH, space=replace(SEARCH.space, names=()))
        trials = [replace(t, values={"units": "16"}) for t in begun(4)]
        assert "best 0.7375 (lstm)" in search_line(search, 101, trials, 13.4)


class TestTable:
    def test_the_best_trials_come_first_each_with_its_values(self) -> None:
        headings, first, second, *_ = (line.split() for line in search_table(FOUND))
        assert headings[:4] == ["rank", "trial", "bracket/round", "epochs"]
        assert headings[4:] == [*LSTM, "score", "seconds"]
        assert first == ["1", "0003", "1/1", "1+2", *LSTM.values(), "0.7725", "6.0"]
        assert second == ["2", "0002", "1/0", "1", *LSTM.values(), "0.7375", "3.0"]

    def test_no_more_trials_are_shown_than_asked_for(self) -> None:
        assert len(search_table(FOUND, best=2)) == len(search_table(FOUND)) - 4

    def test_of_equal_scores_the_first_begun_stands_first(self) -> None:
        equal = replace(FOUND, trials=tuple(replace(t, score=0.7) for t in FOUND.trials))
        assert [line.split()[1] for line in search_table(equal)[1:7]] == [
            t.trial for t in FOUND.trials
        ]

    def test_the_winner_and_its_rebuilt_model_have_a_line(self) -> None:
        assert search_table(FOUND)[-2] == (
            "Winner: trial 0003 (dropout 0.0, learning_rate 0.01, rnn_type lstm, units 16), "
            "score 0.7725; rebuilt and trained 3 epochs: test accuracy 0.6910, test loss 0.6506"
        )

    def test_the_cost_has_a_line(self) -> None:
        assert search_table(FOUND)[-1] == (
            "Cost: 6 trials, 0 of them failed, 11 epochs trained, 21.5 s in 1 process without "
            "the rebuilt model, of which the tuner's own 0.66 s a trial"
        )

    def test_a_failed_trial_is_told_with_its_fault_and_not_ranked(self) -> None:
        lines = search_table(FAULTY)
        assert [line.split()[1] for line in lines[1:6]] == ["0003", "0002", "0000", "0001", "0004"]
        assert "6 trials, 1 of them failed" in lines[-2]
        assert lines[-1] == (
            "Failed: trial 0005 (dropout 0.2, learning_rate 0.003, rnn_type simple_rnn, units 32): "
            "ValueError: no such cell"
        )

    def test_a_search_that_gave_up_has_no_winner(self) -> None:
        lines = search_table(replace(FOUND, trials=tuple(map(failed, FOUND.trials)), best=None))
        assert lines[1].startswith("Winner: none; Keras Tuner gave up")
        assert lines[2] == (
            "Cost: 6 trials, 6 of them failed, 0 epochs trained, 21.5 s in 1 process"
        )

    def test_markdown_has_the_same_words(self) -> None:
        plain, markdown = search_table(FOUND), search_markdown(FOUND)
        rows = [line.replace("|", " ").split() for line in markdown if line.startswith("|")]
        assert [rows[0], *rows[2:]] == [line.split() for line in plain[:7]]
        assert markdown[-2:] == [f"- {sentence}" for sentence in plain[-2:]]


def test_a_result_and_a_baseline_are_told_from_their_files(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    measurement: Callable[..., Measurement],
    recorded: Recorded,
) -> None:
    write_json(tmp_path / "result.json", FOUND)
    both = Searches(searches=(FOUND, replace(FAULTY, seed=2)))
    save_baseline(
        tmp_path / "all.json",
        question_named("search"),
        replace(measurement(both), experiment=SEARCH),
        recorded,
    )
    main([str(tmp_path / "result.json"), str(tmp_path / "all.json")])
    printed = capsys.readouterr().out
    assert printed.count("Winner: trial 0003") == 3
    assert f"{tmp_path / 'all.json'}, search seed 2\n" in printed


def test_a_file_that_holds_something_else_is_named(tmp_path: Path) -> None:
    write_json(tmp_path / "other.json", [1])
    with pytest.raises(FormatError, match=r"other\.json"):
        main(["--markdown", str(tmp_path / "other.json")])


def points(line: Line2D) -> tuple[float, ...]:
    """Return x, y, x, y and so on."""
    return tuple(np.asarray(line.get_xydata(), float).ravel().tolist())


class TestPlots:
    @pytest.fixture(autouse=True)
    def needs_matplotlib(self) -> None:
        """The extra `report` brings it; the gate itself does without."""
        pytest.importorskip("matplotlib")

    @pytest.mark.parametrize("result", [FOUND, FAULTY], ids=["whole", "with a failed trial"])
    def test_every_trial_crosses_every_axis_to_its_score(self, result: SearchResult) -> None:
        (axes,) = parallel_coordinates(result).axes
        words = [text.get_text() for text in axes.texts]
        assert {*LSTM, "score", "simple_rnn", "0.003", "32"} <= set(words)
        assert len(axes.patches) == len(result.trials)
        ends = [points(line)[1] for line in axes.lines if line.get_marker() in ("o", "x")]
        assert len(ends) == len(result.trials)
        assert (min(ends), max(ends)) == (-0.12 if result is FAULTY else 0.0, 1.0)
        assert ("failed" in words) is (result is FAULTY)

    def test_a_learning_rate_stands_at_its_logarithm(self) -> None:
        rates = ("0.0001", "0.001", "0.01")
        trials = tuple(
            replace(t, values={"learning_rate": rate})
            for t, rate in zip(FOUND.trials, rates, strict=False)
        )
        (axes,) = parallel_coordinates(replace(FOUND, trials=trials)).axes
        heights = {text.get_text(): text.get_position()[1] for text in axes.texts}
        assert [heights[rate] for rate in rates] == pytest.approx([0.0, 0.5, 1.0])

    def test_labels_that_would_lie_on_each_other_are_left_out(self) -> None:
        units = ("32", "33", "512")
        trials = tuple(
            replace(t, values={"units": unit}) for t, unit in zip(FOUND.trials, units, strict=False)
        )
        (axes,) = parallel_coordinates(replace(FOUND, trials=trials)).axes
        assert {"32", "33", "512"} & {text.get_text() for text in axes.texts} == {"32", "512"}

    def test_a_search_of_failures_alone_is_drawn_without_a_scale(self) -> None:
        lost = replace(FOUND, trials=tuple(map(failed, FOUND.trials)), best=None)
        (axes,) = parallel_coordinates(lost).axes
        words = {text.get_text() for text in axes.texts}
        assert words == {
            *LSTM,
            *(v for t in lost.trials for v in t.values.values()),
            "score",
            "failed",
        }
        assert not bracket_curves(lost).axes[0].lines

    def test_each_bracket_has_a_panel_and_each_configuration_a_line(self) -> None:
        panels = bracket_curves(FOUND).axes
        assert [panel.get_title() for panel in panels] == [
            "bracket 1\n3 configurations",
            "bracket 0\n2 configurations",
        ]
        drawn = {points(line) for panel in panels for line in panel.lines}
        assert len(drawn) == 5
        # The lstm goes on in round 1, whatever bracket its later trial is said to be of.
        assert (1, 0.7375, 2, 0.7725, 3, 0.7163) in drawn
        moved = replace(FOUND.trials[3], bracket=0)
        trials = (*FOUND.trials[:3], moved, *FOUND.trials[4:])
        assert len(bracket_curves(replace(FOUND, trials=trials)).axes[0].lines) == 3

    def test_the_winner_is_the_thickest_line(self) -> None:
        lines = bracket_curves(FOUND).axes[0].lines
        thickest = max(lines, key=lambda line: line.get_linewidth())
        assert points(thickest) == (1, 0.7375, 2, 0.7725, 3, 0.7163)

    def test_files_are_the_same_every_time_and_their_text_is_text(self, tmp_path: Path) -> None:
        first, again = (write_plots(FOUND, tmp_path / name) for name in ("first", "again"))
        assert [path.name for path in first] == [
            f"seed-1-{figure}.{kind}"
            for figure in ("parallel_coordinates", "learning_curves")
            for kind in ("svg", "png")
        ]
        for one, other in zip(first, again, strict=True):
            assert one.read_bytes() == other.read_bytes()
        drawing = first[0].read_text(encoding="utf-8")
        assert "simple_rnn</text>" in drawing
        assert "<dc:date>" not in drawing


def test_a_missing_matplotlib_is_said_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("matplotlib", "matplotlib.figure"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingPackageError, match=r"pip install 'rnn-suite\[report\]'"):
        bracket_curves(FOUND)
