"""A worker whose libraries are wounded; a paired run starts it instead of a sound one.

The variable RNN_SUITE_WOUND names the wound and its size, such as `busy_wait:0.1`.
"""

from __future__ import annotations

import functools
import os
import pkgutil
import runpy
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

WORKER = Path(__file__).parents[2] / "rnn_suite" / "worker" / "__main__.py"


def busy_wait(fraction: float) -> None:
    """Let every training step end later, by a fraction of what it took."""
    from keras.src.callbacks.callback_list import CallbackList

    begin, end, began = CallbackList.on_train_batch_begin, CallbackList.on_train_batch_end, [0.0]

    def on_train_batch_begin(self: Any, *arguments: Any, **named: Any) -> None:
        began[0] = time.perf_counter()
        begin(self, *arguments, **named)

    def on_train_batch_end(self: Any, batch: int, logs: Any = None) -> None:
        float((logs or {})["loss"])
        until = time.perf_counter() + fraction * (time.perf_counter() - began[0])
        while time.perf_counter() < until:
            pass
        end(self, batch, logs)

    CallbackList.on_train_batch_begin = on_train_batch_begin
    CallbackList.on_train_batch_end = on_train_batch_end


def extra_operations(count: float) -> None:
    """Let every cell compute `count` more hyperbolic tangents of its state at every time step."""
    import keras

    for cell in (keras.layers.SimpleRNNCell, keras.layers.LSTMCell, keras.layers.GRUCell):
        _with_extra_operations(cell, int(count))


def _with_extra_operations(cell: Any, count: int) -> None:
    import keras

    call = cell.call

    def wounded(self: Any, sequence: Any, states: Any, training: bool = False) -> Any:
        output, new_states = call(self, sequence, states, training=training)
        extra = output
        for _ in range(count):
            extra = keras.ops.tanh(extra)
        return output + 1e-12 * extra, new_states

    cell.call = wounded


def memory(mib: float) -> None:
    """Hold that much memory."""
    held.append(bytearray(os.urandom(1 << 20)) * int(mib))


def shuffled_labels(_: float) -> None:
    """Let `fit` train on labels that belong to other reviews."""
    import keras
    import numpy as np

    fit = keras.Model.fit

    def wounded(self: Any, x: Any, y: Any, **named: Any) -> Any:
        return fit(self, x, np.roll(y, 1), **named)

    keras.Model.fit = wounded


LATE = {
    "import": ("rnn_suite.imports", "import_seconds"),
    "data_loading": ("rnn_suite.data", "load"),
    "build": ("rnn_suite.models", "build_model"),
    "start": ("keras.Model", "fit"),
    "first_step": ("keras.Model", "fit"),
    "evaluation": ("keras.Model", "evaluate"),
    "prediction": ("keras.Model", "predict"),
    "model_loading": ("keras.models", "load_model"),
}
"""By phase, the call that it times, as its owner and its name."""


def late(phase: str, seconds: float) -> None:
    """Let the call that a phase times begin later."""
    path, name = LATE[phase]
    owner = pkgutil.resolve_name(path)
    call = getattr(owner, name)

    def wounded(*arguments: Any, **named: Any) -> Any:
        time.sleep(seconds)
        return call(*arguments, **named)

    setattr(owner, name, wounded)


held: list[bytearray] = []
WOUNDS: dict[str, Callable[[float], None]] = {
    wound.__name__: wound for wound in (busy_wait, extra_operations, memory, shuffled_labels)
}
WOUNDS |= {f"late_{phase}": functools.partial(late, phase) for phase in LATE}


def main() -> None:
    start = runpy.run_path(str(WORKER))
    start["find_package"]()
    from rnn_suite.imports import import_seconds
    from rnn_suite.worker import tasks

    name, _, size = os.environ["RNN_SUITE_WOUND"].partition(":")

    def wounded(task: Any) -> Any:
        def work(self: Any, request: Any) -> None:
            if not done:
                done.append(True)
                import_seconds()
                WOUNDS[name](float(size or 0))
            task(self, request)

        return work

    # All but the import wait for the libraries, which the first of these tasks finds imported.
    done: list[bool] = []
    worker: Any = tasks.Worker
    for task in ("_start", "_train"):
        setattr(worker, task, wounded(getattr(worker, task)))
    if name == "late_import":
        done.append(True)
        WOUNDS[name](float(size))
    start["main"]()


if __name__ == "__main__":
    main()
