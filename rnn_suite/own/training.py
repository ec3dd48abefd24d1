"""Build a user's model from a seed, look at it, train it, save and load it, time its steps."""

from __future__ import annotations

import math
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from rnn_suite.errors import MeasurementError, TrainingError
from rnn_suite.findings import relative_error
from rnn_suite.own.arrays import Arrays, head
from rnn_suite.own_model import LOSS, OwnModel
from rnn_suite.questions.own import SavedAndLoaded
from rnn_suite.results import StepTimes
from rnn_suite.timing import make_step, timed

Build = Callable[[], Any]
"""From nothing to a compiled `keras.Model`."""

SHORT_STEPS = 10
"""Steps of a short run."""

TIMED_STEPS = 25
"""Steps that are timed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortRun:
    """A model that was built from a seed and took its first steps."""

    model: Any
    figures: tuple[str, ...]
    """Keras's names of what a test gives, the loss among them."""
    parameters: int
    """Trainable parameters."""
    initial_weights: list[Any]
    losses: tuple[float, ...]
    """Keras's running mean of the loss after each step."""


class _Observer(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Keeps the losses of steps and epochs."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[float] = []
        self.epochs: list[float] = []

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        if len(self.steps) < SHORT_STEPS:
            self.steps.append(float((logs or {})[LOSS]))

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.epochs.append(float((logs or {})[LOSS]))
        if not math.isfinite(self.epochs[-1]):
            self.model.stop_training = True


def new_model(build: Build, seed: int) -> Any:
    """Return what `build` makes from `seed`, which weights, batch order and dropout follow.

    Raises:
        MeasurementError: if it is no compiled Keras model.
    """
    keras.utils.set_random_seed(seed)
    model = build()
    if not isinstance(model, keras.Model):
        raise _not_a_model(f"{type(model).__module__}.{type(model).__qualname__}")
    if not model.compiled:
        raise _not_a_model("one that is not compiled")
    return model


def _not_a_model(received: str) -> MeasurementError:
    return MeasurementError(
        "build() gave no model that can be trained.\nExpected: a compiled keras.Model\n"
        f"Received: {received}\nNext: let build() end with model.compile(...) and return model"
    )


def short_run(build: Build, arrays: Arrays, *, seed: int, batch_size: int) -> ShortRun:
    """Build from `seed`, test one batch, and train the first rows for `SHORT_STEPS` steps.

    Raises:
        MeasurementError: if `build` gives no compiled model.
    """
    model = new_model(build, seed)
    x, y = head(arrays.x_test, batch_size), head(arrays.y_test, batch_size)
    # Builds a model that knows its input only now, too.
    figures = model.evaluate(x, y, batch_size=batch_size, verbose=0, return_dict=True)
    weights = model.get_weights()
    observer, few = _Observer(), SHORT_STEPS * batch_size
    model.fit(
        head(arrays.x_train, few),
        head(arrays.y_train, few),
        batch_size=batch_size,
        verbose=0,
        callbacks=[observer],
    )
    return ShortRun(
        model=model,
        figures=tuple(figures),
        parameters=sum(math.prod(v.shape) for v in model.trainable_variables),
        initial_weights=weights,
        losses=tuple(observer.steps),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedSeed:
    """What a training came to."""

    seed: int
    untrained: float
    """The metric of the test with the initial weights."""
    value: float
    """With the weights of the last epoch."""
    losses: tuple[float, ...]
    """Training loss of each epoch."""
    seconds: float


def train(build: Build, arrays: Arrays, own: OwnModel, seed: int) -> TrainedSeed:
    """Train from `seed` for all epochs, and test before and after.

    Raises:
        TrainingError: if a loss or the metric is no finite number.
        MeasurementError: if `build` gives no compiled model.
    """
    started = time.perf_counter()
    model = new_model(build, seed)
    observer = _Observer()

    def tested() -> float:
        figures = model.evaluate(
            arrays.x_test, arrays.y_test, batch_size=own.batch_size, verbose=0, return_dict=True
        )
        return float(figures[own.metric])

    untrained = tested()
    model.fit(
        arrays.x_train,
        arrays.y_train,
        batch_size=own.batch_size,
        epochs=own.epochs,
        verbose=0,
        callbacks=[observer],
    )
    if not math.isfinite(observer.epochs[-1]):
        place = f"after epoch {len(observer.epochs)}"
        raise _no_number(own, seed, f"the loss is {observer.epochs[-1]} {place}")
    value = tested()
    for when, figure in (("before", untrained), ("after", value)):
        if not math.isfinite(figure):
            raise _no_number(own, seed, f"{own.metric} of the test is {figure} {when} training")
    return TrainedSeed(
        seed=seed,
        untrained=untrained,
        value=value,
        losses=tuple(observer.epochs),
        seconds=time.perf_counter() - started,
    )


def _no_number(own: OwnModel, seed: int, received: str) -> TrainingError:
    return TrainingError(
        f"{own.name} cannot be trained from seed {seed}.\nExpected: finite numbers\nReceived: {received}\n"
        "Next: look for NaN in the data and for too large a learning rate; if it trained before the "
        "upgrade, the upgrade broke it"
    )


def save_and_load(model: Any, arrays: Arrays, batch_size: int) -> SavedAndLoaded:
    """Save the model to a `.keras` file of its own, load it in safe mode, and hold one against the other."""
    x = head(arrays.x_test, batch_size)
    before = _flat(model.predict(x, batch_size=batch_size, verbose=0))
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # A warning of a library is no fault of the file, even where pytest is told to raise it.
        warnings.simplefilter("default")
        path = Path(folder, "model.keras")
        try:
            model.save(path)
            loaded = keras.saving.load_model(path, safe_mode=True)
            after = _flat(loaded.predict(x, batch_size=batch_size, verbose=0))
        except Exception as error:  # noqa: BLE001 (whatever layers of a user raise is the answer)
            return SavedAndLoaded(
                error=_in_a_line(error, folder), same_weights=False, output_difference=0.0
            )
    ours, theirs = model.get_weights(), loaded.get_weights()
    return SavedAndLoaded(
        error="",
        same_weights=same_arrays(ours, theirs),
        output_difference=_difference(before, after),
    )


def _in_a_line(error: Exception, folder: str) -> str:
    """Return kind and words of an error without its folder; Keras tells the cause at a long message's end."""
    words = " ".join(str(error).replace(folder, "").split())
    if len(words) > 300:
        words = f"{words[:100]} ... {words[-200:]}"
    return f"{type(error).__name__}: {words}"


def same_arrays(ours: list[Any], theirs: list[Any]) -> bool:
    """Return whether two lists of arrays are equal in every bit that counts."""
    return len(ours) == len(theirs) and all(map(np.array_equal, ours, theirs))


def _flat(outputs: Any) -> list[Any]:
    return [np.asarray(output) for output in keras.tree.flatten(outputs)]


def _difference(before: list[Any], after: list[Any]) -> float:
    if len(before) != len(after):
        return 1.0
    return max(relative_error(a, b) for a, b in zip(after, before, strict=True))


def time_steps(model: Any, arrays: Arrays, batch_size: int) -> StepTimes:
    """Return the seconds of single training steps on the first batch; the model is trained on by each."""
    step, warmup_seconds = make_step(
        model, head(arrays.x_train, batch_size), head(arrays.y_train, batch_size)
    )
    return StepTimes(warmup_seconds=warmup_seconds, step_seconds=timed(step, TIMED_STEPS))
