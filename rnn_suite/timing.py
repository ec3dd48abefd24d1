"""Single training steps to be timed, on one fixed batch of the notebook's kind."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from rnn_suite.data.dataset import Dataset
from rnn_suite.experiment import Experiment

WARMUP_STEPS = 5
"""Steps taken before timing: the first traces and compiles, the others fill caches."""


def make_step(
    experiment: Experiment, model: Any, dataset: Dataset
) -> tuple[Callable[[], None], tuple[float, ...]]:
    """Return a function that takes one training step, warmed up, and the seconds of its warm-ups.

    A step is `train_on_batch` on the first batch of the training reviews. It returns when the loss is
    a Python number, so the device has finished. `model` is trained on by every call.
    """
    size = experiment.training.batch_size
    x, y = dataset.x_train[:size], dataset.y_train[:size]

    def step() -> None:
        model.train_on_batch(x, y)

    seconds = []
    for _ in range(WARMUP_STEPS):
        started = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - started)
    return step, tuple(seconds)
