from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from rnn_suite import runs
from rnn_suite.errors import FormatError
from rnn_suite.experiment import Experiment
from rnn_suite.results import CorpusIdentity, Environment, SeedResult
from rnn_suite.runs import open_run
from rnn_suite.tuning.project import NOTES

Tiny = Callable[..., Experiment]
Result = Callable[..., SeedResult]

# Begins or takes up a run, keeps one seed, says where, and stays alive until it is ended.
LIVE_RUN = """
import sys
from pathlib import Path
from rnn_suite.experiment import Experiment
from rnn_suite.jsonable import from_jsonable, read_json
from rnn_suite.results import CorpusIdentity, Environment, SeedResult
from rnn_suite.runs import open_run

folder = Path(sys.argv[1])
def part(kind, name):
    return from_jsonable(kind, read_json(folder / f"{name}.json"), where=name)
run = open_run(folder / "runs", part(Environment, "environment"))
run.keep(
    part(Experiment, "experiment"), part(CorpusIdentity, "identity"), part(SeedResult, "result")
)
print(run.folder, flush=True)
sys.stdin.read()
"""


@contextmanager
def live_run(
    folder: Path,
    environment: Environment,
    experiment: Experiment,
    identity: CorpusIdentity,
    result: SeedResult,
) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Let another process hold a run below `folder / "runs"` with one kept seed."""
    from rnn_suite.jsonable import write_json

    for name, value in {
        "environment": environment,
        "experiment": experiment,
        "identity": identity,
        "result": result,
    }.items():
        write_json(folder / f"{name}.json", value)
    with subprocess.Popen(
        [sys.executable, "-c", LIVE_RUN, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield process, Path(process.stdout.readline().strip())
        finally:
            process.kill()


def test_a_run_that_was_cut_short_is_taken_up_with_its_seeds(
    tmp_path: Path,
    environment: Environment,
    tiny: Tiny,
    identity: CorpusIdentity,
    seed_result: Result,
) -> None:
    first = open_run(tmp_path, environment)
    first.keep(tiny(), identity, seed_result(3))
    first.close()
    second = open_run(tmp_path, environment)
    assert (first.resumed, second.resumed) == (False, True)
    assert second.folder == first.folder
    assert second.kept_seeds() == 1
    assert second.load(tiny(), identity, 3) == seed_result(3)
    assert second.load(tiny(), identity, 4) is None


def test_trials_of_searches_that_ended_are_counted_and_those_cut_short_are_not(
    tmp_path: Path, environment: Environment
) -> None:
    run = open_run(tmp_path, environment)
    assert run.kept_trials() == 0
    for number, files in enumerate(((NOTES, "trial.json"), (NOTES, "trial.json"), ("trial.json",))):
        trial = run.folder / f"searches/smoke/imdb/seed-00101/project/trial_{number:04}"
        trial.mkdir(parents=True)
        for name in files:
            (trial / name).write_text("{}")
    assert (run.kept_trials(), run.kept_seeds()) == (2, 0)


def test_a_finished_run_is_never_taken_up(
    tmp_path: Path,
    environment: Environment,
    tiny: Tiny,
    identity: CorpusIdentity,
    seed_result: Result,
) -> None:
    first = open_run(tmp_path, environment)
    first.keep(tiny(), identity, seed_result())
    first.finish()
    second = open_run(tmp_path, environment)
    assert not second.resumed
    # Both began within a second in one process, so the time and the process do not tell them apart.
    assert second.folder != first.folder
    assert second.load(tiny(), identity, 0) is None


def test_a_run_that_finishes_between_look_and_lock_is_not_taken_up(
    tmp_path: Path, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = open_run(tmp_path, environment)

    class Finishing(FileLock):
        """A lock that is only got because the run it guarded has ended just now."""

        def acquire(self, *arguments: Any, **options: Any) -> Any:
            if Path(self.lock_file).parent == first.folder:
                first.finish()
            return super().acquire(*arguments, **options)

    monkeypatch.setattr(runs, "FileLock", Finishing)
    second = open_run(tmp_path, environment)
    assert not second.resumed
    assert second.folder != first.folder


def test_a_fresh_run_leaves_the_one_that_was_cut_short_alone(
    tmp_path: Path, environment: Environment
) -> None:
    first = open_run(tmp_path, environment)
    first.close()
    second = open_run(tmp_path, environment, fresh=True)
    assert not second.resumed
    assert second.folder != first.folder
    second.finish()
    assert (first.folder / "run.json").exists()


def test_a_run_cut_short_before_the_last_one_ended_is_not_taken_up(
    tmp_path: Path, environment: Environment
) -> None:
    first = open_run(tmp_path, environment)
    first.close()
    open_run(tmp_path, environment, fresh=True).finish()
    assert not open_run(tmp_path, environment).resumed


def test_a_run_cut_short_long_ago_is_not_taken_up(tmp_path: Path, environment: Environment) -> None:
    first = open_run(tmp_path, environment)
    first.close()
    for path in first.folder.rglob("*"):
        os.utime(path, (0, 0))
    assert not open_run(tmp_path, environment).resumed


@pytest.mark.parametrize(
    "changed", [{"keras": "9.9.9"}, {"processor": "another"}, {"onednn": "0"}, {"threads": 1}]
)
def test_a_run_of_another_environment_is_not_taken_up(
    tmp_path: Path, environment: Environment, changed: dict[str, object]
) -> None:
    open_run(tmp_path, environment).close()
    assert not open_run(tmp_path, replace(environment, **changed)).resumed  # type: ignore[arg-type]


def test_a_run_of_other_suite_code_is_not_taken_up(
    tmp_path: Path, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_run(tmp_path, environment).close()
    monkeypatch.setattr(runs, "_source_digest", lambda: "other code")
    assert not open_run(tmp_path, environment).resumed


def test_the_newest_of_several_runs_is_taken_up(tmp_path: Path, environment: Environment) -> None:
    first, second = (open_run(tmp_path, environment, fresh=True) for _ in range(2))
    first.close()
    second.close()
    newest = max(first.folder, second.folder)
    assert open_run(tmp_path, environment).folder == newest


def test_a_run_that_another_process_holds_is_left_alone(
    tmp_path: Path,
    environment: Environment,
    tiny: Tiny,
    identity: CorpusIdentity,
    seed_result: Result,
) -> None:
    with live_run(tmp_path, environment, tiny(), identity, seed_result()) as (_, theirs):
        ours = open_run(tmp_path / "runs", environment)
        assert theirs.is_dir()
        assert not ours.resumed
        assert ours.folder != theirs
        assert ours.load(tiny(), identity, 0) is None


def test_a_run_whose_process_was_killed_is_taken_up_with_its_seeds(
    tmp_path: Path,
    environment: Environment,
    tiny: Tiny,
    identity: CorpusIdentity,
    seed_result: Result,
) -> None:
    with live_run(tmp_path, environment, tiny(), identity, seed_result()) as (process, theirs):
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    ours = open_run(tmp_path / "runs", environment)
    assert ours.resumed
    assert ours.folder == theirs
    assert ours.load(tiny(), identity, 0) == seed_result()


@pytest.mark.parametrize("content", ["", "{", '{"result": NaN}', "{}", "\x00"])
def test_a_damaged_result_is_refused_by_its_file_with_both_remedies(
    tmp_path: Path,
    environment: Environment,
    tiny: Tiny,
    identity: CorpusIdentity,
    seed_result: Result,
    content: str,
) -> None:
    run = open_run(tmp_path, environment)
    run.keep(tiny(), identity, seed_result(3))
    (path,) = run.folder.rglob("seed-*.json")
    path.write_text(content)
    with pytest.raises(FormatError) as caught:
        run.load(tiny(), identity, 3)
    assert str(caught.value).startswith(f"Damaged result. {path}")
    assert str(caught.value).endswith("delete the file and run again, or begin anew with --fresh")


def test_a_damaged_header_makes_a_folder_no_run_to_take_up(
    tmp_path: Path, environment: Environment
) -> None:
    first = open_run(tmp_path, environment)
    first.close()
    (first.folder / "run.json").write_text("{")
    assert not open_run(tmp_path, environment).resumed
    assert (first.folder / "run.json").read_text() == "{"


def test_the_result_of_another_experiment_or_corpus_is_not_taken(
    tmp_path: Path,
    environment: Environment,
    tiny: Tiny,
    identity: CorpusIdentity,
    seed_result: Result,
) -> None:
    run = open_run(tmp_path, environment)
    run.keep(tiny(), identity, seed_result(3))
    assert run.load(tiny(epochs=3), identity, 3) is None
    assert run.load(tiny(), replace(identity, sha256="cd" * 32), 3) is None
    assert run.load(tiny(), identity, 3) == seed_result(3)


def test_the_seeds_an_experiment_is_repeated_over_do_not_matter_to_a_kept_result(
    tmp_path: Path,
    environment: Environment,
    tiny: Tiny,
    identity: CorpusIdentity,
    seed_result: Result,
) -> None:
    run = open_run(tmp_path, environment)
    run.keep(tiny(seeds=(1, 2, 3)), identity, seed_result(3))
    assert run.load(tiny(seeds=(3, 4)), identity, 3) == seed_result(3)


@pytest.mark.parametrize("other", ["gru", "simple_rnn"])
def test_the_results_of_two_cells_lie_apart(
    tmp_path: Path,
    environment: Environment,
    tiny: Tiny,
    identity: CorpusIdentity,
    seed_result: Result,
    other: str,
) -> None:
    run = open_run(tmp_path, environment)
    run.keep(tiny("lstm"), identity, seed_result(3, parameters=1))
    run.keep(tiny(other), identity, seed_result(3, parameters=2))
    kept = run.load(tiny("lstm"), identity, 3)
    assert kept is not None
    assert (kept.parameters, run.kept_seeds()) == (1, 2)


def test_a_folder_that_cannot_be_made_is_refused_by_name(
    tmp_path: Path, environment: Environment
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FormatError, match=r"file/runs: no run can begin here"):
        open_run(tmp_path / "file" / "runs", environment)


def test_a_run_says_that_it_may_be_deleted(tmp_path: Path, environment: Environment) -> None:
    run = open_run(tmp_path, environment)
    assert "Safe to delete" in (run.folder / "README").read_text()
