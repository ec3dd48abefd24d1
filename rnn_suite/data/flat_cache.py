"""Keep a corpus that was slow to read as flat arrays without pickles: it opens in milliseconds."""

from __future__ import annotations

import dataclasses
import io
import os
import warnings
from pathlib import Path

import numpy as np

from rnn_suite.data.reviews import Reviews, Split
from rnn_suite.errors import FormatError
from rnn_suite.jsonable import write_atomically
from rnn_suite.results import CorpusIdentity

LAYOUT_VERSION = 2
"""Part of every file name: a change of layout leaves the files of other versions alone."""


class CacheWarning(RuntimeWarning):
    """The cache could not be written; work goes on, and the next start is as slow as this one."""


def cache_folder() -> Path:
    """Return the suite's cache folder, which need not exist yet.

    `RNN_SUITE_CACHE` where it is set, else `rnn_suite` in `XDG_CACHE_HOME`, else in `~/.cache`.
    """
    if named := os.environ.get("RNN_SUITE_CACHE"):
        return Path(named).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "rnn_suite"


def cache_path(name: str, source_sha256: str) -> Path:
    """Return where the flat form of corpus `name`, read from the file of that hash, is kept."""
    return cache_folder() / f"{name}-{source_sha256}.v{LAYOUT_VERSION}.npz"


def load_flat(path: Path, *, name: str) -> Reviews | None:
    """Return the reviews kept at `path`; None if there are none, or they are damaged.

    Every member of an npz file has a checksum, which is verified; pickles are not allowed.
    """
    try:
        # Opened here, since np.load leaves a damaged file open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            train, test = (
                Split(
                    tokens=arrays[f"{split}_tokens"],
                    offsets=arrays[f"{split}_offsets"],
                    labels=arrays[f"{split}_labels"],
                )
                for split in ("train", "test")
            )
            sha256 = str(arrays["sha256"])
    except Exception:  # noqa: BLE001  # a missing or damaged file makes zipfile and numpy raise anything
        return None
    if not (_is_sound(train) and _is_sound(test)):
        return None
    return Reviews(
        train=train,
        test=test,
        identity=CorpusIdentity(
            name=name,
            train_reviews=len(train),
            train_tokens=len(train.tokens) + len(train),
            test_reviews=len(test),
            test_tokens=len(test.tokens) + len(test),
            sha256=sha256,
        ),
    )


def _is_sound(split: Split) -> bool:
    """Whether the arrays have the types and the lengths that belong together."""
    return (
        split.tokens.dtype == np.dtype(np.int32)
        and split.offsets.dtype == split.labels.dtype == np.dtype(np.int64)
        and split.offsets.shape == (len(split.labels) + 1,)
        and split.offsets[0] == 0
        and split.offsets[-1] == len(split.tokens)
        and bool(np.all(np.diff(split.offsets) >= 0))
    )


def store_flat(path: Path, reviews: Reviews) -> None:
    """Keep `reviews` at `path`, whole or not at all; several processes may do so at once.

    Warns:
        CacheWarning: if it cannot be written. That costs time only.
    """
    arrays = {
        f"{name}_{field.name}": getattr(split, field.name)
        for name, split in (("train", reviews.train), ("test", reviews.test))
        for field in dataclasses.fields(split)
    }
    buffer = io.BytesIO()
    np.savez(buffer, sha256=np.array(reviews.identity.sha256), **arrays)
    try:
        write_atomically(path, buffer.getvalue())
    except FormatError as error:
        warnings.warn(
            f"The corpus cache could not be written, so every start reads the corpus anew.\n"
            f"Folder: {path.parent}\nCause: {error}\n"
            "Let RNN_SUITE_CACHE name a folder that can be written.",
            CacheWarning,
            stacklevel=2,
        )
