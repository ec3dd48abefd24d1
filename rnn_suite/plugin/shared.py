"""What the suite's own pytest modules share: the corpus of the run, lines to the terminal, usage errors."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rnn_suite.errors import SuiteError

if TYPE_CHECKING:
    from rnn_suite.data import CorpusChoice
    from rnn_suite.plugin.reporter import Reporter

REPORTER: pytest.StashKey[Reporter] = pytest.StashKey()
"""Where a session keeps its reporter."""

_CHOICE: pytest.StashKey[CorpusChoice] = pytest.StashKey()


def path_option(text: str) -> Path:
    """Return the path that an option names.

    Raises:
        argparse.ArgumentTypeError: if it names none, such as where a variable of a shell is empty.
    """
    if not text:
        raise argparse.ArgumentTypeError("expected a path, received nothing")
    # Now, since a test may leave its folder.
    return Path(text).absolute()


def runs_folder(config: pytest.Config) -> Path:
    """Return where results of runs go."""
    named: Path | None = config.option.rnn_suite_runs
    return named or config.rootpath / ".rnn_suite"


def chosen_corpus(config: pytest.Config) -> CorpusChoice:
    """Return the corpus that `--corpus` asks for, looked for on the first call.

    Raises:
        SuiteError: if it cannot be had.
    """
    if _CHOICE not in config.stash:
        from rnn_suite.data import choose_corpus

        # A download shows its progress.
        with uncaptured(config):
            config.stash[_CHOICE] = choose_corpus(config.option.rnn_suite_corpus)
    return config.stash[_CHOICE]


def uncaptured(config: pytest.Config) -> AbstractContextManager[None]:
    """Let what is written reach the terminal at once."""
    capture = config.pluginmanager.getplugin("capturemanager")
    return nullcontext() if capture is None else capture.global_and_fixture_disabled()


def say(config: pytest.Config, line: str) -> None:
    """Write a line to the terminal at once."""
    with uncaptured(config):
        sys.stderr.write(f"\n{line}")
        sys.stderr.flush()


@contextmanager
def as_usage_error() -> Iterator[None]:
    """Turn an error of the suite into pytest's for wrong use."""
    try:
        yield
    except SuiteError as error:
        raise pytest.UsageError(str(error)) from error
