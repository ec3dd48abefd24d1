"""A callback that notes how Keras calls it."""

from __future__ import annotations

import keras

Logs = dict[str, float] | None


class Noting(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """What was called, with the number of its batch or epoch and with which logs; and a request to stop."""

    def __init__(self, stop: str = "never") -> None:
        """Take the call after which to set `stop_training`, such as "epoch end 1"."""
        super().__init__()
        self.calls: list[tuple[str, dict[str, float]]] = []
        self._stop = stop

    def numbers(self, call: str) -> list[int]:
        """Return the numbers of batch or epoch that came with `call`."""
        return [int(name.rpartition(" ")[2]) for name, _ in self.calls if name.startswith(call)]

    def _note(self, call: str, logs: Logs) -> None:
        self.calls.append((call, dict(logs or {})))
        if call == self._stop:
            self.model.stop_training = True

    def on_train_begin(self, logs: Logs = None) -> None:
        self._note("train begin", logs)

    def on_train_end(self, logs: Logs = None) -> None:
        self._note("train end", logs)

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._note(f"train batch begin {batch}", logs)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._note(f"train batch end {batch}", logs)

    def on_test_begin(self, logs: Logs = None) -> None:
        self._note("test begin", logs)

    def on_test_end(self, logs: Logs = None) -> None:
        self._note("test end", logs)

    def on_test_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._note(f"test batch begin {batch}", logs)

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._note(f"test batch end {batch}", logs)

    def on_predict_begin(self, logs: Logs = None) -> None:
        self._note("predict begin", logs)

    def on_predict_end(self, logs: Logs = None) -> None:
        self._note("predict end", logs)

    def on_predict_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._note(f"predict batch begin {batch}", logs)

    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._note(f"predict batch end {batch}", logs)

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._note(f"epoch begin {epoch}", logs)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._note(f"epoch end {epoch}", logs)
