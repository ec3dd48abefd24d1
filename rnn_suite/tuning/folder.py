"""What lies in the folder of a search beside Keras Tuner's project: what is asked, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from rnn_suite.errors import FormatError, InvalidExperimentError
from rnn_suite.jsonable import from_jsonable, read_json, write_json
from rnn_suite.search import Search
from rnn_suite.tuning.tuners import tuner_libraries

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


def ask(search: Search, seed: int, folder: Path, *, workers: int) -> None:
    """Write down in `folder` what is searched there, for the processes that do it.

    Raises:
        FormatError: if the folder holds another search, or cannot be written.
        InvalidExperimentError: if there is not one worker or more, or the objective is no accuracy.
    """
    if not search.objective.endswith("accuracy"):
        raise InvalidExperimentError(
            "The best trial of a search is the one with the highest objective.\n"
            f"Expected: val_accuracy or accuracy\nReceived: {search.objective!r}"
        )
    if workers < 1:
        raise InvalidExperimentError(
            f"Invalid number of workers.\nExpected: 1 or more\nReceived: {workers!r}\n"
            "Next: ask for 1, or for as many as there are cores to share"
        )
    wanted = AskedSearch(search=search, seed=seed, workers=workers, libraries=tuner_libraries())
    there = asked(folder) if (folder / ASKED).exists() else None
    if there is not None and replace(there, workers=workers) != wanted:
        raise FormatError(
            f"{folder}: holds another search, or one by other versions.\nExpected: {wanted}\n"
            f"Received: {there}\nNext: name another folder, or delete this one; with pytest, --fresh"
        )
    # A search that was cut short may be taken up by more workers or fewer; one that has ended keeps its own.
    if there is None or not is_searched(folder):
        write_json(folder / ASKED, wanted)


def asked(folder: Path) -> AskedSearch:
    """Return what is searched in `folder`.

    Raises:
        FormatError: if that is not told there.
    """
    path = folder / ASKED
    return from_jsonable(AskedSearch, read_json(path), where=str(path))


def is_searched(folder: Path) -> bool:
    """Return whether the search in `folder` has ended."""
    return (folder / SEARCHED).exists()


def searched(folder: Path) -> Searched:
    """Return how the search in `folder` ended.

    Raises:
        FormatError: if it has not, or the note of it is damaged.
    """
    path = folder / SEARCHED
    return from_jsonable(Searched, read_json(path), where=str(path))


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
