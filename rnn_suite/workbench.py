"""What one run has already made: loaded corpora, traced models, trained seeds. Each is made once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from rnn_suite.data import Dataset, load
from rnn_suite.experiment import Experiment
from rnn_suite.questions.accuracy import SeedAccuracies
from rnn_suite.results import SeedResult
from rnn_suite.runs import Run

if TYPE_CHECKING:
    from rnn_suite.training import EpochEnd, Progress, Trainer


class Workbench:
    """Trains, times and checks experiments, keeping every finished seed in the run's folder."""

    def __init__(self, run: Run, progress: Callable[[EpochEnd, int], None] | None = None) -> None:
        """Work in the folder of `run`; `progress` is told each epoch and how many seeds are to come."""
        self.run = run
        self.interrupted = False
        """Whether anything cut a training short, so that the next run should take this one up."""
        self.results: dict[str, list[SeedResult]] = {}
        """Every seed this run has used, by profile and cell."""
        self._progress = progress
        self._datasets: dict[object, Dataset] = {}
        self._trainers: dict[Experiment, Trainer] = {}

    def dataset(self, experiment: Experiment) -> Dataset:
        """Return the experiment's dataset, loaded on the first call."""
        if experiment.corpus not in self._datasets:
            self._datasets[experiment.corpus] = load(experiment)
        return self._datasets[experiment.corpus]

    def trainer(self, experiment: Experiment) -> Trainer:
        """Return the experiment's trainer, with a traced model once it has trained."""
        from rnn_suite.training import Trainer

        key = replace(experiment, seeds=(0,))
        if key not in self._trainers:
            self._trainers[key] = Trainer(experiment, self.dataset(experiment))
        return self._trainers[key]

    def train(self, experiment: Experiment) -> list[SeedResult]:
        """Return a result for each of the experiment's seeds, training those not on disk yet.

        Raises:
            SuiteError: if a training or the writing of its result fails; the seeds before it are kept.
        """
        identity = self.dataset(experiment).identity
        results = []
        for position, seed in enumerate(experiment.seeds):
            progress = self._progress_of(len(experiment.seeds) - position - 1)
            result = self.run.load(experiment, identity, seed)
            if result is None:
                try:
                    result = self.trainer(experiment).train(seed, progress=progress)
                    self.run.keep(experiment, identity, result)
                except BaseException:
                    self.interrupted = True
                    raise
            results.append(result)
        self.results[f"{experiment.profile} {experiment.cell}"] = results
        return results

    def _progress_of(self, seeds_to_come: int) -> Progress | None:
        show = self._progress
        return None if show is None else lambda epoch: show(epoch, seeds_to_come)


def accuracies(results: list[SeedResult]) -> SeedAccuracies:
    """Return what the accuracy question asks of trained seeds."""
    return SeedAccuracies(
        seeds=tuple(result.seed for result in results),
        accuracy_fraction=tuple(result.best_test_metric for result in results),
        last_epoch_accuracy_fraction=tuple(result.last_test_metric for result in results),
        test_loss=tuple(result.best_test_loss for result in results),
        last_epoch_test_loss=tuple(result.last_test_loss for result in results),
        history={
            name: tuple(result.history[name] for result in results)
            for name in ("val_accuracy", "val_loss")
        },
    )
