"""Train one model from one seed, test it, and say where the time went."""

from __future__ import annotations

import math
import re
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from rnn_suite.data.dataset import Dataset
from rnn_suite.errors import TrainingError
from rnn_suite.experiment import Experiment
from rnn_suite.imports import import_seconds
from rnn_suite.models import build_model, head_of, renew_model
from rnn_suite.results import PhaseSeconds, SeedResult


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochEnd:
    """What a progress display is told after each epoch."""

    cell: str
    seed: int
    epoch: int
    """Epoch that has ended, counted from 1."""
    epochs: int
    val_metric: float
    """Validation metric (accuracy as a fraction) of this epoch."""
    seconds: float
    """Wall time since the start of this seed."""


Progress = Callable[[EpochEnd], None]


class PhaseClock:
    """Divides wall time into named phases without a gap: there is always exactly one running."""

    def __init__(self, phase: str) -> None:
        self.seconds: dict[str, float] = {}
        self._phase = phase
        self._since = time.perf_counter()

    def enter(self, phase: str) -> None:
        """Let the running phase end and `phase` begin, at one instant."""
        now = time.perf_counter()
        self.seconds[self._phase] = self.seconds.get(self._phase, 0.0) + now - self._since
        self._phase, self._since = phase, now


class _Observer(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Follows one `fit`: phases, the weights of the best epoch, progress, and a loss that is no number."""

    def __init__(
        self, experiment: Experiment, seed: int, clock: PhaseClock, progress: Progress | None
    ) -> None:
        super().__init__()
        self._experiment, self._seed, self._clock, self._progress = (
            experiment,
            seed,
            clock,
            progress,
        )
        self._started = time.perf_counter()
        self._first_step_done = False
        self.best_epoch = 0
        self.best_val_loss = math.inf
        self.best_weights: list[Any] = []

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._clock.enter("steady_steps" if self._first_step_done else "first_step")

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        if not self._first_step_done:
            self._first_step_done = True
            self._clock.enter("steady_steps")

    def on_test_begin(self, logs: dict[str, float] | None = None) -> None:
        self._clock.enter("validation")

    def on_test_end(self, logs: dict[str, float] | None = None) -> None:
        self._clock.enter("other")

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        logs = logs or {}
        metric = head_of(self._experiment).metric
        for name in ("loss", "val_loss"):
            if not math.isfinite(logs[name]):
                raise TrainingError(
                    f"{self._experiment.cell}, seed {self._seed}: {name} is {logs[name]} after epoch "
                    f"{epoch + 1}.\nExpected: a finite number\nReceived: {logs[name]}\n"
                    "Nothing of this seed was kept. A smaller learning rate than "
                    f"{self._experiment.training.learning_rate} may train; if it trained before the "
                    "upgrade, the upgrade broke it."
                )
        if logs["val_loss"] < self.best_val_loss:
            self.best_val_loss, self.best_epoch = logs["val_loss"], epoch + 1
            self.best_weights = self.model.get_weights()
        if self._progress is not None:
            self._progress(
                EpochEnd(
                    cell=self._experiment.cell,
                    seed=self._seed,
                    epoch=epoch + 1,
                    epochs=self._experiment.training.epochs,
                    val_metric=logs[f"val_{metric}"],
                    seconds=time.perf_counter() - self._started,
                )
            )


class Trainer:
    """Trains one experiment from any number of seeds on one traced model.

    Tracing is the dearest part of a short run. Each seed gets the weights, optimizer state and dropout
    seeds of a model built for it alone, so a result is bit-equal to one from a fresh model; a unit
    test holds that.
    """

    def __init__(self, experiment: Experiment, dataset: Dataset) -> None:
        self._experiment = experiment
        self._dataset = dataset
        self._model: Any = None

    @property
    def model(self) -> Any:
        """The traced model, built if there is none yet."""
        if self._model is None:
            self._model = build_model(self._experiment)
        return self._model

    def _prepare(self, seed: int) -> Any:
        keras.utils.set_random_seed(seed)
        traced = self._model is not None
        model = self.model
        if traced:
            renew_model(model, self._experiment)
        keras.utils.set_random_seed(seed)
        return model

    def train(self, seed: int, *, progress: Progress | None = None) -> SeedResult:
        """Train from `seed`, test the last and the best epoch, and return what was measured.

        Args:
            seed: for initial weights, batch order and dropout.
            progress: called after each epoch.

        Raises:
            TrainingError: if the loss becomes NaN or infinite.
        """
        experiment, dataset, training = (
            self._experiment,
            self._dataset,
            self._experiment.training,
        )
        clock = PhaseClock("build")
        model = self._prepare(seed)
        observer = _Observer(experiment, seed, clock, progress)
        clock.enter("first_step")
        history = model.fit(
            dataset.x_train,
            dataset.y_train,
            batch_size=training.batch_size,
            epochs=training.epochs,
            validation_split=training.validation_split,
            verbose=0,
            callbacks=[observer],
        ).history
        clock.enter("evaluation")
        last_loss, last_metric = self._test(model)
        best_loss, best_metric = last_loss, last_metric
        if observer.best_epoch != training.epochs:
            model.set_weights(observer.best_weights)
            best_loss, best_metric = self._test(model)
        clock.enter("end")
        steps = math.ceil(
            math.floor(len(dataset.x_train) * (1 - training.validation_split)) / training.batch_size
        )
        return SeedResult(
            seed=seed,
            history={name: tuple(map(float, values)) for name, values in history.items()},
            best_epoch=observer.best_epoch,
            best_test_loss=best_loss,
            best_test_metric=best_metric,
            last_test_loss=last_loss,
            last_test_metric=last_metric,
            parameters=sum(math.prod(v.shape) for v in model.trainable_variables),
            import_seconds=import_seconds(),
            steady_step_count=steps * training.epochs - 1,
            seconds=PhaseSeconds(
                **{name: clock.seconds.get(name, 0.0) for name in PhaseSeconds.__dataclass_fields__}
            ),
            peak_rss_bytes=peak_rss_bytes(),
        )

    def _test(self, model: Any) -> tuple[float, float]:
        loss, metric = model.evaluate(
            self._dataset.x_test,
            self._dataset.y_test,
            batch_size=self._experiment.training.batch_size,
            verbose=0,
        )
        return float(loss), float(metric)


def peak_rss_bytes() -> int:
    """Return the highest resident memory of this process so far, in bytes."""
    try:
        # Linux hands a new process the peak of the one that started it in what `getrusage` says.
        found = re.search(
            r"^VmHWM:\s*(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE
        )
    except OSError:
        found = None
    if found:
        return int(found.group(1)) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
