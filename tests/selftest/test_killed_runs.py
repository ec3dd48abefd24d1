"""Does a run that was cut short leave what it had, and does the next one train only what is missing?"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.selftest

ROOT = Path(__file__).parents[2]
DEADLINE_SECONDS = 300.0


def gate_command(runs: Path) -> list[str]:
    """The accuracy question of one cell on the stand-in: three seeds."""
    command = [sys.executable, "-m", "pytest", "-m", "smoke", "--corpus", "standin"]
    return [*command, "-k", "accuracy and smoke-simple_rnn", f"--runs={runs}"]


def kept_seeds(runs: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in runs.rglob("seed-*.json")}


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """Let Ctrl-C reach what is started here: a shell's background jobs, and their children, ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGINT])
def test_a_run_cut_short_is_taken_up_and_trains_only_what_is_missing(
    signal_number: signal.Signals, tmp_path: Path
) -> None:
    with subprocess.Popen(
        gate_command(tmp_path), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as first:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not kept_seeds(tmp_path) and first.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        first.send_signal(signal_number)
        first.wait(DEADLINE_SECONDS)
    before = kept_seeds(tmp_path)
    assert 1 <= len(before) < 3

    second = subprocess.run(
        gate_command(tmp_path), cwd=ROOT, capture_output=True, text=True, check=False
    )
    after = kept_seeds(tmp_path)
    assert second.returncode == 0, second.stdout + second.stderr
    assert "taking up" in second.stderr
    assert f"on disk: {len(before)} trained seeds" in second.stderr
    assert len(after) >= 3
    assert before.items() <= after.items()

    third = subprocess.run(
        gate_command(tmp_path), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "taking up" not in third.stderr
    assert len(kept_seeds(tmp_path)) == 2 * len(after)
