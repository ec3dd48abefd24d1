from __future__ import annotations

import io
import os
import pickle
import re
import zipfile
from collections.abc import Callable
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnn_suite.data import safe_npz
from rnn_suite.data.safe_npz import read_splits
from rnn_suite.errors import CorpusError


def object_npy(pickled: bytes, length: int = 1) -> bytes:
    """Return a `.npy` file of an object array, with `pickled` as its body."""
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        stream, {"descr": "|O", "fortran_order": False, "shape": (length,)}
    )
    return stream.getvalue() + pickled


def zip_with(source: Path, **members: bytes) -> bytes:
    """Return the zip file `source` with some members replaced."""
    stream = io.BytesIO()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            new.writestr(name, members.get(name.removesuffix(".npy"), old.read(name)))
    return stream.getvalue()


class _RunsACommand:
    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> Any:
        return os.system, (self.command,)


def test_a_sound_file_gives_its_reviews_and_labels(
    write_imdb: Callable[..., Path], members: dict[str, Any]
) -> None:
    train, test = read_splits(write_imdb().read_bytes(), name="f")
    for split, name in ((train, "train"), (test, "test")):
        reviews = [split.tokens[a:b].tolist() for a, b in pairwise(split.offsets)]
        assert reviews == members[f"x_{name}"].tolist()
        assert split.labels.tolist() == members[f"y_{name}"].tolist()
        arrays = (split.tokens, split.offsets, split.labels)
        assert [array.dtype.name for array in arrays] == ["int32", "int64", "int64"]


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("multiarray", [b"numpy.core.multiarray", b"numpy._core.multiarray"])
def test_every_spelling_of_an_object_array_is_read(
    write_imdb: Callable[..., Path], members: dict[str, Any], protocol: int, multiarray: bytes
) -> None:
    # Protocols up to 3 write the module as a line, which lets its name be exchanged.
    ours = multiarray if protocol < 4 else b"numpy._core.multiarray"
    pickled = pickle.dumps(members["x_train"], protocol=protocol)
    module = re.search(rb"numpy\._?core\.multiarray", pickled)
    assert module is not None
    if protocol < 4:
        pickled = pickled.replace(module[0], ours)
    content = zip_with(write_imdb(), x_train=object_npy(pickled, 40))
    train, _ = read_splits(content, name="f")
    assert train.tokens.tolist() == list(chain.from_iterable(members["x_train"]))


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_pickle_that_would_run_a_command_is_refused_by_name_and_does_not_run(
    tmp_path: Path, write_imdb: Callable[..., Path], protocol: int
) -> None:
    marker = tmp_path / "marker"
    hostile = pickle.dumps(_RunsACommand(f"touch {marker}"), protocol=protocol)
    content = zip_with(write_imdb(), x_train=object_npy(hostile))
    with pytest.raises(CorpusError, match=r"(posix|nt)\.system.*refused"):
        read_splits(content, name="hostile.npz")
    assert not marker.exists()


def test_a_command_hidden_inside_a_review_does_not_run(
    tmp_path: Path, write_imdb: Callable[..., Path], object_array: Callable[[list[Any]], Any]
) -> None:
    marker = tmp_path / "marker"
    hostile = object_array([[1, 2], [3, _RunsACommand(f"touch {marker}")]])
    with pytest.raises(CorpusError, match=r"\.system"):
        read_splits(write_imdb(x_test=hostile).read_bytes(), name="f")
    assert not marker.exists()


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("builtins", "eval"),
        ("builtins", "getattr"),
        ("numpy", "load"),
        ("numpy._core.multiarray", "scalar"),
        ("numpy.ndarray", "tofile"),
        ("rnn_suite.data.safe_pickle", "pickle.loads"),
    ],
)
def test_any_other_global_is_refused_by_name(
    write_imdb: Callable[..., Path], module: str, name: str
) -> None:
    hostile = b"\x80\x02c" + f"{module}\n{name}\n".encode() + b"."
    content = zip_with(write_imdb(), x_train=object_npy(hostile))
    with pytest.raises(CorpusError, match=re.escape(f"{module}.{name}")):
        read_splits(content, name="f")


def test_a_pickle_cannot_alter_what_later_files_are_read_with(
    write_imdb: Callable[..., Path],
) -> None:
    # BUILD on the stand-in itself, with a state that sets an attribute.
    for state in (b"}X\x01\x00\x00\x00aK\x01s", b"N}X\x09\x00\x00\x00__class__K\x01s\x86"):
        hostile = b"\x80\x02cnumpy\ndtype\n" + state + b"b."
        content = zip_with(write_imdb(), x_train=object_npy(hostile))
        with pytest.raises(CorpusError, match="pickle"):
            read_splits(content, name="f")
    read_splits(write_imdb().read_bytes(), name="f")


@pytest.mark.parametrize(
    "payload",
    [b"", b".", b"\x80\x04K\x01.", b"\x80\x04]", b"\x80\x63.", pickle.dumps([[1]])],
    ids=["empty", "stop", "int", "cut", "protocol 99", "list"],
)
def test_a_pickle_without_an_object_array_is_an_error(
    write_imdb: Callable[..., Path], payload: bytes
) -> None:
    content = zip_with(write_imdb(), x_test=object_npy(payload))
    with pytest.raises(CorpusError, match="x_test: its pickle"):
        read_splits(content, name="f")


def test_bytes_behind_the_pickle_are_an_error(
    write_imdb: Callable[..., Path], members: dict[str, Any]
) -> None:
    payload = pickle.dumps(members["x_train"]) + b"more"
    with pytest.raises(CorpusError, match="behind the end"):
        read_splits(zip_with(write_imdb(), x_train=object_npy(payload, 40)), name="f")


@pytest.mark.parametrize("member", ["x_train", "y_train", "x_test", "y_test"])
def test_a_missing_member_is_named_with_the_members_there_are(
    write_imdb: Callable[..., Path], member: str
) -> None:
    content = write_imdb(**{member: None}).read_bytes()
    with pytest.raises(CorpusError, match=rf"no member {member}\.npy; members: .*npy"):
        read_splits(content, name="f")


@pytest.mark.parametrize("content", [b"", b"no zip file at all", b"PK\x03\x04 cut"])
def test_what_is_no_zip_file_is_an_error_that_names_the_file(content: bytes) -> None:
    with pytest.raises(CorpusError, match=r"(?s)/there/imdb\.npz.*no whole zip file"):
        read_splits(content, name="/there/imdb.npz")


def test_a_file_cut_short_anywhere_is_an_error(write_imdb: Callable[..., Path]) -> None:
    content = write_imdb().read_bytes()
    for length in range(0, len(content), 37):
        with pytest.raises(CorpusError):
            read_splits(content[:length], name="f")


def test_a_flipped_byte_is_an_error_or_changes_nothing(write_imdb: Callable[..., Path]) -> None:
    content = write_imdb().read_bytes()
    sound, errors = read_splits(content, name="f"), 0
    for position in range(0, len(content), 7):
        damaged = bytearray(content)
        damaged[position] ^= 0x55
        try:
            splits = read_splits(bytes(damaged), name="f")
        except CorpusError:
            errors += 1
        else:
            for ours, theirs in zip(splits, sound, strict=True):
                assert np.array_equal(ours.tokens, theirs.tokens)
                assert np.array_equal(ours.labels, theirs.labels)
    assert errors > len(content) / 7 / 2


def test_a_member_larger_than_the_bound_is_not_unpacked(
    write_imdb: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = zip_with(write_imdb(), x_train=bytes(10_000))
    monkeypatch.setattr(safe_npz, "MAX_MEMBER_BYTES", 9_999)
    with pytest.raises(CorpusError, match="x_train of 10000 bytes; at most 9999"):
        read_splits(content, name="f")


def test_one_list_referred_to_many_times_is_bounded(
    write_imdb: Callable[..., Path],
    object_array: Callable[[list[Any]], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = write_imdb(x_train=object_array([[1] * 1_000] * 1_000)).read_bytes()
    monkeypatch.setattr(safe_npz, "MAX_MEMBER_BYTES", 100_000)
    with pytest.raises(CorpusError, match="1000000 words in x_train"):
        read_splits(content, name="f")


@pytest.mark.parametrize(
    ("element", "fact"),
    [
        ("text", r"x_train\[1\] of type str"),
        ((1, 2), r"x_train\[1\] of type tuple"),
        (None, r"x_train\[1\] of type NoneType"),
        ([1, 2.5], "float among its word ranks"),
        ([1, True], "bool among its word ranks"),
        ([1, [2]], "list among its word ranks"),
        ([1, -1], "word rank -1"),
        ([1, 10_000_001], "word rank 10000001"),
        ([1, 2**70], "beyond 64 bits"),
    ],
)
def test_reviews_that_are_no_lists_of_word_ranks_are_an_error(
    write_imdb: Callable[..., Path],
    object_array: Callable[[list[Any]], Any],
    element: object,
    fact: str,
) -> None:
    content = write_imdb(x_train=object_array([[1], element]), y_train=np.array([0, 1]))
    with pytest.raises(CorpusError, match=fact):
        read_splits(content.read_bytes(), name="f")


@pytest.mark.parametrize(
    ("labels", "fact"),
    [
        (np.full(40, 2), r"label 2 at y_train\[0\]"),
        (np.zeros(40), "40 float64"),
        (np.zeros(39, np.int64), "40 reviews in x_train, 39 labels in y_train"),
        (np.zeros((40, 1), np.int64), r"y_train of shape \(40, 1\)"),
        (np.array([None] * 40), "40 object"),
    ],
)
def test_labels_other_than_one_0_or_1_a_review_are_an_error(
    write_imdb: Callable[..., Path], labels: Any, fact: str
) -> None:
    with pytest.raises(CorpusError, match=fact):
        read_splits(write_imdb(y_train=labels).read_bytes(), name="f")


def test_reviews_as_a_plain_integer_array_are_an_error(write_imdb: Callable[..., Path]) -> None:
    content = write_imdb(x_train=np.arange(40)).read_bytes()
    with pytest.raises(CorpusError, match=r"x_train of int64; an object array"):
        read_splits(content, name="f")


def test_a_header_that_promises_more_reviews_than_there_are_is_an_error(
    write_imdb: Callable[..., Path], members: dict[str, Any]
) -> None:
    payload = object_npy(pickle.dumps(members["x_train"]), length=10**15)
    with pytest.raises(CorpusError, match=r"40 reviews in x_train, whose header says 10{15}"):
        read_splits(zip_with(write_imdb(), x_train=payload), name="f")


def test_a_member_without_an_npy_header_is_an_error(write_imdb: Callable[..., Path]) -> None:
    with pytest.raises(CorpusError, match=r"y_test, which has no \.npy header"):
        read_splits(zip_with(write_imdb(), y_test=b"garbage"), name="f")


def test_an_error_has_expectation_and_remedy() -> None:
    with pytest.raises(CorpusError) as caught:
        read_splits(b"", name="f.npz")
    for part in ("f.npz", "Expected: ", "Received: ", "RNN_SUITE_IMDB"):
        assert part in str(caught.value)
