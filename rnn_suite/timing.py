"""Single training steps to be timed, on one fixed batch."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

WARMUP_STEPS = 5
"""Steps taken before timing: the first traces and compiles, the others fill caches."""


def make_step(model: Any, x: Any, y: Any) -> tuple[Callable[[], None], tuple[float, ...]]:
    """Return a function that takes one training step, warmed up, and the seconds of its warm-ups.

    A step is `train_on_batch` on the batch `x`, `y`. It returns when the loss is a Python number, so the
    device has finished. `model` is trained on by every call.
    """

    def step() -> None:
        model.train_on_batch(x, y)

    return step, timed(step, WARMUP_STEPS)


def timed(step: Callable[[], None], count: int) -> tuple[float, ...]:
    """Return the seconds of `count` calls of `step`, one after the other."""
    seconds = []
    for _ in range(count):
        started = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - started)
    return tuple(seconds)
