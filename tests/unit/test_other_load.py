from __future__ import annotations

import itertools
import subprocess
import sys
import time

import psutil
import pytest

from rnn_suite import other_load
from rnn_suite.other_load import OtherLoad

BUSY = "import time\nwhile time.process_time() < 0.6: pass"
CLOCK_TICK = 0.05
"""By how much the system's count of busy seconds may lag, generously."""


def run_busy_child() -> float:
    """Keep another process busy and return its processor seconds."""
    child = subprocess.Popen([sys.executable, "-c", BUSY])
    used = 0.0
    while child.poll() is None:
        times = psutil.Process(child.pid).cpu_times()
        used = max(used, times.user + times.system)
        time.sleep(0.02)
    return used


def test_another_process_that_is_busy_is_seen() -> None:
    started, watched = time.perf_counter(), OtherLoad()
    used = run_busy_child()
    seen = watched.others_fraction()
    available = (time.perf_counter() - started) * (psutil.cpu_count() or 1)
    assert used > 0.3
    assert (used - CLOCK_TICK) / available <= seen <= 1


def test_processor_time_of_our_workers_is_not_others() -> None:
    started, watched = time.perf_counter(), OtherLoad()
    used = run_busy_child()
    seen, without = watched.others_fraction(), watched.others_fraction(used)
    available = (time.perf_counter() - started) * (psutil.cpu_count() or 1)
    assert seen - without == pytest.approx(used / available, abs=CLOCK_TICK / available)


def test_processor_time_of_this_process_is_not_others(monkeypatch: pytest.MonkeyPatch) -> None:
    # A machine on which nobody else does anything, which no test can count on having.
    monkeypatch.setattr(other_load, "_busy_seconds", time.process_time)
    watched = OtherLoad()
    until = time.process_time() + 0.2
    while time.process_time() < until:
        pass
    assert watched.others_fraction() == pytest.approx(0.0, abs=0.01)


def test_more_of_our_own_than_was_counted_is_no_load_and_never_a_negative_one() -> None:
    assert OtherLoad().others_fraction(1e9) == 0.0


def test_more_than_the_whole_machine_is_the_whole_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = itertools.count(0.0, 1e6)
    monkeypatch.setattr(other_load, "_busy_seconds", lambda: next(counted))
    assert OtherLoad().others_fraction() == 1.0


def test_idle_processors_and_those_that_wait_for_a_disk_are_not_busy() -> None:
    before = psutil.cpu_times()
    busy = other_load._busy_seconds()
    after = psutil.cpu_times()
    everything = sum(after) - after.idle - getattr(after, "iowait", 0.0)
    rounding = (
        1e-6  # Seconds; the clock counts in hundredths, and sums in another order differ by less.
    )
    assert before.user + before.system <= busy <= everything + rounding
