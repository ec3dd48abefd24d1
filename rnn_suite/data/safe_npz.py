"""Read the four arrays of an IMDB `.npz`, trusting nothing in it: sizes, types, values, pickles."""

from __future__ import annotations

import io
import zipfile
from itertools import chain

import numpy as np
import numpy.typing as npt

from rnn_suite.data.pickle_scan import RefusedPickleError
from rnn_suite.data.reviews import Split
from rnn_suite.data.safe_pickle import unpickle_elements
from rnn_suite.errors import CorpusError

MAX_MEMBER_BYTES = 32 * 2**20
"""Largest unpacked member read; those of the real file have 14 MB."""
_MEMBER = b"PK\x01\x02"
"""What each entry of a zip file's list of members begins with."""
MAX_MEMBERS = 1_000
"""Most entries of a zip file's list of members that are read; the real file has 4."""
MAX_RANK = 10_000_000
"""Largest word rank believed; the real file's is below 90,000."""
SCHEMA = (
    "a .npz file with x_train and x_test (object arrays of lists of int word ranks) and y_train "
    "and y_test (integer arrays of 0 and 1), as keras.datasets.imdb reads"
)


class _FaultError(Exception):
    """One short fact about what is wrong; `read_splits` adds file, expectation and remedy."""


def read_splits(content: bytes, *, name: str) -> tuple[Split, Split]:
    """Return the training and the test split that the bytes of an IMDB `.npz` file hold.

    Args:
        content: the whole file.
        name: what messages call the file.

    Raises:
        CorpusError: if it is no zip file, is cut short or damaged, lacks a member, has one larger
            than `MAX_MEMBER_BYTES`, or holds anything else than reviews and labels. Nothing that
            the file brings is executed.
    """
    try:
        with _opened(content) as archive:
            return _read_split(archive, "train"), _read_split(archive, "test")
    except _FaultError as fault:
        raise CorpusError(
            f"IMDB cannot be read from {name}.\nExpected: {SCHEMA}\nReceived: {fault}\n"
            "Fetch the file anew, or let RNN_SUITE_IMDB name another."
        ) from fault.__cause__


def _opened(content: bytes) -> zipfile.ZipFile:
    # zipfile believes how long the list of members is, and takes 20 us and 400 bytes for each.
    if (members := content.count(_MEMBER)) > MAX_MEMBERS:
        raise _FaultError(f"a zip file of some {members} members; at most {MAX_MEMBERS} are read")
    try:
        return zipfile.ZipFile(io.BytesIO(content))
    except Exception as error:  # zipfile raises struct.error, ValueError ... beside its own
        raise _FaultError(f"{len(content)} bytes that are no whole zip file ({error})") from error


def _read_split(archive: zipfile.ZipFile, split: str) -> Split:
    tokens, offsets = _read_reviews(archive, f"x_{split}")
    labels = _read_labels(archive, f"y_{split}")
    if len(labels) != len(offsets) - 1:
        raise _FaultError(
            f"{len(offsets) - 1} reviews in x_{split}, {len(labels)} labels in y_{split}"
        )
    return Split(tokens=tokens, offsets=offsets, labels=labels)


def _read_member(archive: zipfile.ZipFile, member: str) -> bytes:
    """Return the unpacked bytes of `member`; its size is bounded, its checksum verified."""
    try:
        info = archive.getinfo(f"{member}.npy")
    except KeyError:
        members = ", ".join(archive.namelist()[:10]) or "none"
        raise _FaultError(f"no member {member}.npy; members: {members}") from None
    if info.file_size > MAX_MEMBER_BYTES:
        raise _FaultError(
            f"{member} of {info.file_size} bytes; at most {MAX_MEMBER_BYTES} are read"
        )
    # Others are unpacked whole, however small the size that the file claims.
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _FaultError(f"{member} packed by another method than NumPy's ({info.compress_type})")
    try:
        with archive.open(info) as file:
            data = file.read(MAX_MEMBER_BYTES + 1)
    except Exception as error:  # zlib.error, RuntimeError ... beside BadZipFile
        raise _FaultError(
            f"{member}, which is damaged ({error or type(error).__name__})"
        ) from error
    if len(data) != info.file_size:
        raise _FaultError(f"{member} cut short: {len(data)} of {info.file_size} bytes")
    return data


def _split_header(data: bytes, member: str) -> tuple[int, np.dtype[np.generic], bytes]:
    """Return length and dtype of the one-dimensional array in a `.npy` file, and what follows."""
    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        # Version 3 differs from 2 in how field names are encoded, and there are none here.
        read_header = (
            np.lib.format.read_array_header_1_0
            if version == (1, 0)
            else np.lib.format.read_array_header_2_0
        )
        shape, _, dtype = read_header(stream)
    except Exception as error:  # numpy hands on what tokenize and ast raise
        raise _FaultError(f"{member}, which has no .npy header ({error})") from error
    if len(shape) != 1:
        raise _FaultError(f"{member} of shape {shape}; one dimension was expected")
    return shape[0], dtype, data[stream.tell() :]


def _read_labels(archive: zipfile.ZipFile, member: str) -> npt.NDArray[np.int64]:
    length, dtype, data = _split_header(_read_member(archive, member), member)
    if dtype.kind not in "iu" or len(data) != length * dtype.itemsize:
        raise _FaultError(
            f"{member} of {length} {dtype} in {len(data)} bytes; integers were expected"
        )
    labels = np.frombuffer(data, dtype)
    wrong = np.flatnonzero((labels != 0) & (labels != 1))
    if wrong.size:
        raise _FaultError(f"label {labels[wrong[0]]} at {member}[{wrong[0]}]")
    return labels.astype(np.int64)


def _read_reviews(
    archive: zipfile.ZipFile, member: str
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Return tokens and offsets of the object array `member`."""
    length, dtype, data = _split_header(_read_member(archive, member), member)
    if dtype != np.dtype(object):
        raise _FaultError(f"{member} of {dtype}; an object array of lists was expected")
    try:
        reviews = unpickle_elements(data)
    except RefusedPickleError as error:
        raise _FaultError(f"{member}: {error}") from error
    if len(reviews) != length or length == 0:
        raise _FaultError(f"{len(reviews)} reviews in {member}, whose header says {length}")
    lists = [review for review in reviews if type(review) is list]
    if len(lists) != length:
        i = next(i for i, review in enumerate(reviews) if type(review) is not list)
        raise _FaultError(f"{member}[{i}] of type {type(reviews[i]).__name__}; a list was expected")
    return _flatten(lists, member)


def _flatten(
    reviews: list[list[object]], member: str
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    offsets = np.zeros(len(reviews) + 1, np.int64)
    np.cumsum([len(review) for review in reviews], out=offsets[1:])
    # A bomb in pickle's clothing: one short list referred to many times.
    if offsets[-1] > MAX_MEMBER_BYTES:
        raise _FaultError(f"{offsets[-1]} words in {member}; at most {MAX_MEMBER_BYTES} are read")
    kinds = set(map(type, chain.from_iterable(reviews)))
    if not kinds <= {int}:
        names = ", ".join(sorted(kind.__name__ for kind in kinds - {int}))
        raise _FaultError(f"{member} with {names} among its word ranks; ints were expected")
    try:
        ranks = np.fromiter(chain.from_iterable(reviews), dtype=np.int64, count=int(offsets[-1]))
    except OverflowError as error:
        raise _FaultError(f"{member} with a word rank beyond 64 bits") from error
    wrong = np.flatnonzero((ranks < 0) | (ranks > MAX_RANK))
    if wrong.size:
        raise _FaultError(
            f"{member} with word rank {ranks[wrong[0]]}; 0 to {MAX_RANK} were expected"
        )
    return ranks.astype(np.int32), offsets
