from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from rnn_suite.bisect.commands import run_python
from rnn_suite.bisect.errors import BisectError


def soon_ends(pid: int) -> bool:
    until = time.monotonic() + 30
    while psutil.pid_exists(pid) and time.monotonic() < until:
        with contextlib.suppress(psutil.NoSuchProcess):
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        time.sleep(0.01)
    return not psutil.pid_exists(pid)


def test_both_streams_and_the_status_come_back() -> None:
    program = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"
    ended = run_python(Path(sys.executable), ["-c", program], seconds=60)
    assert (ended.status, ended.output, ended.errors) == (3, "out\n", "err\n")
    assert ended.last_lines() == "out\n\nerr"
    assert ended.last_lines(1) == "err"


def test_a_command_that_hangs_is_ended_with_what_it_started(
    script: Callable[[str], Path], tmp_path: Path
) -> None:
    child = tmp_path / "child"
    python = script(f"sleep 300 &\necho $! > {child}\nwait")
    started = time.monotonic()
    with pytest.raises(BisectError, match="did not end"):
        run_python(python, ["-c", "pass"], seconds=0.5)
    assert time.monotonic() - started < 60
    assert soon_ends(int(child.read_text()))


def test_a_child_that_outlives_its_command_and_keeps_its_output_open_is_ended(
    script: Callable[[str], Path], tmp_path: Path
) -> None:
    child = tmp_path / "child"
    python = script(f"sleep 300 &\necho $! > {child}")
    with pytest.raises(BisectError, match="did not end"):
        run_python(python, ["-c", "pass"], seconds=0.5)
    assert soon_ends(int(child.read_text()))


def test_what_is_no_interpreter_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(BisectError, match=r"nowhere cannot be run\.\nExpected: a Python"):
        run_python(tmp_path / "nowhere", [], seconds=60)


def test_variables_of_this_python_do_not_reach_another(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    ended = run_python(Path(sys.executable), ["-c", "import sys; print(sys.path)"], seconds=60)
    assert str(tmp_path) not in ended.output


def test_output_that_is_no_text_is_shown_as_far_as_it_can_be() -> None:
    program = r"import sys; sys.stdout.buffer.write(b'a\xffb')"
    assert run_python(Path(sys.executable), ["-c", program], seconds=60).output == "a\ufffdb"
