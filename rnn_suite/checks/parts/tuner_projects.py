"""Searches as released libraries left them, kept in `projects`, and the recipe that makes them.

`python -m rnn_suite.checks.parts.tuner_projects FOLDER` writes the archive of the installed libraries into
FOLDER. It holds one search twice, with the notes beside it, and what the writing libraries said of it:

    finished/     a search that ended
    cut_short/    the same, killed in a promoted trial whose first epoch had been saved
    read.json     trials, best values and the outputs of the best model of the one that ended

The models were trained on drawn numbers. All of it is JSON, text, or weights that Keras reads without pickle.
"""

from __future__ import annotations

import re
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import keras
import tensorflow as tf

from rnn_suite.checks.parts.saved_models import version_of
from rnn_suite.checks.parts.searches_cut_short import (
    TRAINED,
    ReadAgain,
    prepare,
    read_apart,
    search_apart,
)
from rnn_suite.checks.parts.tiny_searches import Kill, after_epoch
from rnn_suite.checks.parts.told_searches import Told
from rnn_suite.jsonable import from_jsonable, read_json, write_json
from rnn_suite.tuning.tuners import keras_tuner

FINISHED, CUT_SHORT, READ = "finished", "cut_short", "read.json"
CUT = Kill(trial="0005", moment=after_epoch(3))
"""Where the search was cut short."""
_KEPT = resources.files("rnn_suite.checks") / "projects"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectArchive:
    """What one set of libraries wrote."""

    name: str
    """The tuner and the Keras, as "keras-tuner 1.4.6, keras 3.3.3"; one archive a pair."""
    file: str

    @property
    def is_newer(self) -> bool:
        """Whether a newer Keras Tuner or Keras wrote it than the installed one."""
        tuner, network = (version_of(part) for part in self.name.split(", "))
        return tuner > version_of(keras_tuner().__version__) or network > version_of(
            keras.__version__
        )

    @contextmanager
    def unpacked(self) -> Iterator[Path]:
        """Give a folder with what is in it."""
        with (
            (_KEPT / self.file).open("rb") as packed,
            zipfile.ZipFile(packed) as archive,
            tempfile.TemporaryDirectory() as folder,
        ):
            # It takes roots and ".." from names, so that nothing lands outside.
            archive.extractall(folder)
            yield Path(folder)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadProject:
    """An archive as the installed libraries read it, and go on from it."""

    name: str
    is_newer: bool
    recorded: ReadAgain
    """What the writing libraries read from the search that ended."""
    read: ReadAgain
    """What is read from it here."""
    gone_on: Told
    """The end of the search that was cut short, which is searched to its end here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadProjects:
    """All archives, oldest first."""

    projects: tuple[ReadProject, ...]


def project_archives() -> list[ProjectArchive]:
    """Return the archives that are kept, oldest first."""
    found = [
        ProjectArchive(name=f"keras-tuner {match[1]}, keras {match[2]}", file=entry.name)
        for entry in _KEPT.iterdir()
        if (match := re.fullmatch(r"keras-tuner-(.+)-keras-(.+)-tensorflow-.+\.zip", entry.name))
    ]
    return sorted(
        found, key=lambda archive: [version_of(part) for part in archive.name.split(", ")]
    )


def read_projects() -> ReadProjects:
    """Read every archive, and search to its end what was cut short there."""
    prepare()
    return ReadProjects(projects=tuple(_read(archive) for archive in project_archives()))


def _read(archive: ProjectArchive) -> ReadProject:
    with archive.unpacked() as folder:
        return ReadProject(
            name=archive.name,
            is_newer=archive.is_newer,
            recorded=from_jsonable(
                ReadAgain, read_json(folder / READ), where=f"{archive.file}/{READ}"
            ),
            read=read_apart(TRAINED, folder / FINISHED),
            gone_on=search_apart(TRAINED, folder / CUT_SHORT),
        )


def write_archive(folder: Path) -> Path:
    """Write the archive of the installed libraries into `folder` and return its path."""
    prepare()
    folder.mkdir(parents=True, exist_ok=True)
    versions = (keras_tuner().__version__, keras.__version__, tf.__version__)
    path = folder / "keras-tuner-{}-keras-{}-tensorflow-{}.zip".format(*versions)
    with (
        tempfile.TemporaryDirectory() as scratch,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
    ):
        search_apart(TRAINED, Path(scratch, FINISHED))
        search_apart(TRAINED, Path(scratch, CUT_SHORT), CUT)
        write_json(Path(scratch, READ), read_apart(TRAINED, Path(scratch, FINISHED)))
        for member in sorted(found for found in Path(scratch).rglob("*") if found.is_file()):
            archive.write(member, member.relative_to(scratch))
    return path


if __name__ == "__main__":
    print(write_archive(Path(sys.argv[1])))
