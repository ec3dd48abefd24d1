from __future__ import annotations

from pathlib import Path

import pytest

from rnn_suite.errors import FormatError, InvalidExperimentError, MeasurementError
from rnn_suite.tuning import processes
from rnn_suite.tuning.processes import SearchProcess
from tests.unit.tuning.real_searches import Alone, as_planned, processes_of, tiny_search


def test_one_process_searches_alone_whatever_place_its_parent_has_in_a_cluster(
    alone: Alone,
) -> None:
    assert alone.result.workers == 1
    assert {trial.status for trial in alone.result.trials} == {"COMPLETED"}
    assert as_planned(tiny_search(), alone.result.trials)


def test_the_rebuilt_model_has_the_best_trials_values(alone: Alone) -> None:
    best = alone.result.best
    assert best is not None
    scores = {trial.trial: trial.score for trial in alone.result.trials}
    assert best.score == scores[best.trial] == max(score for score in scores.values() if score)
    assert len(best.history["val_accuracy"]) == 1


def test_progress_is_told_as_trials_begin(alone: Alone) -> None:
    assert list(alone.shown) == sorted(alone.shown)
    assert alone.shown[-1] == 5


def test_the_rebuilding_of_the_best_is_told_once_and_last(alone: Alone) -> None:
    assert not any(alone.rebuilding[:-1])
    assert alone.rebuilding[-1]


def test_a_finished_search_starts_no_process_again(alone: Alone) -> None:
    again = SearchProcess(tiny_search(), 1, alone.folder, workers=2)
    assert processes_of(alone.folder) == {}
    assert again.result() == alone.result
    assert again.losses == ()


def test_another_search_in_a_folder_is_refused(alone: Alone) -> None:
    with pytest.raises(FormatError, match=r"holds another search.*\n.*\n.* seed: 1 / 2\n"):
        SearchProcess(tiny_search(), 2, alone.folder)


@pytest.mark.parametrize("workers", [0, -1])
def test_fewer_than_one_worker_is_an_error_before_anything_is_written(
    tmp_path: Path, workers: int
) -> None:
    with pytest.raises(
        InvalidExperimentError, match=rf"Expected: 1 or more\nReceived: {workers}\n"
    ):
        SearchProcess(tiny_search(), 1, tmp_path / "new", workers=workers)
    assert not (tmp_path / "new").exists()


def test_a_search_that_hangs_is_ended_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "SILENT_SECONDS", 2.0)
    hanging = SearchProcess(tiny_search(), 1, tmp_path)
    (process,) = processes_of(tmp_path).values()
    process.suspend()
    with pytest.raises(
        MeasurementError, match=r"search from seed 1 in .*\n.*\nReceived: nothing new"
    ):
        hanging.result()
    assert processes_of(tmp_path) == {}
