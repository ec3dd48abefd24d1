"""Baselines and IMDB files, damaged or forged: read, or refused with a told reason, at a bounded cost."""

from __future__ import annotations

import bz2
import io
import json
import os
import pickle
import struct
import subprocess
import sys
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnn_suite.baselines import Baseline, load_baseline
from rnn_suite.data.reviews import Split
from rnn_suite.data.safe_npz import MAX_MEMBER_BYTES, read_splits
from rnn_suite.errors import BaselineError, CorpusError
from rnn_suite.questions import QUESTIONS

BASELINES = Path(__file__).parents[2] / "baselines"

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "60"))
"""Of each property; more are worth a night."""

SECONDS, MIB = 2.0, 2**20
"""What one damaged small file may take at most; reading a whole one takes milliseconds."""

MESSAGE_BYTES = 20_000
"""A message is for a person."""

fuzzed = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@contextmanager
def bounded(mebibytes: float) -> Iterator[None]:
    """Fail where what is inside takes more memory than that, or more than `SECONDS` of the processor."""
    tracemalloc.start()
    begin = time.process_time()
    try:
        yield
        seconds, (_, peak) = time.process_time() - begin, tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert seconds < SECONDS
    assert peak < mebibytes * MIB


def damaged(whole: bytes, others: list[bytes]) -> st.SearchStrategy[bytes]:
    """Return files that differ from `whole` in a few places, or are cut short, or have parts of others."""
    places = st.integers(0, len(whole))

    def flip(bits: list[int]) -> bytes:
        content = bytearray(whole)
        for bit in bits:
            content[bit // 8] ^= 1 << bit % 8
        return bytes(content)

    def splice(start: int, length: int, inside: bytes) -> bytes:
        return whole[:start] + inside + whole[start + length :]

    parts = st.sampled_from(others).flatmap(
        lambda other: st.tuples(st.integers(0, len(other)), st.integers(0, 400)).map(
            lambda cut: other[cut[0] : cut[0] + cut[1]]
        )
    )
    return st.one_of(
        st.lists(st.integers(0, 8 * len(whole) - 1), min_size=1, max_size=8).map(flip),
        places.map(lambda place: whole[:place]),
        st.builds(splice, places, st.integers(0, 400), st.binary(max_size=40)),
        st.builds(splice, places, st.integers(0, 400), parts),
    )


# Baselines

FILES = {
    "replay": BASELINES / "full/imdb/replay/lstm.json",
    "accuracy": BASELINES / "full/imdb/accuracy/gru.json",
    "step_time": BASELINES / "full/imdb/step_time/simple_rnn.json",
    "data_functions": BASELINES / "rules/data_functions/all.json",
}
TEXTS = {name: path.read_bytes() for name, path in FILES.items()}

TOKENS = [
    *("NaN", "Infinity", "-Infinity", "1e400", "-0", "1" + "0" * 400, "9" * 5000, "1e-400", "true"),
    *("null", '""', "{}", "[]", "[" * 990 + "]" * 990, '{"a":' * 400 + "1" + "}" * 400),
    *('"\\ud800"', '"\\u0000"', "0.1", "-1", "2", '"' + "x" * 50_000 + '"'),
]
"""Values to put in the place of any other."""


def read(path: Path, content: bytes, name: str) -> Baseline | None:
    """Return the baseline that `content` is, or None where it is refused."""
    path.write_bytes(content)
    with bounded(32):
        try:
            return load_baseline(path, QUESTIONS[name])
        except BaselineError as error:
            told = str(error)
    assert str(path) in told
    assert len(told.encode()) < MESSAGE_BYTES
    return None


@pytest.mark.parametrize("name", FILES)
@fuzzed
@given(data=st.data())
def test_a_damaged_baseline_is_read_or_refused(
    data: st.DataObject, name: str, tmp_path: Path
) -> None:
    read(tmp_path / "b.json", data.draw(damaged(TEXTS[name], list(TEXTS.values()))), name)


def values_in(text: str) -> list[tuple[int, int]]:
    """Return from where to where in an indented JSON text its plain values stand."""
    found = []
    place = 0
    for line in text.splitlines(keepends=True):
        value = line.split(": ", 1)[-1].strip().rstrip(",")
        if value not in ("{", "}", "[", "]", ""):
            start = place + line.rindex(value)
            found.append((start, start + len(value)))
        place += len(line)
    return found


@pytest.mark.parametrize("name", FILES)
@fuzzed
@given(data=st.data())
def test_a_baseline_with_any_value_exchanged_is_read_or_refused_and_what_is_read_can_be_written(
    data: st.DataObject, name: str, tmp_path: Path
) -> None:
    text = TEXTS[name].decode()
    start, end = data.draw(st.sampled_from(values_in(text)))
    content = text[:start] + data.draw(st.sampled_from(TOKENS)) + text[end:]
    if found := read(tmp_path / "b.json", content.encode(), name):
        repr(found).encode()


@pytest.mark.parametrize("part", ["question", "gate", "measured", "environment", "recorded"])
@pytest.mark.parametrize("depth", [10, 900, *range(930, 1000, 3), 100_000])
def test_a_baseline_nested_at_any_depth_is_refused(part: str, depth: int, tmp_path: Path) -> None:
    content = json.loads(TEXTS["replay"]) | {part: "HERE"}
    text = json.dumps(content).replace('"HERE"', "[" * depth + "]" * depth)
    assert read(tmp_path / "b.json", text.encode(), "replay") is None


def test_a_baseline_that_says_one_thing_twice_is_refused_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    text = TEXTS["replay"].decode().replace('"allowance": ', '"allowance": 1e9, "allowance": ')
    assert text != TEXTS["replay"].decode()
    path.write_text(text)
    with pytest.raises(BaselineError, match="'allowance' stands there twice"):
        load_baseline(path, QUESTIONS["replay"])


def test_a_baseline_with_half_a_character_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    commit = json.loads(TEXTS["replay"])["recorded"]["commit"]
    path.write_text(TEXTS["replay"].decode().replace(commit, r"\ud800"))
    with pytest.raises(BaselineError, match="half a character"):
        load_baseline(path, QUESTIONS["replay"])


def test_a_baseline_that_is_far_too_large_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    with path.open("wb") as file:
        file.truncate(2**40)
    with bounded(1), pytest.raises(BaselineError, match="at most"):
        load_baseline(path, QUESTIONS["replay"])


# IMDB files


def npy(body: bytes, **header: Any) -> bytes:
    """Return a `.npy` file with this body, whose header says what is asked for."""
    stream = io.BytesIO()
    told = {"descr": "|O", "fortran_order": False, "shape": (4,)} | header
    np.lib.format.write_array_header_1_0(stream, told)
    return stream.getvalue() + body


def pickled(protocol: int) -> bytes:
    reviews = np.empty(4, dtype=object)
    reviews[:] = [[1, 300, 70_000], [], [2], [5] * 9]
    return pickle.dumps(reviews, protocol=protocol)


LABELS = np.array([0, 1, 1, 0]).astype("<i8").tobytes()
MEMBERS = {
    "x_train": npy(pickled(4)),
    "y_train": npy(LABELS, descr="<i8"),
    "x_test": npy(pickled(2)),
    "y_test": npy(LABELS, descr="<i8"),
}


def npz(method: int = zipfile.ZIP_DEFLATED, /, **changed: bytes) -> bytes:
    """Return an IMDB file of four reviews a split, some members changed."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in (MEMBERS | changed).items():
            archive.writestr(f"{name}.npy", content)
    return stream.getvalue()


WHOLE = npz()


def is_read(content: bytes) -> bool:
    """Return whether `content` was read, and then holds reviews and labels; else it was refused."""
    splits: tuple[Split, ...]
    with bounded(32):
        try:
            splits, told = read_splits(content, name="f.npz"), ""
        except CorpusError as error:
            splits, told = (), str(error)
    if told:
        assert "f.npz" in told
        assert len(told.encode()) < MESSAGE_BYTES
    for split in splits:
        assert len(split.offsets) == len(split.labels) + 1
        assert split.offsets[-1] == len(split.tokens)
        assert set(split.labels.tolist()) <= {0, 1}
        assert all(0 <= token <= 10_000_000 for token in split.tokens.tolist())
    return bool(splits)


def test_the_whole_file_is_read() -> None:
    assert is_read(WHOLE)
    assert is_read(npz(zipfile.ZIP_STORED))


@fuzzed
@given(data=st.data())
def test_a_damaged_imdb_file_is_read_or_refused(data: st.DataObject) -> None:
    stored = npz(zipfile.ZIP_STORED)
    whole = data.draw(st.sampled_from([WHOLE, stored]))
    is_read(data.draw(damaged(whole, [WHOLE, stored])))


@pytest.mark.parametrize("member", MEMBERS)
@fuzzed
@given(data=st.data())
def test_a_damaged_member_with_a_sound_checksum_is_read_or_refused(
    data: st.DataObject, member: str
) -> None:
    content = data.draw(damaged(MEMBERS[member], list(MEMBERS.values())))
    is_read(npz(**{member: content}))


OPCODES = [
    bytes([code]) for code in b"(.0123BCFGIJKLMNPQRSTUVX]abcdeghijlopqrstu}\x80\x81\x82\x83"
] + [bytes([code]) for code in range(0x84, 0x99)]


@fuzzed
@given(parts=st.lists(st.sampled_from(OPCODES) | st.binary(max_size=9), max_size=60))
def test_any_opcodes_make_a_pickle_that_is_read_or_refused(parts: list[bytes]) -> None:
    is_read(npz(x_train=npy(b"\x80\x04" + b"".join(parts) + b".")))


@fuzzed
@given(
    shape=st.lists(st.integers(-(2**70), 2**70) | st.integers(0, 5), max_size=40).map(tuple),
    descr=st.sampled_from(
        ["|O", "<i8", ">i4", "|u1", "<f8", "|V0", "|b1", "<U9", "<M8[ns]", "|i1"]
    ),
    member=st.sampled_from(list(MEMBERS)),
    fortran_order=st.booleans(),
)
def test_a_header_that_lies_is_refused_or_true(
    shape: tuple[int, ...], descr: str, member: str, fortran_order: bool
) -> None:
    body = pickled(4) if member.startswith("x") else LABELS
    header = npy(body, shape=shape, descr=descr, fortran_order=fortran_order)
    if is_read(npz(**{member: header})):
        assert shape == (4,)


class _Writes:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return Path.touch, (self.marker,)


@pytest.mark.parametrize("protocol", range(6))
@fuzzed
@given(data=st.data())
def test_nothing_that_a_damaged_pickle_brings_is_run(
    data: st.DataObject, protocol: int, tmp_path: Path
) -> None:
    marker = tmp_path / "marker"
    hostile = pickle.dumps([[1], _Writes(marker)], protocol=protocol)
    is_read(npz(x_train=npy(data.draw(st.just(hostile) | damaged(hostile, [pickled(4)])))))
    assert not marker.exists()


@pytest.mark.parametrize(
    "name", ["../x_train", "/x_train", "x_train.npy/", "X_TRAIN", "a/../x_train", "C:\\x_train"]
)
def test_a_member_of_another_path_is_none_and_nothing_is_unpacked(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for member, content in MEMBERS.items():
            archive.writestr(f"{name if member == 'x_train' else member}.npy", content)
    assert not is_read(stream.getvalue())
    assert list(tmp_path.iterdir()) == []


BOMBS: dict[str, Callable[[], bytes]] = {
    "a memo of gigabytes": lambda: npz(x_train=npy(b"\x80\x02Nr\xff\xff\xff\x0f.")),
    "a memo of gigabytes, as text": lambda: npz(x_train=npy(b"Np268435455\n.")),
    "lists without end": lambda: npz(x_train=npy(b"\x80\x02" + b"]" * 3_000_000 + b".")),
    "sets without end": lambda: npz(x_train=npy(b"\x80\x04" + b"\x8f" * 3_000_000 + b".")),
    "a hash too deep": lambda: npz(x_train=npy(b"\x80\x02})" + b"\x85" * 2_000_000 + b"Ns.")),
    "bytes of petabytes": lambda: npz(x_train=npy(b"\x80\x04\x8e" + b"\xff" * 6 + b"\0\0.")),
    "a frame of petabytes": lambda: npz(x_train=npy(b"\x80\x04\x95" + b"\xff" * 6 + b"\0\0].")),
    "a member too large": lambda: npz(x_train=bytes(MAX_MEMBER_BYTES + 1)),
    "another packing": lambda: claiming(bz2.compress(bytes(100 * MIB)), zipfile.ZIP_BZIP2),
    "members without end": lambda: listing(1_000_000),
    "one member over another": lambda: overlapping(WHOLE),
    "a header without end": lambda: npz(y_train=npy(LABELS, descr="<i8").replace(b"(4,)", b"((((")),
}


def claiming(packed: bytes, method: int, size: int = 1_000) -> bytes:
    """Return a zip file whose `x_train` is packed by `method` and claims to be small."""
    content = bytearray(npz(zipfile.ZIP_STORED, x_train=packed))
    for signature, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        start = content.index(signature)
        struct.pack_into("<H", content, start + place, method)
        struct.pack_into("<I", content, start + place + 14, size)
    return bytes(content)


def listing(members: int) -> bytes:
    """Return a zip file that consists of a long list of members."""
    one = b"PK\x01\x02" + struct.pack("<6H3L5H2L", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0)
    few, size = members & 0xFFFF, members * (len(one) + 1)
    return (
        (one + b"a") * members + b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, few, few, size, 0, 0)
    )


def overlapping(whole: bytes) -> bytes:
    """Return a zip file whose list of members has all of them begin where the first one does."""
    content = bytearray(whole)
    start = content.index(b"PK\x01\x02")
    while start >= 0:
        struct.pack_into("<I", content, start + 42, 0)
        start = content.find(b"PK\x01\x02", start + 4)
    return bytes(content)


_IN_A_PROCESS = """
import resource, sys
from rnn_suite.data.reviews import Split
from rnn_suite.data.safe_npz import read_splits
from rnn_suite.errors import CorpusError
content = open(sys.argv[1], "rb").read()
before = resource.getrusage(resource.RUSAGE_SELF)
try:
    read_splits(content, name="f")
except CorpusError:
    after = resource.getrusage(resource.RUSAGE_SELF)
    print(after.ru_maxrss - before.ru_maxrss, after.ru_utime - before.ru_utime)
"""


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_and_takes_little_memory_and_time(bomb: str, tmp_path: Path) -> None:
    # In a process of its own: the hash that is too deep ends the one that computes it.
    path = tmp_path / "bomb.npz"
    path.write_bytes(BOMBS[bomb]())
    done = subprocess.run(
        [sys.executable, "-c", _IN_A_PROCESS, str(path)],
        check=False,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr[-500:]
    kibibytes, seconds = map(float, done.stdout.split())
    assert kibibytes < 128 * 1024
    assert seconds < SECONDS
