"""One side of a pair, with shell scripts that stand for broken and for sound interpreters."""

from __future__ import annotations

import os
import sys
import sysconfig
import time
import venv
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from rnn_suite.errors import MeasurementError
from rnn_suite.upgrade import arm as arm_module
from rnn_suite.upgrade.arm import Arm

Start = Callable[..., Arm]
"""From the lines of a shell script to the arm that took it for an interpreter."""


@pytest.fixture
def arm_of(tmp_path: Path) -> Iterator[Callable[..., Arm]]:
    """Return a function that starts an interpreter, which is ended with the test."""
    with ExitStack() as stack:
        yield lambda python, **more: stack.enter_context(
            Arm(python, role="candidate", folder=tmp_path, **more)
        )


@pytest.fixture
def start(tmp_path: Path, arm_of: Callable[..., Arm]) -> Start:
    """Return a function that starts a script in place of an interpreter."""

    def make(*lines: str) -> Arm:
        python = tmp_path / "python"
        python.write_text("\n".join(["#!/bin/sh", *lines]) + "\n")
        python.chmod(0o755)
        return arm_of(python)

    return make


def until(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def has_ended(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def written_pid(path: Path) -> int:
    until(lambda: path.exists() and path.read_text().endswith("\n"))
    return int(path.read_text())


def test_an_answer_comes_back_as_it_was_given(start: Start) -> None:
    arm = start("read request", """echo '{"done": {"seconds": 0.5}}'""", "read request")
    assert arm.ask("import") == {"seconds": 0.5}


def test_an_answer_that_comes_in_pieces_is_put_together(start: Start) -> None:
    arm = start("""printf '{"done": {"a"'""", "sleep 0.1", "echo ': 1}}'", "read request")
    assert arm.receive() == {"a": 1}


def test_answers_that_come_together_are_taken_apart(start: Start) -> None:
    arm = start(r"""printf '{"done": {"a": 1}}\n{"done": {"a": 2}}\n'""", "read request")
    assert [arm.receive(), arm.receive()] == [{"a": 1}, {"a": 2}]


def test_the_worker_is_asked_in_one_line_of_json(start: Start, tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    arm = start("read -r request", f'echo "$request" > {heard}', """echo '{"done": {}}'""")
    arm.ask("evaluate", batches=4)
    assert heard.read_text() == '{"do": "evaluate", "batches": 4}\n'


def test_a_path_where_nothing_is_is_an_error_that_names_it(
    arm_of: Callable[..., Arm], tmp_path: Path
) -> None:
    with pytest.raises(MeasurementError) as caught:
        arm_of(tmp_path / "nowhere")
    assert str(caught.value) == (
        "The candidate interpreter cannot be started.\n"
        "Expected: a Python 3.11 or later with TensorFlow and Keras\n"
        f"Received: {tmp_path / 'nowhere'}: No such file or directory\n"
        "Next: name the interpreter of an environment, such as old/bin/python"
    )


def test_a_file_that_cannot_be_run_is_an_error_that_names_it(
    arm_of: Callable[..., Arm], tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("no interpreter")
    with pytest.raises(MeasurementError, match=r"notes\.txt: Permission denied"):
        arm_of(tmp_path / "notes.txt")


def test_a_folder_is_no_interpreter(arm_of: Callable[..., Arm], tmp_path: Path) -> None:
    with pytest.raises(MeasurementError, match=r"Received: .*: Permission denied"):
        arm_of(tmp_path)


def test_a_folder_that_cannot_be_written_is_not_blamed_on_the_interpreter(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"gone/candidate\.txt"):
        Arm(Path(sys.executable), role="candidate", folder=tmp_path / "gone")


def test_noise_in_place_of_an_answer_is_shown_with_its_remedy(start: Start, tmp_path: Path) -> None:
    arm = start("echo 'Welcome to the cluster'", "read request")
    with pytest.raises(MeasurementError) as caught:
        arm.ask("describe")
    assert str(caught.value) == (
        f"No answer of the candidate interpreter to 'describe': {tmp_path / 'python'}\n"
        "Expected: one line of JSON\n"
        "Received: 'Welcome to the cluster' on its standard output\n"
        "Next: something prints there when that interpreter starts (a sitecustomize, a wrapper "
        "script); let it print on standard error"
    )


@pytest.mark.parametrize("noise", ["17", "null", "[]", '"done"'])
def test_noise_that_happens_to_be_json_is_no_answer_either(start: Start, noise: str) -> None:
    arm = start(f"echo '{noise}'", "read request")
    with pytest.raises(MeasurementError, match="on its standard output"):
        arm.ask("describe")


def test_noise_that_is_no_text_is_shown_as_far_as_it_can_be(start: Start) -> None:
    arm = start(r"printf 'a\377b\n'", "read request")
    with pytest.raises(MeasurementError, match="Received: 'a\ufffdb' on its"):
        arm.ask("describe")


def test_an_interpreter_that_exits_at_once_is_told_with_its_status_and_last_words(
    start: Start,
) -> None:
    arm = start("echo 'libpython3.11.so: not found' >&2", "exit 127")
    with pytest.raises(MeasurementError) as caught:
        arm.ask("describe")
    assert "Received: exit status 127\n" in str(caught.value)
    assert str(caught.value).endswith("\nIts last words:\nlibpython3.11.so: not found")


def test_of_many_words_the_last_are_told(start: Start) -> None:
    arm = start("i=0", "while [ $i -lt 400 ]; do echo line $i >&2; i=$((i + 1)); done", "exit 1")
    with pytest.raises(MeasurementError) as caught:
        arm.ask("describe")
    assert "line 399" in str(caught.value)
    assert "line 10\n" not in str(caught.value)


def test_a_worker_that_was_gone_before_it_was_asked_is_told_alike(
    start: Start, tmp_path: Path
) -> None:
    own = tmp_path / "pid"
    arm = start(f"echo $$ > {own}", "echo 'no space left' >&2", "exit 3")
    until(lambda: has_ended(written_pid(own)))
    with pytest.raises(MeasurementError, match=r"to 'import'[^$]*exit status 3[^$]*no space left"):
        arm.send("import")


def test_a_worker_that_was_killed_is_told_with_the_signal(start: Start) -> None:
    arm = start("kill -KILL $$")
    with pytest.raises(MeasurementError, match="Received: signal 9\n"):
        arm.ask("fit")


def test_a_worker_that_is_silent_is_given_up_after_its_deadline(start: Start) -> None:
    arm = start("exec sleep 300")
    arm.send("fit")
    started = time.monotonic()
    with pytest.raises(MeasurementError, match=r"to 'fit'[^$]*: none within 0\.2 seconds"):
        arm.receive(0.2)
    assert time.monotonic() - started < 30


def test_a_line_that_never_ends_is_no_answer(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arm_module, "_LONGEST_ANSWER", 1 << 20)
    arm = start(r"exec tr '\0' x < /dev/zero")
    with pytest.raises(MeasurementError, match="Received: an endless line\n"):
        arm.receive()


def test_what_a_worker_could_not_do_is_told_in_its_words(start: Start, tmp_path: Path) -> None:
    arm = start("""echo '{"failed": "OSError: disk full"}'""", "read request")
    with pytest.raises(MeasurementError, match="to 'load'") as caught:
        arm.ask("load")
    assert f"{tmp_path / 'python'}\n" in str(caught.value)
    assert "Received: OSError: disk full\nNext: mend that environment" in str(caught.value)


def test_closing_ends_the_worker_and_what_it_started(start: Start, tmp_path: Path) -> None:
    own, child = tmp_path / "own", tmp_path / "child"
    arm = start(f"echo $$ > {own}", "sleep 300 &", f"echo $! > {child}", "wait")
    pids = [written_pid(own), written_pid(child)]
    assert not any(map(has_ended, pids))
    arm.close()
    until(lambda: all(map(has_ended, pids)))


def test_closing_ends_what_a_worker_left_behind_that_is_gone_itself(
    start: Start, tmp_path: Path
) -> None:
    child = tmp_path / "child"
    arm = start("sleep 300 > /dev/null &", f"echo $! > {child}", "exit 1")
    with pytest.raises(MeasurementError, match="exit status 1"):
        arm.ask("describe")
    arm.close()
    until(lambda: has_ended(written_pid(child)))


def test_closing_ends_a_worker_that_does_not_want_to_end(start: Start, tmp_path: Path) -> None:
    own = tmp_path / "own"
    arm = start("trap '' TERM INT HUP", f"echo $$ > {own}", "while true; do sleep 1; done")
    pid = written_pid(own)
    arm.close()
    assert has_ended(pid)


def test_closing_twice_does_no_harm(start: Start) -> None:
    arm = start("read request")
    arm.close()
    arm.close()


def what_is_seen(folder: Path) -> Path:
    launcher = folder / "launcher.py"
    launcher.write_text(
        "import json, os, sys\n"
        "print(json.dumps({'done': {'path': sys.path, 'variables': dict(os.environ)}}))\n"
    )
    return launcher


def test_variables_of_this_environment_do_not_reach_the_other(
    arm_of: Callable[..., Arm], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    found = arm_of(Path(sys.executable), launcher=what_is_seen(tmp_path)).receive()
    assert str(tmp_path) not in found["path"]
    assert not {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"} & found["variables"].keys()
    assert found["variables"]["TF_ENABLE_ONEDNN_OPTS"] == "0"
    assert found["variables"]["PATH"] == os.environ["PATH"]


def test_packages_of_the_users_own_folder_do_not_reach_a_worker(
    arm_of: Callable[..., Arm], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = sysconfig.get_path("purelib", "posix_user", {"userbase": f"{tmp_path}/.local"})
    Path(own).mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path))
    # Another environment than one that shares the system's packages does not look there at all.
    venv.create(tmp_path / "shared", symlinks=True, system_site_packages=True)
    python = tmp_path / "shared" / "bin" / "python"
    assert own not in arm_of(python, launcher=what_is_seen(tmp_path)).receive()["path"]
