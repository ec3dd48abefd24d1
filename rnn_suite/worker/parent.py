"""A process ends with the one that asks it, however that ends, and whatever it is busy with."""

from __future__ import annotations

import os
import threading
import time

LOOK_SECONDS = 1.0
"""Between two looks: one system call a second, which no timing feels."""


def end_with_parent(parent: int) -> None:
    """From now on, end this process when the one that started it is gone.

    A parent that is killed closes the worker's input, but a worker that is busy does not read it.

    Args:
        parent: number of the process that started this one.
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
