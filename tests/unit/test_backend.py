from __future__ import annotations

from typing import Any

import pytest

from rnn_suite.backend import BACKENDS, backend
from rnn_suite.errors import UnknownNameError


@pytest.fixture
def dense() -> Any:
    """A model that is trained in a moment: float32[batch, 2] to float32[batch, 1]."""
    import keras

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.optimizer.build(model.trainable_variables)
    return model


def zeros(rows: int, columns: int) -> Any:
    import keras

    return keras.ops.zeros((rows, columns))


def test_the_file_of_kerass_backend_offers_everything_that_is_asked_of_one() -> None:
    import keras

    assert keras.config.backend() in BACKENDS
    for name in ("traces", "graph_size", "enable_op_determinism"):
        assert callable(getattr(backend(), name))


def test_a_backend_without_a_file_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    monkeypatch.setattr(keras.config, "backend", lambda: "abacus")
    with pytest.raises(UnknownNameError, match="Received: 'abacus'"):
        backend()


def test_a_new_model_is_traced_and_a_second_fit_is_not(dense: Any) -> None:
    counts = []
    for _ in range(2):
        dense.fit(zeros(4, 2), zeros(4, 1), batch_size=2, verbose=0)
        counts.append(backend().traces(dense.train_function))
    assert counts[0] >= 1
    assert counts[1] == counts[0]


def test_a_new_shape_is_a_trace_and_a_known_one_is_none() -> None:
    import tensorflow as tf

    function = tf.function(lambda x: x + 1)
    counts = []
    for rows in (3, 3, 4):
        function(zeros(rows, 2))
        counts.append(backend().traces(function))
    assert counts == [1, 1, 2]


def test_a_step_that_is_not_traced_has_no_traces(dense: Any) -> None:
    dense.run_eagerly = True
    dense.train_on_batch(zeros(3, 2), zeros(3, 1))
    assert backend().traces(dense.train_function) == 0


def test_a_function_that_is_called_by_another_is_counted_too() -> None:
    import tensorflow as tf

    inner = tf.function(lambda x: x + 1)

    def middle(x: Any) -> Any:
        return inner(x) * 2

    outer = tf.function(lambda x: middle(x) + 3)
    outer(tf.zeros(3))
    assert backend().traces(outer) == 2
    assert backend().traces(lambda x: outer(x) + 4) == 2


def test_operations_of_a_graph_and_of_its_loops_are_counted() -> None:
    import keras

    def looped(x: Any) -> Any:
        return keras.ops.while_loop(lambda i, _: i < 5, lambda i, y: (i + 1, y + y * y), (0, x))[1]

    def unrolled(x: Any) -> Any:
        for _ in range(5):
            x = x + x * x
        return x

    x = zeros(2, 2)
    once = backend().graph_size(lambda x: x + x * x, x)
    twice = backend().graph_size(lambda x: (x + x * x) + (x + x * x) * (x + x * x), x)
    assert twice > once
    assert backend().graph_size(unrolled, x) - once == 8
    assert backend().graph_size(looped, x) > once


def test_a_train_step_has_a_graph(dense: Any) -> None:
    small, large = (
        backend().graph_size(dense.train_step, (zeros(rows, 2), zeros(rows, 1))) for rows in (3, 4)
    )
    assert small == large > 10
