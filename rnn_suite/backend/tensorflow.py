"""TensorFlow: traces, graphs and deterministic operations."""

from __future__ import annotations

import inspect
import os
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf


def traces(function: Any) -> int:
    """Return how often `function`, and every `tf.function` it is made of, was traced.

    `Model.train_function` is a `tf.function` in Keras 3.3 and a plain one that holds some in Keras 3.15, so
    they are looked for in what it encloses.
    """
    return sum(found.experimental_get_tracing_count() for found in _traced(function, set()))


def operations(step: Callable[..., Any], *arguments: Any) -> dict[str, int]:
    """Return how many operations of each kind the graph of `step` and of the functions it calls have.

    Args:
        step: from tensors to tensors, such as `Model.train_step`; all its variables exist already.
        arguments: tensors, whose shapes the graph is made for.
    """
    traced = tf.function(step, autograph=False).get_concrete_function(*arguments)
    graph = traced.graph.as_graph_def()
    nodes = [*graph.node, *(node for inner in graph.library.function for node in inner.node_def)]
    return dict(Counter(node.op for node in nodes))


def graph_size(step: Callable[..., Any], *arguments: Any) -> int:
    """Return the number of operations in the graph of `step` and in those of the functions it calls.

    Args:
        step: as in `operations`.
        arguments: as there.
    """
    return sum(operations(step, *arguments).values())


def tensor(array: Any) -> tf.Tensor:
    """Return a tensor with the values of `array`."""
    return tf.convert_to_tensor(array)


def settings() -> dict[str, str]:
    """Return how TensorFlow uses threads, XLA and oneDNN here; 0 threads leave it the choice."""
    return {
        "intra_op_threads": str(tf.config.threading.get_intra_op_parallelism_threads()),
        "inter_op_threads": str(tf.config.threading.get_inter_op_parallelism_threads()),
        "xla": tf.config.optimizer.get_jit() or "off",
        "onednn": _onednn(),
    }


def _onednn() -> str:
    """Return whether TensorFlow uses oneDNN's kernels on this processor; it has no public word for that."""
    try:
        from tensorflow.python.util import _pywrap_util_port

        return "on" if _pywrap_util_port.IsMklEnabled() else "off"
    except (ImportError, AttributeError):
        return os.environ.get("TF_ENABLE_ONEDNN_OPTS", "unknown")


def enable_op_determinism() -> None:
    """Let every operation give the same on the same inputs; there is no way back in this process."""
    tf.config.experimental.enable_op_determinism()


def _traced(function: Any, seen: set[int]) -> Iterator[Any]:
    if id(function) in seen:
        return
    seen.add(id(function))
    if isinstance(function, tf.types.experimental.PolymorphicFunction):
        yield function
        yield from _traced(function.python_function, seen)
    elif inspect.isfunction(function):
        for cell in function.__closure__ or ():
            yield from _traced(cell.cell_contents, seen)
