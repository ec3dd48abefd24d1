"""Small IMDB files, whole and damaged, and folders that no other run can touch."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest


def object_array(lists: list[Any]) -> np.ndarray[Any, Any]:
    """Return `lists` as the one-dimensional object array that Keras's file holds."""
    array = np.empty(len(lists), dtype=object)
    array[:] = lists
    return array


def make_members(train: int = 40, test: int = 30, seed: int = 0) -> dict[str, Any]:
    """Return the four arrays of a small IMDB: lengths 1 to 30, ranks 1 to 60."""
    rng = np.random.RandomState(seed)

    def reviews(count: int) -> Any:
        return object_array([rng.randint(1, 61, rng.randint(1, 31)).tolist() for _ in range(count)])

    return {
        "x_train": reviews(train),
        "y_train": rng.randint(0, 2, train),
        "x_test": reviews(test),
        "y_test": rng.randint(0, 2, test),
    }


def npy_with_pickle(payload: bytes, length: int = 1) -> bytes:
    """Return a `.npy` file of an object array whose pickle is `payload`."""
    header = f"{{'descr': '|O', 'fortran_order': False, 'shape': ({length},), }}"
    text = header.ljust(117).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + payload


def npy_of(array: Any, protocol: int) -> bytes:
    """Return object array `array` as a `.npy` file of that pickle protocol."""
    return npy_with_pickle(pickle.dumps(array, protocol=protocol), len(array))


@pytest.fixture(autouse=True)
def private_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point every folder the corpora look into at an empty one, and the network at nothing."""
    monkeypatch.delenv("RNN_SUITE_IMDB", raising=False)
    monkeypatch.setenv("RNN_SUITE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def write_imdb(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes the four arrays, or others in their place, to an npz file."""

    def write(name: str = "imdb.npz", **changed: Any) -> Path:
        path = tmp_path / name
        members = {**make_members(), **changed}
        np.savez(path, allow_pickle=True, **{k: v for k, v in members.items() if v is not None})
        return path

    return write


@pytest.fixture
def imdb_file(write_imdb: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small, sound IMDB file, named by RNN_SUITE_IMDB."""
    path = write_imdb()
    monkeypatch.setenv("RNN_SUITE_IMDB", str(path))
    return path
