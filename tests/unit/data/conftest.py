"""Small IMDB files, whole and damaged, and folders that no other run can touch."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

REAL_IMDB = os.environ.get("RNN_SUITE_IMDB")


@pytest.fixture(autouse=True)
def private_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point every folder that the corpora look into at an empty one, and let no proxy interfere."""
    monkeypatch.delenv("RNN_SUITE_IMDB", raising=False)
    monkeypatch.setenv("RNN_SUITE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def object_array() -> Callable[[list[Any]], Any]:
    """Return a function that makes the one-dimensional object array that Keras's file holds."""

    def make(elements: list[Any]) -> Any:
        array = np.empty(len(elements), dtype=object)
        array[:] = elements
        return array

    return make


@pytest.fixture
def members(object_array: Callable[[list[Any]], Any]) -> dict[str, Any]:
    """The four arrays of a small IMDB: lengths 0 to 30, ranks 1 to 60."""
    random = np.random.RandomState(0)

    def reviews(count: int) -> Any:
        lengths = random.randint(0, 31, count)
        return object_array([random.randint(1, 61, length).tolist() for length in lengths])

    return {
        "x_train": reviews(40),
        "y_train": random.randint(0, 2, 40, dtype=np.int64),
        "x_test": reviews(30),
        "y_test": random.randint(0, 2, 30, dtype=np.int64),
    }


@pytest.fixture
def write_imdb(tmp_path: Path, members: dict[str, Any]) -> Callable[..., Path]:
    """Return a function that writes the four arrays to an npz file, some of them changed or left out."""

    def write(name: str = "imdb.npz", **changed: Any) -> Path:
        path = tmp_path / name
        kept = {key: array for key, array in {**members, **changed}.items() if array is not None}
        np.savez_compressed(path, **kept)
        return path

    return write


@pytest.fixture
def imdb_file(write_imdb: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small, sound IMDB file, named by RNN_SUITE_IMDB."""
    path = write_imdb()
    monkeypatch.setenv("RNN_SUITE_IMDB", str(path))
    return path


@pytest.fixture
def real_imdb(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that RNN_SUITE_IMDB named before the tests began."""
    if not REAL_IMDB:
        pytest.skip("RNN_SUITE_IMDB names no file")
    monkeypatch.setenv("RNN_SUITE_IMDB", REAL_IMDB)
    return Path(REAL_IMDB)
