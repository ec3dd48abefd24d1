"""What every corpus gives: prepared arrays for training and test, and the identity of their source."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rnn_suite.results import CorpusIdentity


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """Arrays ready for `fit` and `evaluate`; the arrays are read-only."""

    x_train: npt.NDArray[np.int32]
    """`int32[n_train, maxlen]`, padded with 0 at the front."""
    y_train: npt.NDArray[np.int64]
    """`int64[n_train]`, 0 negative, 1 positive."""
    x_test: npt.NDArray[np.int32]
    """`int32[n_test, maxlen]`."""
    y_test: npt.NDArray[np.int64]
    """`int64[n_test]`."""
    identity: CorpusIdentity
    """Which reviews these are."""
    source: str
    """Where they came from and why, in words for a person."""
