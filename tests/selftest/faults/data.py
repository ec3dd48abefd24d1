"""Faults in the data that a model is trained on: order, labels, padding, vocabulary, split."""

from __future__ import annotations

import sys
from typing import Any

from tests.selftest.faults.plant import around, fault

DATA = "data"


@fault(DATA, "accuracy", "training_loop")
def labels_shuffled_in_fit(_: float) -> None:
    """`fit` pairs each review with the label of another."""
    import numpy as np

    def shuffled(
        original: Any, model: Any, x: Any = None, y: Any = None, *args: Any, **kw: Any
    ) -> Any:
        if isinstance(y, np.ndarray):
            y = np.random.RandomState(0).permutation(y)
        return original(model, x, y, *args, **kw)

    _fit(shuffled)


@fault(DATA, "accuracy", "training_loop", sizes=(0.02, 0.1, 0.3), unit="of the labels")
def labels_turned(size: float) -> None:
    """`fit` turns some labels round."""
    import numpy as np

    def turned(
        original: Any, model: Any, x: Any = None, y: Any = None, *args: Any, **kw: Any
    ) -> Any:
        if isinstance(y, np.ndarray):
            wrong = np.random.RandomState(0).random_sample(y.shape) < size
            y = np.where(wrong, 1 - y, y)
        return original(model, x, y, *args, **kw)

    _fit(turned)


def _fit(wrapper: Any) -> None:
    import keras

    around(keras.Model, "fit", wrapper)


@fault(DATA, "seeds", "training_loop")
def rows_never_shuffled(_: float) -> None:
    """`fit` shows the rows in the order of the array in every epoch."""

    def ordered(original: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        return original(model, *args, **kwargs | {"shuffle": False})

    _fit(ordered)


@fault(DATA, "training_loop")
def last_batch_dropped(_: float) -> None:
    """`fit` leaves out the rows that do not fill a batch."""
    from keras.src.trainers.data_adapters.array_data_adapter import ArrayDataAdapter

    def dropped(original: Any, adapter: Any) -> Any:
        return original(adapter).filter(
            lambda *batch: _rows(batch) == adapter.batch_size if adapter._shuffle else True
        )

    around(ArrayDataAdapter, "get_tf_dataset", dropped)


def _rows(batch: Any) -> Any:
    import keras

    return keras.ops.shape(keras.tree.flatten(batch)[0])[0]


@fault(DATA, "training_loop")
def validation_takes_the_head(_: float) -> None:
    """`validation_split` takes the first rows and not the last."""
    from keras.src.trainers.data_adapters import array_slicing

    def reversed_split(original: Any, arrays: Any, validation_split: float) -> Any:
        head, tail = original(arrays, 1 - validation_split)
        return tail, head

    around(array_slicing, "train_validation_split", reversed_split)


@fault(DATA, "data_functions")
def filled_at_the_end(_: float) -> None:
    """`pad_sequences` pads and cuts at the end, by default."""
    import keras

    def post(original: Any, sequences: Any, maxlen: Any = None, *args: Any, **kwargs: Any) -> Any:
        return original(
            sequences, maxlen, *args, **{"padding": "post", "truncating": "post"} | kwargs
        )

    around(keras.utils, "pad_sequences", post)


@fault(DATA, "data_functions")
def words_numbered_from_elsewhere(_: float) -> None:
    """`imdb.load_data` numbers the words from 2 and not from 3, by default."""
    import keras

    def shifted(original: Any, *args: Any, **kwargs: Any) -> Any:
        return original(*args, **{"index_from": 2} | kwargs)

    around(keras.datasets.imdb, "load_data", shifted)


@fault(DATA, "dataset", "accuracy", after="rnn_suite.workbench")
def labels_shuffled_in_the_data(_: float) -> None:
    """The loader gives each review the label of another."""
    import dataclasses

    import numpy as np

    module: Any = sys.modules["rnn_suite.workbench"]

    def shuffled(original: Any, experiment: Any) -> Any:
        dataset = original(experiment)
        labels = np.random.RandomState(0).permutation(dataset.y_train)
        return dataclasses.replace(dataset, y_train=labels)

    around(module, "load", shuffled)
