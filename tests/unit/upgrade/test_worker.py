"""The worker's file given to Pythons that have neither the suite nor TensorFlow, and are real otherwise."""

from __future__ import annotations

import contextlib
import platform
import signal
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib import metadata
from pathlib import Path

import psutil
import pytest

from rnn_suite.errors import MeasurementError
from rnn_suite.upgrade.arm import WORKER, Arm

ArmOf = Callable[[Path], Arm]

ROOT = Path(__file__).parents[3]

PARENT = """
import sys
import time
from pathlib import Path
from rnn_suite.upgrade.arm import Arm
arm = Arm(Path(sys.argv[1]), role="reference", folder=Path(sys.argv[2]))
arm.send("import")
time.sleep(300)
"""

BUSY = """
import os
from pathlib import Path
started = Path({folder!r}, "started")
started.write_text(str(os.getpid()))
started.rename(started.with_name("pid"))
while True:
    pass
"""


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def has_ended(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture
def arm_of(tmp_path: Path) -> Iterator[ArmOf]:
    """Return a function that starts the worker in an interpreter; it is ended with the test."""
    with ExitStack() as stack:
        yield lambda python: stack.enter_context(Arm(python, role="reference", folder=tmp_path))


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """An interpreter whose environment holds nothing."""
    venv.create(tmp_path / "bare", symlinks=True)
    return tmp_path / "bare" / "bin" / "python"


@pytest.fixture
def put(bare: Path) -> Callable[[str, str], None]:
    """Return a function that puts a module into the bare environment."""
    (libraries,) = bare.parents[1].glob("lib/python*/site-packages")

    def write(name: str, source: str) -> None:
        (libraries / f"{name}.py").write_text(source)

    return write


def test_a_worker_describes_the_environment_of_its_interpreter(arm_of: ArmOf) -> None:
    found = arm_of(Path(sys.executable)).ask("describe")
    assert found["python"] == platform.python_version()
    assert found["executable"] == sys.executable
    assert found["packages"]["pytest"] == metadata.version("pytest")


def test_a_worker_sees_nothing_of_the_environment_that_its_file_lies_in(
    arm_of: ArmOf, bare: Path
) -> None:
    found = arm_of(bare).ask("describe")
    assert found["executable"] == str(bare)
    assert found["packages"] == {}


def test_an_environment_without_tensorflow_is_an_error_that_names_its_interpreter(
    arm_of: ArmOf, bare: Path
) -> None:
    with pytest.raises(MeasurementError) as caught:
        arm_of(bare).ask("import")
    assert "to 'import'" in str(caught.value)
    assert (
        "Received: tensorflow cannot be imported: No module named 'tensorflow'.\n"
        "Expected: an environment with the libraries under test\n"
        f"Received: {bare}, without tensorflow\n"
        "Next: install them"
    ) in str(caught.value)


def test_what_libraries_print_disturbs_no_answer(
    arm_of: ArmOf, bare: Path, put: Callable[[str, str], None]
) -> None:
    put("tensorflow", "import os\nprint('hello')\nos.write(1, b'from below\\n')\n")
    put("keras", "import sys\nprint('{}', file=sys.__stdout__, flush=True)\n")
    arm = arm_of(bare)
    spent = arm.ask("import")
    assert spent.keys() == {"seconds", "cpu_seconds"}
    assert spent["seconds"] > 0
    assert arm.ask("describe")["executable"] == str(bare)


def test_what_libraries_printed_is_told_when_the_worker_dies(
    arm_of: ArmOf, bare: Path, put: Callable[[str, str], None]
) -> None:
    put("tensorflow", "import os\nprint('no AVX here', flush=True)\nos.kill(os.getpid(), 9)\n")
    with pytest.raises(MeasurementError, match=r"signal 9\n[^$]*last words:\nno AVX here"):
        arm_of(bare).ask("import")


def test_a_library_that_breaks_in_its_import_is_told_with_the_kind_of_its_error(
    arm_of: ArmOf, bare: Path, put: Callable[[str, str], None]
) -> None:
    put("tensorflow", "raise ImportError('numpy.core.multiarray failed to import')\n")
    with pytest.raises(MeasurementError, match="Received: ImportError: numpy"):
        arm_of(bare).ask("import")


def test_a_request_that_no_worker_knows_is_told_and_the_next_is_answered(arm_of: ArmOf) -> None:
    arm = arm_of(Path(sys.executable))
    with pytest.raises(MeasurementError, match="Received: KeyError: 'sing'\n"):
        arm.ask("sing")
    assert arm.ask("describe")["executable"] == sys.executable


def test_a_worker_ends_when_its_input_ends() -> None:
    ended = subprocess.run(
        [sys.executable, "-I", WORKER],
        input='{"do": "describe"}\n',
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ended.stdout.startswith('{"done": {"python": ')
    assert ended.stdout.count("\n") == 1
    assert ended.stderr == ""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_worker_that_is_busy_ends_soon_after_the_process_that_asked_it(
    how: signal.Signals, bare: Path, put: Callable[[str, str], None], tmp_path: Path
) -> None:
    put("tensorflow", BUSY.format(folder=str(tmp_path)))
    parent = subprocess.Popen([sys.executable, "-c", PARENT, bare, tmp_path], cwd=ROOT)
    pid = tmp_path / "pid"
    until(pid.exists)
    worker = psutil.Process(int(pid.read_text()))
    try:
        parent.send_signal(how)
        parent.wait()
        until(lambda: has_ended(worker))
    finally:
        parent.kill()
        with contextlib.suppress(psutil.NoSuchProcess):
            worker.kill()
