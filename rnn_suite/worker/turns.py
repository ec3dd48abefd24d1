"""Training steps of one `fit`, each taken when it is asked for."""

from __future__ import annotations

import keras

from rnn_suite.jsonable import to_jsonable
from rnn_suite.worker.channel import Channel
from rnn_suite.worker.clock import Clock


class Turns(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Answers each step's time, then waits for the next request inside `fit`.

    The first step counts from the making of this object, just before `fit` is called: what lies between, data
    adapter, tracing and compilation, is the user's waiting too. A step ends when its loss is a Python number,
    so the device has finished.
    """

    def __init__(self, channel: Channel) -> None:
        super().__init__()
        self._channel = channel
        self.ended = False
        """Whether the end was asked for."""
        self._clock = Clock()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Answer, and wait for what is to be done next."""
        float((logs or {})["loss"])
        self._channel.done(**to_jsonable(self._clock.spent()))
        request = self._channel.receive()
        if request is None or request["do"] != "step":
            self.ended = self.model.stop_training = True
        self._clock = Clock()
