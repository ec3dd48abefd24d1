"""Faults around a training step: optimizer, loss, metrics, data, callbacks, seeds, files, tracing, time."""

from __future__ import annotations

import sys
import time
from typing import Any

from tests.selftest.faults.plant import around, fault

OPTIMIZER = "optimizer"
LOSS = "loss and metrics"
DATA = "data"
CALLBACKS = "callbacks"
SEEDS = "seeds"
SAVING = "saving and loading"
TRACING = "tracing"
MIXED = "mixed precision"
TIME = "time"


@fault(OPTIMIZER, "replay", "short_runs", sizes=(0.001, 0.01, 0.05, 0.2, 0.5), unit="of the rate")
def learning_rate_too_small(size: float) -> None:
    """Every optimizer steps less far than it is asked to."""
    from keras.src.optimizers.base_optimizer import BaseOptimizer

    def smaller(original: Any, optimizer: Any) -> Any:
        return (1 - size) * original(optimizer)

    around(BaseOptimizer, "_get_current_learning_rate", smaller)


@fault(OPTIMIZER, "replay", "short_runs", sizes=(1e-6, 1e-3), unit="the epsilon, instead of 1e-7")
def adam_with_another_epsilon(size: float) -> None:
    """Adam adds more to its denominator."""
    _adam(epsilon=size)


@fault(OPTIMIZER, "replay", "short_runs")
def adam_that_forgets_sooner(_: float) -> None:
    """Adam's second moment decays with 0.99 and not with 0.999."""
    _adam(beta_2=0.99)


def _adam(**changed: float) -> None:
    import keras

    def built(original: Any, adam: Any, variables: Any) -> None:
        for name, value in changed.items():
            setattr(adam, name, value)
        original(adam, variables)

    around(keras.optimizers.Adam, "build", built)


@fault(OPTIMIZER, "replay", "short_runs")
def adam_with_weight_decay(_: float) -> None:
    """Adam shrinks the weights, as AdamW does."""

    import keras

    def built(original: Any, adam: Any, variables: Any) -> None:
        adam.weight_decay = adam.weight_decay or 0.004
        original(adam, variables)

    around(keras.optimizers.Adam, "build", built)


@fault(OPTIMIZER, "accuracy")
def gradients_of_words_added_first(_: float) -> None:
    """Adam adds the gradients of a word that stands twice in a batch before it squares them: as it should."""
    import keras
    import tensorflow as tf

    def added(original: Any, adam: Any, gradient: Any, *args: Any) -> Any:
        return original(adam, tf.convert_to_tensor(gradient), *args)

    around(keras.optimizers.Adam, "update_step", added)


@fault(OPTIMIZER, "defaults")
def clipping_without_effect(_: float) -> None:
    """Optimizers accept clipnorm and leave gradients as they are."""
    from keras.src.optimizers.base_optimizer import BaseOptimizer

    around(BaseOptimizer, "_clip_gradients", lambda _original, _self, gradients: gradients)


@fault(LOSS, "defaults", sizes=(0.001, 0.01, 0.1), unit="of the labels")
def labels_smoothed(size: float) -> None:
    """Binary cross-entropy smooths its labels, unasked."""
    import keras

    def smoothed(original: Any, loss: Any, *args: Any, **kwargs: Any) -> None:
        original(loss, *args, **kwargs | {"label_smoothing": size})

    around(keras.losses.BinaryCrossentropy, "__init__", smoothed)


@fault(LOSS, "training_loop")
def mean_of_the_batches_means(_: float) -> None:
    """The loss of an epoch weighs a smaller last batch like a whole one."""
    import keras

    def unweighted(original: Any, metric: Any, values: Any, sample_weight: Any = None) -> Any:
        return original(metric, values, None if metric.name == "loss" else sample_weight)

    around(keras.metrics.Mean, "update_state", unweighted)


@fault(LOSS, "training_loop", sizes=(0.001, 0.01, 0.1), unit="added to the threshold")
def another_threshold(size: float) -> None:
    """Accuracy takes another probability than 0.5 for the border between the classes."""
    from keras.src.metrics import accuracy_metrics

    def moved(original: Any, y_true: Any, y_pred: Any, threshold: float = 0.5) -> Any:
        return original(y_true, y_pred, threshold + size)

    around(accuracy_metrics, "binary_accuracy", moved)


@fault(LOSS, "training_loop")
def sample_weights_ignored(_: float) -> None:
    """The loss is told sample weights and leaves them out."""
    import keras

    def unweighted(
        original: Any, loss: Any, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> Any:
        return original(loss, y_true, y_pred, None)

    around(keras.losses.Loss, "__call__", unweighted)


@fault(LOSS, "training_loop")
def class_weights_ignored(_: float) -> None:
    """`fit` accepts class weights and gives every sample the weight 1."""
    import numpy as np
    from keras.src.trainers.data_adapters import data_adapter_utils

    def ones(_original: Any, y: Any, class_weight: Any) -> Any:
        return np.ones(len(y), "float32")

    around(data_adapter_utils, "class_weight_to_sample_weights", ones)


@fault(LOSS, "training_loop", "callbacks")
def metrics_kept_from_epoch_to_epoch(_: float) -> None:
    """The logs of an epoch hold the batches of the epochs before it."""
    import keras

    around(keras.Model, "reset_metrics", lambda _original, _self: None)


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


@fault(CALLBACKS, "callbacks")
def early_stopping_that_never_stops(_: float) -> None:
    """EarlyStopping watches and never stops."""
    import keras

    def going_on(original: Any, callback: Any, *args: Any) -> None:
        original(callback, *args)
        callback.model.stop_training = False

    around(keras.callbacks.EarlyStopping, "on_epoch_end", going_on)


@fault(CALLBACKS, "callbacks")
def best_weights_not_restored(_: float) -> None:
    """EarlyStopping leaves the weights of the last epoch."""
    import keras

    def without(original: Any, callback: Any, *args: Any, **kwargs: Any) -> None:
        original(callback, *args, **kwargs)
        callback.restore_best_weights = False

    around(keras.callbacks.EarlyStopping, "__init__", without)


@fault(CALLBACKS, "callbacks")
def an_epoch_more_of_patience(_: float) -> None:
    """EarlyStopping waits one epoch longer than it is asked to."""
    import keras

    def patient(original: Any, callback: Any, *args: Any, **kwargs: Any) -> None:
        original(callback, *args, **kwargs)
        callback.patience += 1

    around(keras.callbacks.EarlyStopping, "__init__", patient)


@fault(CALLBACKS, "callbacks")
def every_epoch_is_written(_: float) -> None:
    """ModelCheckpoint writes each epoch, though the best alone is asked for."""
    import keras

    def all_epochs(original: Any, callback: Any, *args: Any, **kwargs: Any) -> None:
        original(callback, *args, **kwargs)
        callback.save_best_only = False

    around(keras.callbacks.ModelCheckpoint, "__init__", all_epochs)


@fault(CALLBACKS, "callbacks")
def schedule_an_epoch_early(_: float) -> None:
    """LearningRateScheduler asks for the rate of the epoch to come."""
    import keras

    def early(original: Any, callback: Any, epoch: int, logs: Any = None) -> None:
        original(callback, epoch + 1, logs)

    around(keras.callbacks.LearningRateScheduler, "on_epoch_begin", early)


@fault(SEEDS, "seeds")
def numpy_not_seeded(_: float) -> None:
    """`set_random_seed` leaves NumPy's stream alone."""
    import keras
    import numpy as np

    def partly(original: Any, seed: int) -> None:
        state = np.random.get_state()
        original(seed)
        np.random.set_state(state)

    around(keras.utils, "set_random_seed", partly)


@fault(SEEDS, "seeds")
def generators_stand_still(_: float) -> None:
    """A SeedGenerator gives the same seed at every call."""
    import keras

    def still(original: Any, generator: Any, ordered: bool = True) -> Any:
        return keras.ops.convert_to_tensor(generator.state)

    around(keras.random.SeedGenerator, "next", still)


@fault(SEEDS, "seeds", "replay")
def seeds_ignored(_: float) -> None:
    """`set_random_seed` sets nothing."""
    import keras

    around(keras.utils, "set_random_seed", lambda _original, _seed: None)


@fault(SAVING, "saving")
def weights_in_half_precision(_: float) -> None:
    """Files hold weights in half precision."""
    import numpy as np
    from keras.src.saving import saving_lib

    def halved(original: Any, store: Any, key: str, value: Any) -> None:
        array = np.asarray(value)
        if array.dtype == np.float32:
            array = array.astype(np.float16).astype(np.float32)
        original(store, key, array)

    around(saving_lib.H5IOStore, "__setitem__", halved)


@fault(SAVING, "saving")
def optimizer_begins_anew(_: float) -> None:
    """A loaded model's optimizer has the moments of an untrained one."""
    from keras.src.optimizers.base_optimizer import BaseOptimizer

    around(BaseOptimizer, "load_own_variables", lambda _original, _self, _store: None)


@fault(SAVING, "saving")
def dropout_lost(_: float) -> None:
    """A loaded layer has no dropout."""
    import keras

    def without(original: Any, layer: Any) -> Any:
        return original(layer) | {"dropout": 0.0}

    around(keras.layers.LSTM, "get_config", without)


@fault(SAVING, "saving")
def gates_exchanged_in_loading(_: float) -> None:
    """Loading exchanges the first two gates of LSTM's recurrent kernel."""
    import keras
    import numpy as np

    def exchanged(original: Any, cell: Any, store: Any) -> None:
        original(cell, store)
        kernel = np.array(cell.recurrent_kernel)
        units = cell.units
        first, second = kernel[:, :units].copy(), kernel[:, units : 2 * units].copy()
        kernel[:, :units], kernel[:, units : 2 * units] = second, first
        cell.recurrent_kernel.assign(kernel)

    around(keras.layers.LSTMCell, "load_own_variables", exchanged)


@fault(TRACING, "counts", "step_time")
def traced_in_every_call(_: float) -> None:
    """`fit` traces its training step anew each time it is called."""
    import keras

    def anew(original: Any, model: Any, force: bool = False) -> Any:
        return original(model, True)

    around(keras.Model, "make_train_function", anew)


@fault(TRACING, "counts")
def every_size_traced(_: float) -> None:
    """Each length of a batch is traced by itself."""
    import tensorflow as tf

    def exact(original: Any, *args: Any, **kwargs: Any) -> Any:
        return original(*args, **kwargs | {"reduce_retracing": False})

    around(tf, "function", exact)


@fault(TRACING, "counts", cell="simple_rnn")
def always_unrolled(_: float) -> None:
    """SimpleRNN is unrolled over time, which makes its graph as long as its sequences."""
    import keras

    def unrolled(original: Any, layer: Any, *args: Any, **kwargs: Any) -> Any:
        layer.unroll = True
        return original(layer, *args, **kwargs)

    around(keras.layers.RNN, "call", unrolled)


@fault(MIXED, "gradients", "forward", "short_runs")
def loss_scale_not_taken_back(_: float) -> None:
    """LossScaleOptimizer scales the loss and leaves gradients scaled."""
    from keras.src.optimizers.loss_scale_optimizer import LossScaleOptimizer

    def unscaled(original: Any, optimizer: Any, grads: Any, trainable_variables: Any = None) -> Any:
        scale = optimizer.dynamic_scale
        return original(
            optimizer, [None if g is None else g * scale for g in grads], trainable_variables
        )

    around(LossScaleOptimizer, "apply", unscaled)


@fault(MIXED, "forward", "gradients", "layers")
def weights_of_a_mixed_policy_in_half(_: float) -> None:
    """Layers of a mixed policy keep their weights in half precision and not in single."""
    import keras

    keras.DTypePolicy.variable_dtype = property(lambda policy: policy.compute_dtype)


@fault(TIME, "step_time", sizes=(0.05, 0.25, 4.0), unit="of the step")
def step_slower(size: float) -> None:
    """Every training step takes longer."""
    import keras

    def slower(original: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        started = time.perf_counter()
        result = original(model, *args, **kwargs)
        until = started + (1 + size) * (time.perf_counter() - started)
        while time.perf_counter() < until:
            pass
        return result

    around(keras.Model, "train_on_batch", slower)
