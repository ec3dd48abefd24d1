from __future__ import annotations

import enum
import errno
import json
import math
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_suite.errors import FormatError
from rnn_suite.jsonable import (
    MAY_BE_ABSENT,
    from_jsonable,
    read_json,
    to_jsonable,
    write_atomically,
    write_json,
)


class Colour(enum.StrEnum):
    RED = "red"
    GREEN = "green"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    count: int
    share: float

    def __post_init__(self) -> None:
        if self.count < 0:
            raise ValueError(f"count must be 0 or more, received {self.count}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outer:
    name: str
    flag: bool
    colour: Colour
    inner: Inner
    values: tuple[float, ...]
    table: dict[str, tuple[int, ...]]
    maybe: int | None
    rarely: int | None = field(default=None, metadata=MAY_BE_ABSENT)


SOUND = Outer(
    name="a",
    flag=True,
    colour=Colour.GREEN,
    inner=Inner(count=1, share=0.5),
    values=(1.0, 2.5),
    table={"loss": (1, 2)},
    maybe=None,
)

finite = st.floats(allow_nan=False, allow_infinity=False)
outers = st.builds(
    Outer,
    name=st.text(),
    flag=st.booleans(),
    colour=st.sampled_from(Colour),
    inner=st.builds(Inner, count=st.integers(min_value=0), share=finite),
    values=st.lists(finite).map(tuple),
    table=st.dictionaries(st.text(), st.lists(st.integers()).map(tuple)),
    maybe=st.none() | st.integers(),
    rarely=st.none() | st.integers(),
)


@given(outers)
def test_what_is_written_is_read_back_equal(outer: Outer) -> None:
    text = json.dumps(to_jsonable(outer), allow_nan=False)
    assert from_jsonable(Outer, json.loads(text), where="here") == outer


def test_only_a_field_that_may_be_absent_is_left_out_where_it_is_none() -> None:
    written = to_jsonable(SOUND)
    assert "maybe" in written
    assert "rarely" not in written


def test_a_file_is_read_back_equal(tmp_path: Path) -> None:
    path = tmp_path / "made" / "on" / "the" / "way.json"
    write_json(path, SOUND)
    assert from_jsonable(Outer, read_json(path), where=str(path)) == SOUND


def test_equal_values_are_written_as_equal_bytes(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"x": 1, "y": 2})
    write_json(tmp_path / "b.json", {"y": 2, "x": 1})
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_a_whole_number_serves_as_a_float() -> None:
    read = from_jsonable(Inner, {"count": 1, "share": 1}, where="here").share
    assert (read, type(read)) == (1.0, float)


@pytest.mark.parametrize(
    ("place", "value", "where", "expected"),
    [
        (("name",), 3, "file: outer.name", "str"),
        (("flag",), 1, "file: outer.flag", "bool"),
        (("colour",), "blue", "file: outer.colour", "Colour"),
        (("colour",), ["red"], "file: outer.colour", "Colour"),
        (("inner",), [], "file: outer.inner", "an object with the fields of Inner"),
        (("inner", "count"), True, "file: outer.inner.count", "int"),
        (("inner", "count"), 1.0, "file: outer.inner.count", "int"),
        (("inner", "share"), "0.5", "file: outer.inner.share", "float"),
        (("inner", "share"), False, "file: outer.inner.share", "float"),
        (("inner", "share"), math.inf, "file: outer.inner.share", "float"),
        (("inner", "share"), math.nan, "file: outer.inner.share", "float"),
        (("inner", "share"), 10**400, "file: outer.inner.share", "float"),
        (("values",), 1.0, "file: outer.values", "tuple"),
        (("values", 1), None, "file: outer.values[1]", "float"),
        (("table",), [], "file: outer.table", "dict"),
        (("table", "loss"), {}, "file: outer.table.loss", "tuple"),
        (("table", "loss", 0), "1", "file: outer.table.loss[0]", "int"),
        (("maybe",), "1", "file: outer.maybe", "int"),
    ],
)
def test_a_wrong_value_is_refused_by_its_place_and_what_was_expected(
    place: tuple[str | int, ...], value: Any, where: str, expected: str
) -> None:
    content = to_jsonable(SOUND)
    holder = content
    for part in place[:-1]:
        holder = holder[part]
    holder[place[-1]] = value
    with pytest.raises(FormatError) as caught:
        from_jsonable(Outer, content, where="file: outer")
    first, second, third = str(caught.value).split("\n", 2)
    assert first == where
    assert second.startswith(f"Expected: {expected}")
    assert third == f"Received: {value!r}"


def test_missing_and_unknown_fields_are_both_named() -> None:
    with pytest.raises(FormatError) as caught:
        from_jsonable(Inner, {"count": 1, "shaer": 0.5}, where="file: inner")
    assert str(caught.value) == (
        "file: inner: fields missing: ['share'], fields unknown: ['shaer']"
    )


def test_a_value_its_own_class_refuses_is_refused_by_its_place() -> None:
    with pytest.raises(FormatError, match=r"^file: count must be 0 or more, received -1$"):
        from_jsonable(Inner, {"count": -1, "share": 0.5}, where="file")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b'{"a": 1', "is not JSON"),
        (b"{'a': 1}", "is not JSON"),
        (b'{"a": NaN}', "holds NaN"),
        (b'{"a": Infinity}', "holds Infinity"),
        (b'{"a": -Infinity}', "holds -Infinity"),
        (b"\x80\x02}q\x00.", "not UTF-8 text"),
        (b"\x00\x01", "is not JSON"),
        (b"[" * 200_000, "is nested too deeply"),
        (b"1" * 5_000, "holds a number that is far too long"),
    ],
)
def test_a_damaged_file_is_refused_by_name_and_fault(
    tmp_path: Path, content: bytes, fault: str
) -> None:
    path = tmp_path / "damaged.json"
    path.write_bytes(content)
    with pytest.raises(FormatError) as caught:
        read_json(path)
    assert str(caught.value).startswith(f"{path}: {fault}")


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"none\.json: no such file$"):
        read_json(tmp_path / "none.json")


def test_a_folder_in_the_place_of_a_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="cannot be read: Is a directory"):
        read_json(tmp_path)


@pytest.mark.parametrize("value", [math.nan, math.inf, {"a": (1.0, -math.inf)}])
def test_a_number_that_json_does_not_know_is_never_written(tmp_path: Path, value: Any) -> None:
    path = tmp_path / "kept.json"
    path.write_text("old")
    with pytest.raises(FormatError, match=r"kept\.json: not written"):
        write_json(path, value)
    assert path.read_text() == "old"


def test_a_disk_that_fills_up_leaves_the_old_file_whole_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "kept.json"
    path.write_text("old")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FormatError, match="No space left on device"):
        write_atomically(path, b"new")
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {"kept.json": "old"}


def test_a_file_that_outgrows_the_limit_leaves_the_old_one_whole_and_nothing_beside_it(
    tmp_path: Path,
) -> None:
    path = tmp_path / "kept.json"
    path.write_text("old")
    program = f"""
import pathlib, resource, signal
from rnn_suite.errors import FormatError
from rnn_suite.jsonable import write_atomically
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    write_atomically(pathlib.Path({str(path)!r}), b"x" * 100_000)
except FormatError as error:
    print(error)
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ended.stdout.startswith(f"{path}: not written: File too large")
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {"kept.json": "old"}


def test_an_interrupted_write_leaves_the_old_file_whole_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "kept.json"
    path.write_text("old")

    def interrupt(_descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, b"new")
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {"kept.json": "old"}


def test_a_folder_that_cannot_be_made_is_refused_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FormatError, match="choose a folder that can be written"):
        write_atomically(tmp_path / "file" / "below.json", b"new")


def test_a_folder_in_the_place_of_the_file_stays_and_leaves_nothing_beside_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(FormatError, match="taken: not written"):
        write_atomically(tmp_path / "taken", b"new")
    assert [file.name for file in tmp_path.iterdir()] == ["taken"]
