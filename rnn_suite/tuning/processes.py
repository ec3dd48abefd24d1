"""Searches in processes of their own: what one leaves behind in a process touches nothing else."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen

from rnn_suite.errors import FormatError, MeasurementError
from rnn_suite.fresh_process import end_process, no_answer, start_process
from rnn_suite.search import Search
from rnn_suite.trials import RUNNING, SearchResult, TrialResult
from rnn_suite.tuning.cluster import Loss, losses
from rnn_suite.tuning.folder import FAULT, PROJECT, RESULT, ask, found, is_searched, searched
from rnn_suite.tuning.member import ALONE
from rnn_suite.tuning.project import read_trials

Progress = Callable[[int, tuple[TrialResult, ...], float, bool], None]
"""Told the seed, the trials begun so far, the seconds gone, and whether the best is being rebuilt: whenever a
trial begins or ends, and once when the rebuilding begins."""

LOOK_SECONDS = 0.5

SILENT_SECONDS = 3600.0
"""How long a search may leave nothing on disk before it is given up: far more than an epoch of a trial, whose
weights are written whenever they are the best so far, or a wait for a worker that trains one."""


class SearchProcess:
    """One search from one seed in a process of its own; what its folder holds already is not done again.

    With several workers that process starts them and their chief, and watches them.
    """

    def __init__(
        self, search: Search, seed: int, folder: os.PathLike[str] | str, workers: int = 1
    ) -> None:
        """Start it.

        Args:
            search: what is searched.
            seed: one seed.
            folder: of this search and seed alone; one that was cut short there is taken up.
            workers: processes that train trials at the same time, on this machine.

        Raises:
            FormatError: if the folder holds another search, or cannot be written.
            InvalidExperimentError: if there is not one worker or more, or a search takes no such seed.
            UnknownNameError: if there is no such corpus.
        """
        # The process has another working folder.
        folder = Path(folder).absolute()
        self._seed, self._folder = seed, folder
        self._process: Popen[bytes] | None = None
        self._started = time.monotonic()
        self._seen = time.time()
        ask(search, seed, folder, workers=workers)
        if (folder / RESULT).exists():
            return
        searching = [] if is_searched(folder) else ["search" if workers == 1 else "cluster"]
        (folder / FAULT).unlink(missing_ok=True)
        self._process = start_process(
            ["rnn_suite.tuning.work", str(folder), str(os.getpid()), *searching, "rebuild"],
            folder / "words.txt",
            environment=ALONE,
        )

    @property
    def losses(self) -> tuple[Loss, ...]:
        """Workers that died so far and were replaced, in earlier parts of the search too."""
        return losses(self._folder)

    def result(self, progress: Progress | None = None) -> SearchResult:
        """Wait for the end and return what was found.

        Raises:
            SuiteError: if the search could not be done, its process died or hangs, or its files are
                damaged.
        """
        process, shown = self._process, (0, False)
        while process is not None and process.poll() is None:
            time.sleep(LOOK_SECONDS)
            shown = self._show(progress, shown)
            self._check_it_goes_on()
        if process is not None and process.returncode:
            if (self._folder / FAULT).exists():
                raise MeasurementError((self._folder / FAULT).read_text(encoding="utf-8"))
            name = f"search from seed {self._seed} in {self._folder}"
            raise no_answer(name, f"exit status {process.returncode}", self._folder / "words.txt")
        return found(self._folder)

    def _check_it_goes_on(self) -> None:
        now = time.time()
        if now < self._seen + SILENT_SECONDS:
            return
        for path in self._folder.rglob("*"):
            with contextlib.suppress(FileNotFoundError):
                self._seen = max(self._seen, path.stat().st_mtime)
        if now >= self._seen + SILENT_SECONDS:
            self.close()
            name = f"search from seed {self._seed} in {self._folder}"
            ended = f"nothing new on disk for {now - self._seen:.0f} seconds"
            raise no_answer(name, ended, self._folder / "words.txt")

    def _show(self, progress: Progress | None, shown: tuple[int, bool]) -> tuple[int, bool]:
        if progress is None:
            return shown
        try:
            trials = read_trials(self._folder / PROJECT)
            rebuilding = (
                is_searched(self._folder)
                and not searched(self._folder).stopped_by_failures
                and any(trial.score is not None for trial in trials)
            )
        except FormatError:
            return shown  # Keras Tuner is writing.
        now = 2 * len(trials) - sum(trial.status == RUNNING for trial in trials), rebuilding
        if trials and now != shown:
            progress(self._seed, trials, time.monotonic() - self._started, rebuilding)
        return now

    def close(self) -> None:
        """End the process; what is on disk stays and can be taken up."""
        if self._process is not None:
            end_process(self._process)
