"""The searches of one run: each is made once, and may be under way before it is asked for."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from rnn_suite.errors import SuiteError
from rnn_suite.search import Search
from rnn_suite.trials import SearchResult, TrialResult
from rnn_suite.tuning.processes import SearchProcess

Show = Callable[[Search, int, tuple[TrialResult, ...], float, bool], None]
"""Told the search, and what `rnn_suite.tuning.processes.Progress` is told."""


class SearchBench:
    """Makes searches one after the other, and keeps what they found."""

    def __init__(self, folder: Path, *, workers: int, progress: Show) -> None:
        """Keep searches below `folder`, each made by so many `workers`."""
        self._folder, self._workers, self._progress = folder, workers, progress
        self._begun: dict[Search, SearchProcess] = {}
        self._found: dict[Search, SearchResult] = {}

    def begin(self, search: Search) -> None:
        """Start the search from its first seed, to be waited for later."""
        self._one(replace(search, seeds=search.seeds[:1]))

    def results(self, search: Search) -> tuple[SearchResult, ...]:
        """Return the searches from all seeds; those that are not made yet are made now.

        Raises:
            SuiteError: if one cannot be made; those before it are kept.
        """
        found = []
        for seed in search.seeds:
            one = replace(search, seeds=(seed,))
            if one not in self._found:
                show = functools.partial(self._progress, one)
                self._found[one] = self._one(one).result(show)
            found.append(self._found[one])
        return tuple(found)

    def _one(self, search: Search) -> SearchProcess:
        if search not in self._begun:
            (seed,) = search.seeds
            folder = self._folder / search.profile / search.corpus.name / f"seed-{seed:05d}"
            self._begun[search] = SearchProcess(search, seed, folder, workers=self._workers)
        return self._begun[search]

    def wait(self) -> None:
        """Wait until nothing of what was begun is under way; what went wrong is told to who asks for it."""
        for process in self._begun.values():
            with contextlib.suppress(SuiteError):
                process.result()

    @property
    def found(self) -> tuple[SearchResult, ...]:
        """What was asked for so far."""
        return tuple(self._found.values())

    @property
    def losses(self) -> list[str]:
        """What was lost of searches by several workers, in words."""
        return [
            f"search from seed {search.seeds[0]}: {loss}"
            for search, process in self._begun.items()
            for loss in process.losses
        ]

    def close(self) -> None:
        """End what is still under way; what is on disk can be taken up."""
        for process in self._begun.values():
            process.close()
