"""The pytest side of searches for hyperparameters: one option and two fixtures."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from rnn_suite.plugin.shared import REPORTER, chosen_corpus, say
from rnn_suite.search import SEARCHES, Search, profile_search

if TYPE_CHECKING:
    from rnn_suite.trials import TrialResult
    from rnn_suite.tuning.bench import SearchBench
    from rnn_suite.workbench import Workbench


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option of searches."""
    parser.getgroup("rnn-suite").addoption(
        "--tuner-workers",
        dest="rnn_suite_tuner_workers",
        type=_workers,
        default=1,
        metavar="N",
        help="processes that train a search's trials at the same time, with a chief of their own from 2 on "
        "(default: 1)",
    )


def _workers(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected 1 or more processes, received {text!r}")
    return int(text)


@pytest.fixture(scope="session")
def make_search(request: pytest.FixtureRequest) -> Callable[[str], Search]:
    """From a profile to its search on the corpus of this run, with the seeds of gate or baseline."""
    config = request.config

    def make(profile: str) -> Search:
        search = profile_search(profile, corpus=chosen_corpus(config).name)
        if config.option.rnn_suite_update_baselines:
            return replace(search, seeds=SEARCHES[profile].baseline_seeds)
        return search

    return make


@pytest.fixture(scope="session")
def searching(request: pytest.FixtureRequest, workbench: Workbench) -> Iterator[SearchBench]:
    """Searches of this run, kept in its folder; see `rnn_suite.tuning.bench`."""
    from rnn_suite.report.search_progress import rebuild_line, search_line
    from rnn_suite.report.search_table import search_table
    from rnn_suite.tuning.bench import SearchBench

    config = request.config

    def show(
        search: Search,
        seed: int,
        trials: tuple[TrialResult, ...],
        seconds: float,
        rebuilding: bool,
    ) -> None:
        if rebuilding:
            say(config, rebuild_line(search, seed, seconds))
        else:
            say(config, search_line(search, seed, trials, seconds))

    bench = SearchBench(
        workbench.run.folder / "searches",
        workers=config.option.rnn_suite_tuner_workers,
        progress=show,
    )
    try:
        yield bench
    finally:
        try:
            for result in bench.found:
                config.stash[REPORTER].found += [
                    f"Search from seed {result.seed}",
                    *search_table(result),
                ]
            config.stash[REPORTER].found += bench.losses
        finally:
            bench.close()
