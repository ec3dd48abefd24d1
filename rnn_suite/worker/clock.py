"""Wall time and processor time of one piece of work."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a piece of work took."""

    seconds: float
    """Wall time."""
    cpu_seconds: float
    """Processor time of all threads of this process."""


class Clock:
    """Runs from when it is made."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def spent(self) -> Spent:
        """Return what has been spent so far."""
        # Wall time first: asking for the other takes longer.
        wall = time.perf_counter() - self._wall
        return Spent(seconds=wall, cpu_seconds=time.process_time() - self._cpu)
