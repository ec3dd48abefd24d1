"""What a user's `data()` returned: checked, held as NumPy arrays, hashed, and never written to disk."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from rnn_suite.errors import MeasurementError
from rnn_suite.questions.own_data import ArrayDigests
from rnn_suite.results import CorpusIdentity

_SHAPE = "((x_train, y_train), (x_test, y_test)), each an array, or a list or dict of arrays"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrays:
    """Training and test rows; each part is an array, or a list, tuple or dict of arrays."""

    x_train: Any
    y_train: Any
    x_test: Any
    y_test: Any

    def digests(self) -> ArrayDigests:
        """Return dtype, shape and SHA-256 of each array, little-endian, by its name."""
        return ArrayDigests(arrays={name: _digest(array) for name, array in self._named()})

    def identity(self, name: str) -> CorpusIdentity:
        """Return what baselines hold of the data: counts of rows and entries, and one hash of all arrays."""
        digest = hashlib.sha256(repr(sorted(self.digests().arrays.items())).encode())
        return CorpusIdentity(
            name=name,
            train_reviews=rows(self.x_train),
            train_tokens=sum(array.size for _, array in _leaves("", self.x_train)),
            test_reviews=rows(self.x_test),
            test_tokens=sum(array.size for _, array in _leaves("", self.x_test)),
            sha256=digest.hexdigest(),
        )

    def _named(self) -> Iterator[tuple[str, np.ndarray]]:
        for part in fields(self):
            yield from _leaves(part.name, getattr(self, part.name))


def take(returned: Any) -> Arrays:
    """Return what `data()` gave as arrays.

    Raises:
        MeasurementError: if it is not two pairs of arrays with as many rows each.
    """
    try:
        (x_train, y_train), (x_test, y_test) = returned
        parts = {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}
        taken = Arrays(**{name: _as_arrays(part) for name, part in parts.items()})
    except (TypeError, ValueError) as error:
        raise _refused(f"{type(returned).__name__}: {error}") from error
    for name, array in taken._named():
        if array.dtype.kind == "O":
            raise _refused(
                f"{name} with Python objects, which have no bytes to hash",
                "convert it, such as text with .astype(str), and a tf.data.Dataset to its arrays",
            )
    for split in ("train", "test"):
        counts = {
            name: len(array) if array.ndim else 0
            for name, array in taken._named()
            if split in name.partition(".")[0]
        }
        if len(set(counts.values())) != 1 or 0 in counts.values():
            raise _refused(f"rows: {', '.join(f'{name} {n}' for name, n in counts.items())}")
    return taken


def rows(part: Any) -> int:
    """Return how many rows a part of the data has."""
    return len(next(array for _, array in _leaves("", part)))


def head(part: Any, count: int) -> Any:
    """Return the first `count` rows of a part of the data, in the same structure."""
    if isinstance(part, dict):
        return {name: head(item, count) for name, item in part.items()}
    if isinstance(part, (list, tuple)):
        return type(part)(head(item, count) for item in part)
    return part[:count]


def _as_arrays(part: Any) -> Any:
    if isinstance(part, dict):
        return {name: _as_arrays(item) for name, item in part.items()}
    # A list of numbers is one array, as Keras takes it; a list of arrays is several inputs.
    if isinstance(part, (list, tuple)) and all(getattr(item, "shape", ()) != () for item in part):
        return type(part)(_as_arrays(item) for item in part)
    return np.asarray(part)


def _leaves(name: str, part: Any) -> Iterator[tuple[str, np.ndarray]]:
    if isinstance(part, dict):
        for key, item in part.items():
            yield from _leaves(f"{name}.{key}", item)
    elif isinstance(part, (list, tuple)):
        for place, item in enumerate(part):
            yield from _leaves(f"{name}.{place}", item)
    else:
        yield name, part


def _digest(array: np.ndarray) -> str:
    little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    # Bytes where they lie: a copy of a large array is dear.
    content = little.reshape(-1).view(np.uint8)
    return (
        f"{array.dtype.name}{list(array.shape)} sha256 {hashlib.sha256(content.data).hexdigest()}"
    )


def _refused(received: str, remedy: str = "let data() return that") -> MeasurementError:
    return MeasurementError(
        f"The data of an own model is not what can be gated.\nExpected: {_SHAPE}, with as many rows in "
        f"x as in y\nReceived: {received}\nNext: {remedy}"
    )
