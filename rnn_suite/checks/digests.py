"""Hashes of the arrays that a model is fed."""

from __future__ import annotations

import hashlib

import numpy as np

from rnn_suite.data.dataset import Dataset
from rnn_suite.questions.exact import DatasetDigests


def digest_dataset(dataset: Dataset) -> DatasetDigests:
    """Return the sha256 of each prepared array, shapes included."""

    def digest(array: np.ndarray, kind: str) -> str:
        content = np.ascontiguousarray(array, dtype=kind)
        return hashlib.sha256(f"{content.shape}".encode() + content.tobytes()).hexdigest()

    return DatasetDigests(
        x_train=digest(dataset.x_train, "<i4"),
        y_train=digest(dataset.y_train, "<i8"),
        x_test=digest(dataset.x_test, "<i4"),
        y_test=digest(dataset.y_test, "<i8"),
    )
