"""How often a model is traced, how large the graph of a step is, and how many variables there are.

Counts have no noise: a model that is traced anew in every call trains, and takes a hundred times as long.
Keras traces with `reduce_retracing`: the first other shape is traced for any size, and all later ones fit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import keras

from rnn_suite.backend import backend
from rnn_suite.checks.parts.classifiers import Classifier
from rnn_suite.checks.parts.parity import Draws
from rnn_suite.findings import Finding, equal, within
from rnn_suite.models import cell_layer

BATCH = 4
WEIGHTS = 6
"""Embedding; kernel, recurrent kernel and bias; kernel and bias of the head."""


def fit_evaluate_and_predict_trace_once_and_not_again(cell: str) -> Iterator[Finding]:
    """Call each twice, always with a partial batch at the end."""
    model = _Traced(cell)
    # The data set says of its batches that they may have any size, so one trace serves all.
    for step, call in (("train", model.fit), ("test", model.evaluate)):
        yield equal(f"{step} step, first call", model.steps_traced_by(step, call), 1)
        yield equal(f"{step} step, second call", model.functions_traced_by(step, call), 0)
    # `predict` takes batches out of the data set, each with its own size: one trace, and one for any size.
    traced = model.steps_traced_by("predict", model.predict)
    yield within("predict step, first call", traced, 1, 2)
    traced = model.functions_traced_by("predict", model.predict)
    yield equal("predict step, second call", traced, 0)


def train_on_batch_traces_one_size_and_then_any_size(cell: str) -> Iterator[Finding]:
    """Train on batches of one size, then of others."""
    model = _Traced(cell)
    traced = model.steps_traced_by("train", lambda: model.train_on(4))
    yield equal("first batch", traced, 1)
    traced = model.functions_traced_by("train", lambda: model.train_on(4, 4))
    yield equal("same size", traced, 0)
    traced = model.steps_traced_by("train", lambda: model.train_on(3))
    yield within("another size", traced, 0, 1)
    traced = model.functions_traced_by("train", lambda: model.train_on(5, 4, 3, 5))
    yield equal("sizes by turns", traced, 0)


def a_step_is_a_loop_over_time(cell: str) -> Iterator[Finding]:
    """Count the operations of a training step: as many for 40 words as for 10, and for 8 rows as for 2."""
    sizes = []
    for rows, steps in ((2, 10), (8, 40)):
        draws = Draws(601)
        classifier = Classifier(name="notebook's", batch=rows, steps=steps)
        model = classifier.build(cell, draws)
        model.compile(keras.optimizers.SGD(), "binary_crossentropy")
        model.optimizer.build(model.trainable_variables)
        batch = tuple(keras.ops.convert_to_tensor(array) for array in classifier.feed(draws))
        sizes.append(backend().graph_size(model.train_step, batch))
    yield equal("operations for more words and rows", sizes[1], sizes[0])


def an_unrolled_layer_is_none(cell: str) -> Iterator[Finding]:
    """Count the operations of a layer's outputs: they grow with the length where it is unrolled."""
    for unroll in (False, True):
        layer = cell_layer(cell)(3, unroll=unroll)
        layer.build((2, None, 3))
        few, more = (
            backend().graph_size(layer, keras.ops.zeros((2, steps, 3))) for steps in (2, 4)
        )
        yield equal(f"grow with the length, unroll={unroll}", more > few, unroll)


def adam_keeps_two_moments_a_weight(cell: str) -> Iterator[Finding]:
    """Look at the shapes of the model's and the optimizer's variables."""
    model = Classifier(name="notebook's").build(cell, Draws(602))
    adam = keras.optimizers.Adam()
    adam.build(model.trainable_variables)
    shapes = [tuple(weight.shape) for weight in model.trainable_variables]
    yield equal("weights", len(model.weights), WEIGHTS)
    yield equal("trainable weights", len(shapes), WEIGHTS)
    yield equal(
        "shapes of Adam's variables, with iterations and learning rate",
        sorted(tuple(variable.shape) for variable in adam.variables),
        sorted([(), (), *shapes, *shapes]),
    )


class _Traced:
    """A model at work, and how often each of its steps was traced so far."""

    def __init__(self, cell: str) -> None:
        draws = Draws(600)
        classifier = Classifier(name="notebook's")
        self.model = classifier.build(cell, draws)
        # Twice a full batch and half of one.
        self.tokens, self.labels = Classifier(name="rows", batch=5 * BATCH // 2).feed(draws)
        self._runs: Counter[str] = Counter()
        for step in ("train", "test", "predict"):
            setattr(self.model, f"{step}_step", self._counted(step))
        self.model.compile(keras.optimizers.SGD(), "binary_crossentropy")
        # Otherwise the first trace makes its variables, and TensorFlow traces once more to go without.
        self.model.optimizer.build(self.model.trainable_variables)

    def steps_traced_by(self, step: str, call: Callable[[], Any]) -> int:
        """Return how often `call` had a step run by Python: once a trace, as later ones run the graph."""
        before = self._runs[step]
        call()
        return self._runs[step] - before

    def functions_traced_by(self, step: str, call: Callable[[], Any]) -> int:
        """Return how many traces `call` made of the step and of the functions around it."""
        function, before = self._function(step), backend().traces(self._function(step))
        call()
        # A function that was made anew begins at 0.
        kept = self._function(step) is function
        return backend().traces(self._function(step)) - (before if kept else 0)

    def fit(self) -> None:
        """Train two epochs, each with a partial batch at its end."""
        self.model.fit(self.tokens, self.labels, batch_size=BATCH, epochs=2, verbose=0)

    def evaluate(self) -> None:
        """Test on the rows, the last batch a partial one."""
        self.model.evaluate(self.tokens, self.labels, batch_size=BATCH, verbose=0)

    def predict(self) -> None:
        """Predict for the rows, the last batch a partial one."""
        self.model.predict(self.tokens, batch_size=BATCH, verbose=0)

    def train_on(self, *rows: int) -> None:
        """Train on a batch of each of these sizes."""
        for count in rows:
            self.model.train_on_batch(self.tokens[:count], self.labels[:count])

    def _function(self, step: str) -> Any:
        return getattr(self.model, f"{step}_function")

    def _counted(self, step: str) -> Callable[[Any], Any]:
        original = getattr(self.model, f"{step}_step")

        def counted(data: Any) -> Any:
            self._runs[step] += 1
            return original(data)

        return counted


RULES = (
    fit_evaluate_and_predict_trace_once_and_not_again,
    train_on_batch_traces_one_size_and_then_any_size,
    a_step_is_a_loop_over_time,
    an_unrolled_layer_is_none,
    adam_keeps_two_moments_a_weight,
)
