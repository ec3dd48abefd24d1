from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rnn_suite import workbench as module
from rnn_suite.data.dataset import Dataset
from rnn_suite.errors import TrainingError
from rnn_suite.experiment import Experiment
from rnn_suite.results import CorpusIdentity, Environment, SeedResult
from rnn_suite.runs import Run, open_run
from rnn_suite.workbench import Workbench, accuracies

Tiny = Callable[..., Experiment]


class Trainer:
    """Stands in for the real trainer: remembers its seeds, fails on one of them if told to."""

    def __init__(self, result: Callable[..., SeedResult]) -> None:
        self.trained: list[int] = []
        self.fails_on: int | None = None
        self._result = result

    def train(self, seed: int, *, progress: Any = None) -> SeedResult:
        if seed == self.fails_on:
            raise TrainingError(f"seed {seed} failed")
        self.trained.append(seed)
        return self._result(seed)


@pytest.fixture
def trainer(
    monkeypatch: pytest.MonkeyPatch,
    seed_result: Callable[..., SeedResult],
    make_dataset: Callable[..., Dataset],
) -> Trainer:
    """The only trainer of every workbench of this test."""
    made = Trainer(seed_result)
    monkeypatch.setattr(module, "load", lambda _experiment: make_dataset())
    monkeypatch.setattr(Workbench, "trainer", lambda _self, _experiment: made)
    return made


@pytest.fixture
def run(tmp_path: Path, environment: Environment) -> Iterator[Run]:
    """A run that has kept nothing yet."""
    opened = open_run(tmp_path, environment)
    yield opened
    opened.close()


def test_every_seed_is_trained_once_and_kept(run: Run, trainer: Trainer, tiny: Tiny) -> None:
    bench = Workbench(run)
    results = bench.train(tiny(seeds=(5, 3)))
    assert [result.seed for result in results] == [5, 3]
    assert bench.train(tiny(seeds=(5, 3, 9)))[:2] == results
    assert trainer.trained == [5, 3, 9]
    assert run.kept_seeds() == 3


def test_a_later_process_trains_only_what_is_not_on_disk(
    run: Run, trainer: Trainer, tiny: Tiny
) -> None:
    Workbench(run).train(tiny(seeds=(0, 1)))
    Workbench(run).train(tiny(seeds=(0, 1, 2)))
    assert trainer.trained == [0, 1, 2]


def test_a_failed_seed_is_raised_and_those_before_it_are_kept(
    run: Run, trainer: Trainer, tiny: Tiny
) -> None:
    trainer.fails_on = 1
    bench = Workbench(run)
    with pytest.raises(TrainingError, match="seed 1 failed"):
        bench.train(tiny(seeds=(0, 1, 2)))
    assert bench.interrupted
    assert run.kept_seeds() == 1
    assert trainer.trained == [0]


def test_what_is_kept_is_bound_to_the_corpus_it_was_measured_on(
    run: Run,
    trainer: Trainer,
    tiny: Tiny,
    monkeypatch: pytest.MonkeyPatch,
    make_dataset: Callable[..., Dataset],
    identity: CorpusIdentity,
) -> None:
    Workbench(run).train(tiny())
    other = replace(make_dataset(), identity=replace(identity, sha256="cd" * 32))
    monkeypatch.setattr(module, "load", lambda _experiment: other)
    Workbench(run).train(tiny())
    assert trainer.trained == [0, 0]


def test_a_corpus_is_loaded_once_for_all_cells(
    run: Run, tiny: Tiny, monkeypatch: pytest.MonkeyPatch, make_dataset: Callable[..., Dataset]
) -> None:
    loads: list[str] = []

    def load(experiment: Experiment) -> Dataset:
        loads.append(experiment.cell)
        return make_dataset()

    monkeypatch.setattr(module, "load", load)
    bench = Workbench(run)
    assert bench.dataset(tiny("gru")) is bench.dataset(tiny("lstm"))
    assert bench.dataset(tiny("gru", maxlen=9)) is not bench.dataset(tiny("lstm"))
    assert loads == ["gru", "gru"]


def test_experiments_that_differ_in_their_seeds_alone_share_a_trainer(
    run: Run, tiny: Tiny, monkeypatch: pytest.MonkeyPatch, make_dataset: Callable[..., Dataset]
) -> None:
    monkeypatch.setattr(module, "load", lambda _experiment: make_dataset())
    bench = Workbench(run)
    assert bench.trainer(tiny(seeds=(1,))) is bench.trainer(tiny(seeds=(2, 3)))
    assert bench.trainer(tiny(units=5)) is not bench.trainer(tiny())


def test_the_gated_accuracy_is_that_of_the_best_epoch(
    seed_result: Callable[..., SeedResult],
) -> None:
    results = [
        seed_result(
            seed,
            best_test_metric=8 / 16 + seed / 32,
            last_test_metric=7 / 16 + seed / 32,
            best_test_loss=4 / 16 + seed / 32,
            last_test_loss=9 / 16 + seed / 32,
        )
        for seed in (1, 2)
    ]
    found = accuracies(results)
    assert found.seeds == (1, 2)
    assert found.accuracy_fraction == (8 / 16 + 1 / 32, 8 / 16 + 2 / 32)
    assert found.last_epoch_accuracy_fraction == (7 / 16 + 1 / 32, 7 / 16 + 2 / 32)
    assert found.test_loss == (4 / 16 + 1 / 32, 4 / 16 + 2 / 32)
    assert found.last_epoch_test_loss == (9 / 16 + 1 / 32, 9 / 16 + 2 / 32)


def test_the_curves_of_validation_are_kept_a_tuple_a_seed(
    seed_result: Callable[..., SeedResult],
) -> None:
    curves = {1: (0.5, 0.25), 2: (0.75, 0.5)}
    results = [
        seed_result(seed, history={"loss": (9.0, 9.0), "val_accuracy": curve, "val_loss": curve})
        for seed, curve in curves.items()
    ]
    assert accuracies(results).history == {
        "val_accuracy": ((0.5, 0.25), (0.75, 0.5)),
        "val_loss": ((0.5, 0.25), (0.75, 0.5)),
    }
