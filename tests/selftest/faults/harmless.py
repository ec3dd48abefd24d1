"""Changes that leave a user with what he had, under which nothing may turn red."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from tests.selftest.faults.plant import around, fault

HARMLESS = "harmless"
AT_ONCE = ""
"""Planted when the process starts, before anything is imported."""


@fault(HARMLESS, after=AT_ONCE, harmless=True)
def unwounded(_: float) -> None:
    """Nothing is changed."""


@fault(HARMLESS, after=AT_ONCE, harmless=True)
def one_thread(_: float) -> None:
    """TensorFlow computes on one thread."""
    os.environ |= {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}


@fault(HARMLESS, after=AT_ONCE, harmless=True)
def onednn_off(_: float) -> None:
    """TensorFlow computes without oneDNN's kernels."""
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"


@fault(HARMLESS, "counts", after="tensorflow", harmless=True)
def eager(_: float) -> None:
    """TensorFlow runs every function step by step and traces none, which `counts` rightly tells."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)


@fault(HARMLESS, harmless=True)
def another_order_of_rows(_: float) -> None:
    """`fit` shuffles the rows into another order, which is promised nowhere."""
    import tensorflow as tf

    def reversed_shuffle(original: Any, value: Any, *args: Any, **kwargs: Any) -> Any:
        return tf.reverse(original(value, *args, **kwargs), axis=[0])

    around(tf.random, "shuffle", reversed_shuffle)


@fault(HARMLESS, harmless=True)
def time_and_words_exchanged_in_the_embedding(_: float) -> None:
    """Embedding gathers its vectors in another way that gives the same ones."""
    import keras

    def taken(original: Any, layer: Any, inputs: Any) -> Any:
        return keras.ops.reshape(
            original(layer, keras.ops.reshape(inputs, (-1,))),
            (*keras.ops.shape(inputs), layer.output_dim),
        )

    around(keras.layers.Embedding, "call", taken)


@fault(HARMLESS, sizes=(1000.0,), unit="first seed", after="rnn_suite.search", harmless=True)
def other_seeds(first: float) -> None:
    """Trainings and searches begin from other seeds than the gate's."""
    from rnn_suite.experiment import PROFILES
    from rnn_suite.search import SEARCHES

    tables: tuple[dict[str, Any], ...] = (PROFILES, SEARCHES)
    for table in tables:
        for name, profile in table.items():
            seeds = tuple(int(first) + place for place in range(len(profile.gate_seeds)))
            table[name] = replace(profile, gate_seeds=seeds)
