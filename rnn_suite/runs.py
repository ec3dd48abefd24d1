"""Results of a run on disk: every finished seed is kept at once, and a killed run is taken up again.

A run's folder holds `run.json` (where and on what it runs), a lock while its process lives, a file a
finished seed, and `finished` once it has ended. Results are never taken from a finished run: a gate
that reuses yesterday's answer is no gate.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path

from filelock import FileLock, Timeout

from rnn_suite.errors import FormatError
from rnn_suite.experiment import Experiment
from rnn_suite.jsonable import (
    from_jsonable,
    read_json,
    write_atomically,
    write_json,
)
from rnn_suite.results import CorpusIdentity, Environment, SeedResult

MAX_AGE_SECONDS = 2 * 24 * 3600.0
"""How long after its last result a run that was cut short may be taken up."""

_README = b"""Results of one run of rnn-suite: a file a finished seed. Safe to delete once the run has ended.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    environment: Environment
    source: str
    """Hash of the suite's own code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _KeptSeed:
    experiment: Experiment
    corpus: CorpusIdentity
    result: SeedResult


class Run:
    """The folder of one run; made by `open_run`."""

    def __init__(self, folder: Path, lock: FileLock, *, resumed: bool) -> None:
        self.folder = folder
        self.resumed = resumed
        """Whether it takes up a run that was cut short."""
        self._lock = lock

    def kept_seeds(self) -> int:
        """Return how many finished seeds are on disk."""
        return len(list(self.folder.glob("*/*/*/seed-*.json")))

    def kept_trials(self) -> int:
        """Return how many trials of searches have ended and are on disk."""
        # Our notes: Keras Tuner's own file of a trial is there before the trial has ended.
        return len(list(self.folder.glob("searches/**/project/trial_*/rnn_suite.json")))

    def _path(self, experiment: Experiment, seed: int) -> Path:
        folder = self.folder / experiment.profile / experiment.corpus.name / experiment.cell
        return folder / f"seed-{seed:05d}.json"

    def load(self, experiment: Experiment, corpus: CorpusIdentity, seed: int) -> SeedResult | None:
        """Return the kept result of `seed`, or None if it has to be trained.

        Raises:
            FormatError: if the kept file is damaged.
        """
        path = self._path(experiment, seed)
        if not path.exists():
            return None
        try:
            kept = from_jsonable(_KeptSeed, read_json(path), where=str(path))
        except FormatError as error:
            raise FormatError(
                f"Damaged result. {error}\nNext: delete the file and run again, or begin anew with "
                "--fresh"
            ) from error
        same = kept.experiment == replace(experiment, seeds=(seed,)) and kept.corpus == corpus
        return kept.result if same else None

    def keep(self, experiment: Experiment, corpus: CorpusIdentity, result: SeedResult) -> None:
        """Write the result of one seed.

        Raises:
            FormatError: if it cannot be written; results kept before are untouched.
        """
        experiment = replace(experiment, seeds=(result.seed,))
        write_json(
            self._path(experiment, result.seed),
            _KeptSeed(experiment=experiment, corpus=corpus, result=result),
        )

    def finish(self) -> None:
        """Mark the run as ended, so that the next one begins anew."""
        write_atomically(self.folder / "finished", b"")
        self.close()

    def close(self) -> None:
        """Let go of the folder; without `finish`, the next run takes it up."""
        self._lock.release()


def open_run(root: Path, environment: Environment, *, fresh: bool = False) -> Run:
    """Take up the last run below `root` if it was cut short, or begin a new one.

    The last run is that on the same library versions, machine and suite code. It is taken up only if it
    has not ended and no living process holds it; two runs at once get a folder each, and a run older
    than `MAX_AGE_SECONDS` is left alone.

    Args:
        root: folder of all runs; made if missing.
        environment: where this process runs.
        fresh: begin a new run in any case.

    Raises:
        FormatError: if the folder cannot be written.
    """
    header = _Header(environment=environment, source=_source_digest())
    last = None if fresh else _last_run(root, header)
    if last is not None and (run := _take_up(last)) is not None:
        return run
    folder = _new_folder(root)
    write_atomically(folder / "README", _README)
    lock = FileLock(folder / "lock")
    lock.acquire(timeout=0)
    # Last, since it is what makes a folder a run that another process may want to take up.
    write_json(folder / "run.json", header)
    return Run(folder, lock, resumed=False)


def _last_run(root: Path, header: _Header) -> Path | None:
    for path in sorted(root.glob("*/run.json"), reverse=True):
        try:
            theirs = from_jsonable(_Header, read_json(path), where=str(path))
        except FormatError:
            continue  # Not a run this code could continue; it stays where it is.
        if theirs == header:
            return path.parent
    return None


def _take_up(folder: Path) -> Run | None:
    if time.time() - max(path.stat().st_mtime for path in folder.rglob("*")) > MAX_AGE_SECONDS:
        return None
    lock = FileLock(folder / "lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return None
    if (folder / "finished").exists():
        lock.release()
        return None
    return Run(folder, lock, resumed=True)


def _new_folder(root: Path) -> Path:
    """Make a folder that no run has had: one process may begin several runs within a second."""
    stem = f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.getpid()}"
    try:
        root.mkdir(parents=True, exist_ok=True)
        for number in itertools.count():
            folder = root / (f"{stem}-{number}" if number else stem)
            with contextlib.suppress(FileExistsError):
                folder.mkdir()
                break
    except OSError as error:
        raise FormatError(
            f"{root}: no run can begin here: {error.strerror}; choose a folder that can be written"
        ) from error
    return folder


def _source_digest() -> str:
    digest = hashlib.sha256()
    root = Path(__file__).parent
    for path in sorted(root.rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return digest.hexdigest()
