"""What a process holds after it has trained and tested over and over: memory, threads, dropped models.

Growth is the median of the slopes between all pairs of times (Theil 1950; Sen 1968), which a few jumps of
the allocator do not move, and it counts only as far as its 99 % interval lies above 0: a busy machine widens
the interval and nothing else.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

from rnn_suite.checks.parts.repeated_training import RepeatedTraining, train_repeatedly
from rnn_suite.findings import Finding, equal
from rnn_suite.fresh_process import in_fresh_processes

CONFIDENCE = 0.99
WARM_CALLS, WARM_MODELS = 4, 2
"""Times until caches and pools are filled."""
CALL_LEAK_BYTES = 2.0**15
"""A third of 0.1 MB a round, which is to be seen. Measured with Keras 3.15.1 on TensorFlow 2.21, on a machine
with three times as many processes at work as cores: 11 KiB at most at the lower end of the interval."""
MODEL_LEAK_BYTES = 2.0**19
"""Half of one model's weights. Measured likewise: 0 at the lower end of the interval."""
THREAD_LEAK = 0.1
"""Threads a time: a pool that gets its last thread late stays below, one more in every call is 1."""


def memory_does_not_grow_from_call_to_call() -> Iterator[Finding]:
    """Look at resident memory over rounds of `fit`, `evaluate`, `predict` and `train_on_batch`."""
    held = _repeated().calls
    yield _growth("bytes a round", held.rss_bytes[WARM_CALLS:], CALL_LEAK_BYTES)


def memory_does_not_grow_from_model_to_model() -> Iterator[Finding]:
    """Look at resident memory while models are built, trained and dropped, with `clear_session`."""
    held = _repeated().models
    yield _growth("bytes a model", held.rss_bytes[WARM_MODELS:], MODEL_LEAK_BYTES)


def threads_do_not_grow() -> Iterator[Finding]:
    """Look at the number of threads over the same rounds and models."""
    repeated = _repeated()
    yield _growth("threads a round", repeated.calls.threads[WARM_CALLS:], THREAD_LEAK)
    yield _growth("threads a model", repeated.models.threads[WARM_MODELS:], THREAD_LEAK)


def models_that_were_dropped_are_freed() -> Iterator[Finding]:
    """Look for what is left of a traced and trained model after `clear_session` and a collection."""
    for name, freed in _repeated().freed.items():
        yield equal(f"{name} is freed", freed, True)


@functools.cache
def _repeated() -> RepeatedTraining:
    (repeated,) = in_fresh_processes(train_repeatedly)
    return repeated


def _growth(name: str, values: Sequence[int], bound: float) -> Finding:
    """Return a finding that holds unless `values` surely grow by more than `bound` from each to the next."""
    from scipy import stats

    slope, _, low, high = stats.theilslopes(values, alpha=CONFIDENCE)
    return Finding(
        name=name,
        error=max(0.0, float(low)),
        bound=bound,
        expected=f"no more than {bound:.6g}, surely ({CONFIDENCE:.0%})",
        received=f"{slope:.6g} ({low:.6g} to {high:.6g})",
    )


RULES = (
    memory_does_not_grow_from_call_to_call,
    memory_does_not_grow_from_model_to_model,
    threads_do_not_grow,
    models_that_were_dropped_are_freed,
)
