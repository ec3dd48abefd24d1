"""What lies in the folder of a search beside Keras Tuner's project: what is asked, and how it ended."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from rnn_suite.data import CORPORA
from rnn_suite.errors import FormatError, InvalidExperimentError, UnknownNameError
from rnn_suite.experiment import differing_fields
from rnn_suite.jsonable import from_jsonable, read_json, write_json
from rnn_suite.search import Search
from rnn_suite.trials import SearchResult
from rnn_suite.tuning.tuners import tuner_libraries

T = TypeVar("T")

ASKED, PROJECT, SEARCHED, RESULT = "asked.json", "project", "searched.json", "result.json"
FAULT = "fault.txt"
"""Names in the folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedSearch:
    """One whole search: what is searched, from which seed, by how many processes."""

    search: Search
    seed: int
    workers: int
    libraries: dict[str, str]
    """Versions of Keras Tuner and of what its answers lean on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """That a search has ended, and how long its last part took."""

    seconds: float
    """Of several workers on one machine, from the start of their processes on."""
    stopped_by_failures: bool
    """Whether Keras Tuner gave up because one trial after the other failed."""


def ask(search: Search, seed: int, folder: os.PathLike[str] | str, *, workers: int) -> None:
    """Write down in `folder` what is searched there, for the processes that do it.

    Raises:
        FormatError: if the folder holds another search, or cannot be written.
        InvalidExperimentError: if there is not one worker or more, a search takes no such seed, or its
            objective is no accuracy.
        UnknownNameError: if there is no such corpus.
    """
    folder = Path(folder)
    replace(search, seeds=(seed,))  # It looks at its seeds itself.
    if search.corpus.name not in CORPORA:
        raise UnknownNameError("corpus", search.corpus.name, sorted(CORPORA))
    if not search.objective.endswith("accuracy"):
        raise InvalidExperimentError(
            "Invalid search field objective: the best trial is the one in which it is highest.\n"
            f"Expected: val_accuracy or accuracy\nReceived: {search.objective!r}"
        )
    if workers < 1:
        raise InvalidExperimentError(
            f"Invalid number of workers.\nExpected: 1 or more\nReceived: {workers!r}\n"
            "Next: ask for 1, or for as many as there are cores to share"
        )
    wanted = AskedSearch(search=search, seed=seed, workers=workers, libraries=tuner_libraries())
    there = asked(folder) if is_asked(folder) else None
    if there is not None and replace(there, workers=workers) != wanted:
        raise FormatError(
            f"{folder}: holds another search, or one by other versions.\n"
            "Expected: the search, seed and versions that it began with\n"
            f"Received: differing (there / asked now): {'; '.join(_differing(there, wanted))}\n"
            "Next: name another folder, or delete this one; with pytest, --fresh"
        )
    # A search that was cut short may be taken up by more workers or fewer; one that has ended keeps its own.
    if there is None or not is_searched(folder):
        write_json(folder / ASKED, wanted)


def _differing(there: AskedSearch, wanted: AskedSearch) -> list[str]:
    unlike = [
        f"{name} {there.libraries.get(name, 'not told')} / {version}"
        for name, version in wanted.libraries.items()
        if there.libraries.get(name) != version
    ]
    same = replace(there, workers=wanted.workers, libraries=wanted.libraries)
    return [*differing_fields(same, wanted), *unlike]


def is_asked(folder: Path) -> bool:
    """Return whether it is told in `folder` what is searched there."""
    return (folder / ASKED).exists()


def asked(folder: Path) -> AskedSearch:
    """Return what is searched in `folder`.

    Raises:
        FormatError: if that is not told there, or the file is damaged.
    """
    if not is_asked(folder):
        raise FormatError(
            f"{folder}: no search is asked for here.\nExpected: {ASKED}\nReceived: no such file\n"
            "Next: name the folder of a search, or say what is searched there first, with "
            "rnn_suite.tuning.folder.ask"
        )
    return _read(AskedSearch, folder / ASKED, damaged=folder)


def is_searched(folder: Path) -> bool:
    """Return whether the search in `folder` has ended."""
    return (folder / SEARCHED).exists()


def searched(folder: Path) -> Searched:
    """Return how the search in `folder` ended.

    Raises:
        FormatError: if it has not, or the note of it is damaged.
    """
    return _read(Searched, folder / SEARCHED, damaged=folder / SEARCHED)


def found(folder: Path) -> SearchResult:
    """Return the answer of the search in `folder`.

    Raises:
        FormatError: if there is none, or it is damaged.
    """
    return _read(SearchResult, folder / RESULT, damaged=folder / RESULT)


def _read(kind: type[T], path: Path, *, damaged: Path) -> T:
    """Return the file as a `kind`; `damaged` is what to delete where it is none."""
    try:
        return from_jsonable(kind, read_json(path), where=str(path))
    except FormatError as error:
        raise FormatError(
            f"Damaged search. {error}\n"
            f"Next: delete {damaged} and search again, or bring the file back; nothing was changed"
        ) from error


def note_end(folder: Path, seconds: float, *, stopped: bool) -> None:
    """Note that the search in `folder` has ended.

    Args:
        folder: of the search.
        seconds: how long its last part took.
        stopped: whether by one failed trial after the other.
    """
    write_json(folder / SEARCHED, Searched(seconds=seconds, stopped_by_failures=stopped))


def fault_file(folder: Path, name: str | None) -> Path:
    """Return where a process leaves what went wrong.

    Args:
        folder: of the search.
        name: of the process in a cluster; None if it has none.
    """
    return folder / (f"fault-{name}.txt" if name else FAULT)
