"""When `EarlyStopping` ends a run, and which weights it leaves."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras

from rnn_suite.checks.parts.scripted import accuracies, last_weight, losses, run, same_number
from rnn_suite.findings import Finding, equal

NAN = math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A run, and how `EarlyStopping` was asked to look at it."""

    name: str
    script: tuple[float, ...]
    asked: dict[str, Any] = field(default_factory=dict)
    values: Callable[[Sequence[float]], list[float]] = losses
    """What is monitored."""
    rises: bool = False
    """Whether more is better."""

    def expected(self) -> tuple[int, int]:
        """Return how many epochs are run, and the number of the best one."""
        return stopped(self.values(self.script), rises=self.rises, **self.asked)


# The loss is half of the weight.
STOPS = (
    Stop(name="no patience", script=(3, 2, 2.5, 1)),
    Stop(name="patience", script=(3, 2, 2.5, 2.25, 1), asked={"patience": 2}),
    Stop(
        name="patience, better in time",
        script=(3, 2, 2.5, 1, 1.5, 1.25, 0.5),
        asked={"patience": 2},
    ),
    Stop(name="better to the end", script=(4, 3, 2, 1), asked={"patience": 1}),
    Stop(name="worse at the end", script=(4, 3, 2, 2.5), asked={"patience": 2}),
    Stop(name="as good is not better", script=(2, 2, 2, 1), asked={"patience": 2}),
    Stop(
        name="min_delta",
        script=(4, 3.5, 2.5, 2, 1.75, 0.25),
        asked={"patience": 2, "min_delta": 0.5},
    ),
    Stop(
        name="training loss",
        script=(3, 2, 2.5, 2.25, 1),
        asked={"patience": 2, "monitor": "loss"},
    ),
    Stop(
        name="mode min",
        script=(0.5, 2.5, 2.75, 1.5, 0.25),
        asked={"patience": 2, "monitor": "val_accuracy", "mode": "min"},
        values=accuracies,
    ),
    Stop(
        name="mode max",
        script=(1, 2, 3, 2.5, 2.25, 4),
        asked={"patience": 2, "mode": "max"},
        rises=True,
    ),
    Stop(
        name="mode auto, accuracy",
        script=(0.75, 1.5, 2.5, 1.5, 0.75, 2.5),
        asked={"patience": 2, "monitor": "val_accuracy"},
        values=accuracies,
        rises=True,
    ),
    Stop(
        name="mode max, min_delta",
        script=(1, 1.5, 3, 3.5, 3.75, 9),
        asked={"patience": 2, "mode": "max", "min_delta": 0.5},
        rises=True,
    ),
    Stop(
        name="start_from_epoch",
        script=(1, 0.5, 3, 4, 5, 0.25),
        asked={"patience": 2, "start_from_epoch": 2},
    ),
    Stop(
        name="baseline beaten",
        script=(4, 2, 3, 3.5, 1),
        asked={"patience": 2, "baseline": 1.5},
    ),
    # "If no epoch improves on `baseline`, training will run for `patience` epochs"; keras-team/keras#23559,
    # younger than 3.15, begins to count anew with every epoch that is better than those before.
    Stop(name="baseline never beaten", script=(2, 3, 4, 1), asked={"patience": 2, "baseline": 0.5}),
    Stop(
        name="NaN on the way, patience enough",
        script=(3, 2, NAN, NAN, 1),
        asked={"patience": 3},
    ),
    Stop(name="NaN on the way, patience ends", script=(3, 2, NAN, NAN, 1), asked={"patience": 2}),
)


def early_stopping_waits_as_asked() -> Iterator[Finding]:
    """Count the epochs of every run."""
    for number, stop in enumerate(STOPS):
        epochs, _ = stop.expected()
        yield equal(stop.name, _ended(number)[0], epochs)


def early_stopping_restores_the_best_epoch_where_asked() -> Iterator[Finding]:
    """Look at the weight after every run, be it stopped or at its end; and after two that do not ask."""
    for number, stop in enumerate(STOPS):
        _, best = stop.expected()
        yield same_number(stop.name, _ended(number)[1], stop.script[best])
    for name, script in (("stopped", (3, 2, 2.5, 2.25, 1)), ("at its end", (4, 3, 2, 2.5))):
        run(script, keras.callbacks.EarlyStopping(patience=2))
        epochs, _ = stopped(losses(script), patience=2)
        yield same_number(f"not asked to, {name}", last_weight(), script[epochs - 1])


@functools.cache
def _ended(number: int) -> tuple[int, float]:
    """Return the epochs of a run of `STOPS` and the weight that it restored: one run for two rules."""
    stop = STOPS[number]
    stopping = keras.callbacks.EarlyStopping(restore_best_weights=True, **stop.asked)
    history = run(stop.script, stopping)
    return len(history.epoch), last_weight()


def stopped(
    values: Sequence[float],
    *,
    rises: bool = False,
    patience: int = 0,
    min_delta: float = 0.0,
    baseline: float | None = None,
    start_from_epoch: int = 0,
    **_monitored: str,
) -> tuple[int, int]:
    """Return how many epochs are run, and the number of the best one that was looked at."""

    def better(value: float, than: float | None) -> bool:
        gain = math.inf if than is None else value - than if rises else than - value
        return not math.isnan(value) and gain > min_delta

    best, best_epoch, waited = None, start_from_epoch, 0
    for epoch in range(start_from_epoch, len(values)):
        waited += 1
        if better(values[epoch], best):
            best, best_epoch = values[epoch], epoch
            if baseline is None or better(best, baseline):
                waited = 0
        # Without patience, the first epoch that is no better is the last.
        if waited >= max(patience, 1):
            return epoch + 1, best_epoch
    return len(values), best_epoch


EARLY_STOPPING = (
    early_stopping_waits_as_asked,
    early_stopping_restores_the_best_epoch_where_asked,
)
