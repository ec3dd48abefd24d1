"""Real chiefs and workers on the loopback address; each search here takes seconds, most of them imports."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from rnn_suite.errors import MeasurementError, SuiteError
from rnn_suite.trials import SearchResult
from rnn_suite.tuning.cluster import Loss, share_of_threads
from rnn_suite.tuning.folder import ask, is_searched, note_end
from rnn_suite.tuning.member import HOST, NAME, PORT, Member, member_of
from rnn_suite.tuning.processes import SearchProcess
from rnn_suite.tuning.project import read_trials
from rnn_suite.tuning.roles import Patient
from tests.unit.tuning.real_searches import (
    HANG_SECONDS,
    Alone,
    as_planned,
    drawn,
    processes_of,
    tiny_search,
    until,
)

ROOT = Path(__file__).parents[3]
LEARNS_NOTHING = 1e38
"""Learning rate after whose first step the loss is no number."""


def ongoing(folder: Path, *, since: float = 0.0) -> dict[str, str]:
    """Return the trial of each worker, as the chief has written it after that moment."""
    path = folder / "project/oracle.json"
    try:
        if path.stat().st_mtime <= since:
            return {}
        trials: dict[str, str] = json.loads(path.read_text())["ongoing_trials"]
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return trials


def by_hand(folder: Path, name: str, port: int, *parts: str) -> subprocess.Popen[bytes]:
    """Start a member as docs/tuner_cluster.md tells; it outlives whoever starts it."""
    return subprocess.Popen(
        [sys.executable, "-m", "rnn_suite.tuning.work", str(folder), "0", *(parts or ["search"])],
        cwd=ROOT,
        env=os.environ | {NAME: name, HOST: "127.0.0.1", PORT: str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def listening() -> socket.socket:
    """Return a socket that accepts connections on a port of its own."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(16)
    return listener


def port_of(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A search by two workers, the chief of which was killed as both trained."""

    folder: Path
    error: str
    seconds: float
    """From the kill to the error."""
    left: list[str]
    """Processes alive after the error."""
    begun: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What became of that search when it was started again, and a worker was killed."""

    folder: Path
    result: SearchResult
    losses: tuple[Loss, ...]
    killed_in: str
    """The trial in which the worker was killed."""
    threads: dict[str, str]
    """Of the other worker: the variables that limit its threads."""


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Cut:
    folder = tmp_path_factory.mktemp("two")
    search = SearchProcess(tiny_search(), 1, folder, workers=2)
    try:
        until(lambda: len(ongoing(folder)) == 2)
        processes_of(folder)["chief"].kill()
        started = time.monotonic()
        with pytest.raises(MeasurementError) as raised:
            search.result()
        seconds, left = time.monotonic() - started, list(processes_of(folder))
    finally:
        search.close()
    begun = [trial.trial for trial in read_trials(folder / "project")]
    return Cut(folder=folder, error=str(raised.value), seconds=seconds, left=left, begun=begun)


@pytest.fixture(scope="module")
def finished(cut: Cut) -> Finished:
    started = time.time()
    search = SearchProcess(tiny_search(), 1, cut.folder, workers=2)
    try:
        until(lambda: "tuner1" in ongoing(cut.folder, since=started))
        members = processes_of(cut.folder)
        members["tuner1"].kill()
        killed_in = ongoing(cut.folder)["tuner1"]
        threads = {n: v for n, v in members["tuner0"].environ().items() if "THREADS" in n}
        result = search.result()
    finally:
        search.close()
    return Finished(
        folder=cut.folder,
        result=result,
        losses=search.losses,
        killed_in=killed_in,
        threads=threads,
    )


def test_workers_end_soon_and_with_a_clear_error_when_their_chief_is_killed(cut: Cut) -> None:
    assert cut.seconds < 15
    assert cut.left == []
    assert "process chief ended (signal 9)" in cut.error
    assert "Next: start the search again; it is taken up where it was" in cut.error


def test_a_search_cut_short_finishes_with_the_rounds_of_one_worker(
    cut: Cut, finished: Finished
) -> None:
    trials = finished.result.trials
    assert cut.begun == [trial.trial for trial in trials[: len(cut.begun)]]
    assert {trial.status for trial in trials} == {"COMPLETED"}
    assert as_planned(tiny_search(), trials)
    assert finished.result.workers == 2


def test_several_workers_are_given_the_values_that_one_is(finished: Finished, alone: Alone) -> None:
    """The oracle draws them one after the other from its seed, whoever asks."""
    assert len(finished.result.trials) == len(alone.result.trials)
    assert drawn(finished.result.trials) == drawn(alone.result.trials)


def test_the_search_goes_on_without_a_killed_worker_and_says_what_was_lost(
    finished: Finished,
) -> None:
    (loss,) = finished.losses
    assert (loss.worker, loss.trial, loss.ended) == ("tuner1", finished.killed_in, "signal 9")
    assert str(loss) == (
        f"worker tuner1 died (signal 9) and was replaced; trial {finished.killed_in} was run again"
    )
    (again,) = (t for t in finished.result.trials if t.trial == finished.killed_in)
    assert len(again.history["val_accuracy"]) == again.epochs


def test_workers_share_the_cores(finished: Finished) -> None:
    share = share_of_threads(2)
    assert finished.threads == share
    assert set(share) == {"TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"}
    assert set(share_of_threads(10**6).values()) == {"1"}


def test_a_finished_search_leaves_no_trial_to_be_run_again(finished: Finished) -> None:
    assert ongoing(finished.folder) == {}


def test_a_chief_takes_up_what_one_process_began(alone: Alone, tmp_path: Path) -> None:
    """Keras Tuner's chief would begin anew: the file that it looks for has the name of a process."""
    shutil.copytree(alone.folder / "project", tmp_path / "project")
    assert not (tmp_path / "project/chief.json").exists()
    ask(tiny_search(), 1, tmp_path, workers=1)
    with listening() as probe:
        port = port_of(probe)
    members = [by_hand(tmp_path, name, port) for name in ("chief", "tuner0")]
    try:
        for member in members:
            _, words = member.communicate(timeout=HANG_SECONDS)
            assert member.returncode == 0, words.decode()
    finally:
        for member in members:
            member.kill()
    assert is_searched(tmp_path)
    assert read_trials(tmp_path / "project") == alone.result.trials


def test_a_search_started_by_hand_says_how_it_goes_on(tmp_path: Path) -> None:
    ask(tiny_search(), 1, tmp_path, workers=1)
    with listening() as probe:
        port = port_of(probe)
    members = [by_hand(tmp_path, "tuner0", port)]
    try:
        assert members[0].stdout is not None
        waits = members[0].stdout.readline().decode()
        members.append(by_hand(tmp_path, "chief", port))
        trained, handed = (
            member.communicate(timeout=HANG_SECONDS)[0].decode() for member in members
        )
    finally:
        for member in members:
            member.kill()
    assert waits == f"tuner0: waits for the chief at 127.0.0.1:{port}, 300 s at most\n"
    assert [line for line in handed.splitlines() if line.startswith("chief: ")] == [
        f"chief: listens at 127.0.0.1:{port}, for 5 trials",
        "chief: the search has ended",
    ]
    trials = read_trials(tmp_path / "project")
    begun = re.findall(r"tuner0: trial (\S+) begins", trained)
    ended = re.findall(r"tuner0: trial (\S+) ended: val_accuracy (\S+), ", trained)
    assert begun == [trial.trial for trial in trials]
    assert ended == [(trial.trial, f"{trial.score:.4f}") for trial in trials]


def test_a_worker_started_by_hand_ends_soon_after_its_chief(tmp_path: Path) -> None:
    ask(tiny_search(), 1, tmp_path, workers=1)
    with listening() as chief:
        worker = by_hand(tmp_path, "tuner0", port_of(chief))
        connection, _ = chief.accept()
        connection.close()
    started = time.monotonic()
    _, words = worker.communicate(timeout=HANG_SECONDS)
    assert time.monotonic() - started < 15
    assert worker.returncode == 1
    assert "is gone.\nExpected: an answer\nReceived: none for 10 seconds" in words.decode()
    assert (tmp_path / "fault-tuner0.txt").read_text() in words.decode()


def test_a_search_of_failing_trials_is_given_up_by_workers_as_by_one_process(
    tmp_path: Path,
) -> None:
    search = SearchProcess(tiny_search(LEARNS_NOTHING), 1, tmp_path, workers=2)
    try:
        result = search.result()
    finally:
        search.close()
    assert result.best is None
    failed = [trial for trial in result.trials if trial.status == "FAILED"]
    assert len(failed) >= 3
    # Keras Tuner's message is lost on the way to the chief.
    assert {trial.fault[:29] for trial in failed} == {"FailedTrialError: loss is nan"}
    assert processes_of(tmp_path) == {}


def test_a_worker_that_dies_twice_at_one_place_is_replaced_once(tmp_path: Path) -> None:
    search = SearchProcess(tiny_search(), 1, tmp_path, workers=2)
    try:
        until(lambda: "tuner0" in processes_of(tmp_path))
        processes_of(tmp_path)["tuner0"].kill()
        until(lambda: len(search.losses) == 1 and "tuner0" in processes_of(tmp_path))
        processes_of(tmp_path)["tuner0"].kill()
        with pytest.raises(MeasurementError, match=r"tuner0 ended \(signal 9\): the second time"):
            search.result()
    finally:
        search.close()
    assert [loss.trial for loss in search.losses] == [""]
    assert processes_of(tmp_path) == {}


def test_all_processes_end_with_the_one_that_started_the_search(tmp_path: Path) -> None:
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from rnn_suite.tuning.processes import SearchProcess\n"
        "from tests.unit.tuning.real_searches import tiny_search\n"
        "search = SearchProcess(tiny_search(), 1, Path(sys.argv[1]), workers=2)\n"
        "time.sleep(600)\n"
    )
    outer = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT)
    until(lambda: {"chief", "tuner0", "tuner1"} <= processes_of(tmp_path).keys())
    outer.send_signal(signal.SIGKILL)
    outer.wait()
    until(lambda: not processes_of(tmp_path), seconds=15)


def test_all_processes_end_when_the_search_is_closed(tmp_path: Path) -> None:
    search = SearchProcess(tiny_search(), 1, tmp_path, workers=2)
    until(lambda: {"", "chief", "tuner0", "tuner1"} <= processes_of(tmp_path).keys())
    search.close()
    until(lambda: not processes_of(tmp_path), seconds=5)


def test_a_chief_does_not_share_the_port_of_another(tmp_path: Path) -> None:
    """Two servers of gRPC would, and each would get some of the workers."""
    ask(tiny_search(), 1, tmp_path, workers=1)
    with listening() as other:
        chief = by_hand(tmp_path, "chief", port_of(other))
        _, words = chief.communicate(timeout=HANG_SECONDS)
        assert chief.returncode == 1
        assert f"Port {port_of(other)} of 127.0.0.1 is taken." in words.decode()


def test_the_best_model_is_rebuilt_outside_the_cluster(tmp_path: Path) -> None:
    ask(tiny_search(), 1, tmp_path, workers=1)
    note_end(tmp_path, 1.0, stopped=False)
    member = by_hand(tmp_path, "tuner0", 9, "rebuild")
    _, words = member.communicate(timeout=HANG_SECONDS)
    assert member.returncode == 1
    assert f"Received: {NAME}=tuner0\nNext: unset all three" in words.decode()


def test_a_worker_told_to_wait_pauses_before_it_asks_again() -> None:
    class Tuner:
        def pre_create_trial(self) -> None:
            """As Keras Tuner's."""

        def on_trial_begin(self, trial: object) -> None:
            """As Keras Tuner's."""

    class PatientTuner(Patient, Tuner):
        pass

    def seconds_to_ask(tuner: PatientTuner) -> float:
        started = time.perf_counter()
        tuner.pre_create_trial()
        return time.perf_counter() - started

    tuner = PatientTuner()
    assert seconds_to_ask(tuner) < 0.1
    assert seconds_to_ask(tuner) >= 0.1
    tuner.on_trial_begin(None)
    assert seconds_to_ask(tuner) < 0.1


def test_the_three_variables_give_the_place_in_a_cluster() -> None:
    chief = member_of({NAME: "chief", HOST: "10.0.0.7", PORT: "8000", "HOME": "/"})
    worker = member_of({NAME: "tuner12", HOST: "10.0.0.7", PORT: "8000"})
    assert chief == Member(name="chief", host="10.0.0.7", port=8000)
    assert chief.is_chief
    assert worker is not None
    assert not worker.is_chief
    assert member_of({"HOME": "/"}) is None


@pytest.mark.parametrize(
    "variables",
    [
        {NAME: "tuner0"},
        {HOST: "10.0.0.7", PORT: "8000"},
        {NAME: "tuner0", HOST: "10.0.0.7"},
        {NAME: "tuner0", PORT: "8000"},
        {NAME: "tuner0", HOST: "10.0.0.7", PORT: "http"},
        {NAME: "tuner0", HOST: "10.0.0.7", PORT: "70000"},
        {NAME: "tuner0", HOST: "", PORT: "8000"},
        # A chief and a file of the project, to Keras Tuner.
        {NAME: "chief2", HOST: "10.0.0.7", PORT: "8000"},
        {NAME: "oracle", HOST: "10.0.0.7", PORT: "8000"},
    ],
)
def test_a_place_told_in_part_is_an_error(variables: dict[str, str]) -> None:
    with pytest.raises(SuiteError) as raised:
        member_of(variables)
    told = " ".join(f"{name}={variables[name]}" for name in (NAME, HOST, PORT) if name in variables)
    assert f"\nReceived: {told}\nNext: set all three, or unset all three" in str(raised.value)
