"""Train and test over and over, and note what the process holds after each time.

To be run in a process that has done nothing else: what others left behind would be counted too.
"""

from __future__ import annotations

import ctypes
import gc
import weakref
from dataclasses import dataclass
from typing import Any

import keras
import psutil

from rnn_suite.checks.parts.classifiers import Classifier
from rnn_suite.checks.parts.parity import Draws

CELL = "lstm"
CALLS, MODELS = 14, 10
SMALL = Classifier(name="small")
LARGE = Classifier(name="large", words=2**14, width=16, steps=2)
"""A model of 1 MiB of weights; Adam holds twice that beside them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What the process held after each time."""

    rss_bytes: tuple[int, ...]
    """Resident memory."""
    threads: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatedTraining:
    """What was left behind."""

    calls: Held
    """After each round of `fit`, `evaluate`, `predict` and `train_on_batch` on one model."""
    models: Held
    """After each model that was built, trained and dropped."""
    freed: dict[str, bool]
    """Whether an object is gone, by name, after the one model of all calls was dropped."""


def train_repeatedly() -> RepeatedTraining:
    """Train over and over and return what the process held meanwhile."""
    # What is there by now stays: the collector, called after each time, need not look through it.
    gc.collect()
    gc.freeze()
    calls, freed = _calls()
    return RepeatedTraining(calls=calls, models=_models(), freed=freed)


def _calls() -> tuple[Held, dict[str, bool]]:
    tokens, labels = SMALL.feed(Draws(700))
    model = _compiled(SMALL, CELL)
    rss: list[int] = []
    threads: list[int] = []
    for _ in range(CALLS):
        # One batch each: what a call leaves behind, not what a step does.
        model.fit(tokens, labels, verbose=0)
        model.evaluate(tokens, labels, verbose=0)
        model.predict(tokens, verbose=0)
        model.train_on_batch(tokens, labels)
        _note(rss, threads)
    parts = {"model": model, "optimizer": model.optimizer}
    parts |= {f"layer {place}": layer for place, layer in enumerate(model.layers)}
    watched = {name: weakref.ref(part) for name, part in parts.items()}
    del model, parts
    keras.backend.clear_session()
    gc.collect()
    freed = {name: reference() is None for name, reference in watched.items()}
    return Held(rss_bytes=tuple(rss), threads=tuple(threads)), freed


def _models() -> Held:
    tokens, labels = LARGE.feed(Draws(701))
    rss: list[int] = []
    threads: list[int] = []
    for _ in range(MODELS):
        # Operation by operation: tracing would take most of the time.
        _compiled(LARGE, CELL, run_eagerly=True).train_on_batch(tokens, labels)
        keras.backend.clear_session()
        _note(rss, threads)
    return Held(rss_bytes=tuple(rss), threads=tuple(threads))


def _compiled(classifier: Classifier, cell: str, **options: Any) -> keras.Model:
    model = classifier.build(cell, Draws(702))
    model.compile(keras.optimizers.Adam(), "binary_crossentropy", **options)
    # Otherwise built in the first step, which would then be traced twice.
    model.optimizer.build(model.trainable_variables)
    return model


def _note(rss: list[int], threads: list[int]) -> None:
    gc.collect()
    _give_back()
    process = psutil.Process()
    rss.append(process.memory_info().rss)
    threads.append(process.num_threads())


def _give_back() -> None:
    """Have the C library return the free pages that it keeps for later, where it can be asked: glibc."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
