"""Faults around training: callbacks, seeds, files, tracing, time."""

from __future__ import annotations

import time
from typing import Any

from tests.selftest.faults.plant import around, fault

CALLBACKS = "callbacks"
SEEDS = "seeds"
SAVING = "saving and loading"
TRACING = "tracing"
TIME = "time"


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
