"""How busy other processes keep the machine meanwhile."""

from __future__ import annotations

import time

import psutil


class OtherLoad:
    """Watches the processors from when it is made."""

    def __init__(self) -> None:
        self._busy, self._own, self._wall = (
            _busy_seconds(),
            time.process_time(),
            time.perf_counter(),
        )

    def others_fraction(self, our_cpu_seconds: float = 0.0) -> float:
        """Return the share of all processors that others had since this was made, 0 to 1.

        Time that the machine's host took away from it ("steal") is others' time.

        Args:
            our_cpu_seconds: processor time of processes that are not others; this one's is known.
        """
        ours = time.process_time() - self._own + our_cpu_seconds
        available = (time.perf_counter() - self._wall) * (psutil.cpu_count() or 1)
        return min(1.0, max(0.0, (_busy_seconds() - self._busy - ours) / available))


def _busy_seconds() -> float:
    """Return the time that all processors together have been busy since the machine started."""
    times = psutil.cpu_times()
    # Linux counts what guests use in `user` already.
    fields = set(times._fields) - {"idle", "iowait", "guest", "guest_nice"}
    return sum(float(getattr(times, name)) for name in fields)
