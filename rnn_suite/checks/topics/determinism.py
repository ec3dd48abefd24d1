"""Is a training repeated bit for bit by the same seed, in two fresh processes that run at once?

TensorFlow promises it with op determinism and the seeds of `keras.utils.set_random_seed`, "the exact same
outputs each time" on the same hardware. Without it threads may add in another order: that is told, not asked.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

from rnn_suite.checks.parts.seeded_training import (
    SeededTraining,
    Trained,
    train_from_seeds,
)
from rnn_suite.findings import Finding, equal
from rnn_suite.fresh_process import in_fresh_processes


def one_seed_gives_one_training() -> Iterator[Finding]:
    """Hold losses and weights of the two processes against each other, both with op determinism."""
    first, second = _processes()
    for cell in first.deterministic:
        ours, theirs = first.deterministic[cell][0], second.deterministic[cell][0]
        yield equal(f"{cell}, losses", theirs.losses, ours.losses)
        yield equal(f"{cell}, weights", theirs.weights, ours.weights)


def another_seed_gives_another_training() -> Iterator[Finding]:
    """Hold the trainings of two seeds against each other: the other rules would be blind if these agreed."""
    process, _ = _processes()
    for cell, (ours, theirs) in process.deterministic.items():
        yield equal(f"{cell}, losses differ", ours.losses != theirs.losses, True)
        yield equal(f"{cell}, weights differ", ours.weights != theirs.weights, True)


def what_is_not_promised_is_told() -> Iterator[Finding]:
    """Say whether the two processes agree without op determinism; no answer is wrong."""
    first, second = _processes()
    for cell in first.free:
        ours, theirs = first.free[cell], second.free[cell]
        yield Finding(
            name=f"{cell}, without op determinism",
            error=0.0,
            bound=0.0,
            expected="not promised",
            received="equal" if ours == theirs else _difference(ours, theirs),
        )


@functools.cache
def _processes() -> tuple[SeededTraining, SeededTraining]:
    """Train all cells in two fresh processes at once; both the same."""
    first, second = in_fresh_processes(train_from_seeds, count=2)
    return first, second


def _difference(ours: Trained, theirs: Trained) -> str:
    losses = [[float.fromhex(loss) for loss in trained.losses] for trained in (ours, theirs)]
    return f"different: losses {losses[0]} and {losses[1]}"


RULES = (
    one_seed_gives_one_training,
    another_seed_gives_another_training,
    what_is_not_promised_is_told,
)
