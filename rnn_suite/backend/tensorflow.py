"""TensorFlow: traces, graphs and deterministic operations."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf


def traces(function: Any) -> int:
    """Return how often `function`, and every `tf.function` it is made of, was traced.

    `Model.train_function` is a `tf.function` in Keras 3.3 and a plain one that holds some in Keras 3.15, so
    they are looked for in what it encloses.
    """
    return sum(found.experimental_get_tracing_count() for found in _traced(function, set()))


def graph_size(step: Callable[..., Any], *arguments: Any) -> int:
    """Return the number of operations in the graph of `step` and in those of the functions it calls.

    Args:
        step: from tensors to tensors, such as `Model.train_step`; all its variables exist already.
        arguments: tensors, whose shapes the graph is made for.
    """
    traced = tf.function(step, autograph=False).get_concrete_function(*arguments)
    graph = traced.graph.as_graph_def()
    return len(graph.node) + sum(len(inner.node_def) for inner in graph.library.function)


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
