"""Frozen dataclasses to JSON files and back: strict about fields, types and numbers; writes are atomic."""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import functools
import json
import os
import re
import reprlib
import sys
import tempfile
import types
import typing
from collections import Counter
from pathlib import Path
from typing import Any, TypeVar

from rnn_suite.errors import FormatError, InvalidExperimentError

T = TypeVar("T")

MAX_BYTES = 16 * 2**20
"""Largest JSON file read; those of this suite have at most a few hundred kB."""

_SHORT = reprlib.Repr()
_SHORT.maxlevel, _SHORT.maxstring, _SHORT.maxother, _SHORT.maxlong = 4, 200, 200, 500
_SHORT.maxdict = _SHORT.maxlist = _SHORT.maxtuple = 20


MAY_BE_ABSENT = types.MappingProxyType({"may be absent": True})
"""Metadata of a field of a dataclass that JSON need not hold, and does not where it is None."""


def to_jsonable(value: Any) -> Any:
    """Return `value` (dataclasses, dicts, tuples, scalars) as what `json` writes, tuples as lists."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        absentable = _absentable(type(value))
        items = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        return {
            name: to_jsonable(item)
            for name, item in items.items()
            if item is not None or name not in absentable
        }
    if isinstance(value, dict):
        return {key: to_jsonable(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [to_jsonable(item) for item in value]
    return value


def from_jsonable(kind: type[T], value: Any, *, where: str) -> T:
    """Return `value` as a `kind`, the reverse of `to_jsonable`.

    Raises:
        FormatError: if a field is missing, unknown, of another type or not finite; `where` names the
            place in the message.
    """
    return typing.cast("T", _convert(kind, value, where))


def _convert(kind: Any, value: Any, where: str) -> Any:
    if dataclasses.is_dataclass(kind):
        return _convert_dataclass(kind, value, where)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in arguments:
            return None
        (inner,) = (argument for argument in arguments if argument is not type(None))
        return _convert(inner, value, where)
    if origin is tuple and isinstance(value, list):
        return tuple(_convert(arguments[0], item, f"{where}[{i}]") for i, item in enumerate(value))
    if origin is dict and isinstance(value, dict):
        return {key: _convert(arguments[1], item, f"{where}.{key}") for key, item in value.items()}
    if kind is float and type(value) in (int, float) and abs(value) <= sys.float_info.max:
        return float(value)
    if kind is Any or (kind in (int, str, bool) and type(value) is kind):
        return value
    if isinstance(kind, type) and issubclass(kind, enum.StrEnum) and value in list(kind):
        return kind(value)
    raise _mismatch(where, getattr(kind, "__name__", str(kind)), value)


def _convert_dataclass(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise _mismatch(where, f"an object with the fields of {kind.__name__}", value)
    hints = _type_hints(kind)
    expected = {f.name for f in dataclasses.fields(kind)}
    missing, unknown = expected - value.keys() - _absentable(kind), value.keys() - expected
    if missing or unknown:
        raise FormatError(
            f"{where}: fields missing: {sorted(missing)}, fields unknown: {shown(sorted(unknown))}"
        )
    converted = {name: _convert(hints[name], value[name], f"{where}.{name}") for name in value}
    try:
        return kind(**converted)
    except (ValueError, InvalidExperimentError) as error:
        raise FormatError(f"{where}: {error}") from error


@functools.cache
def _absentable(kind: Any) -> frozenset[str]:
    return frozenset(f.name for f in dataclasses.fields(kind) if f.metadata == MAY_BE_ABSENT)


# Resolving the names costs more than all the rest.
_type_hints = functools.cache(typing.get_type_hints)


def _mismatch(where: str, expected: str, received: object) -> FormatError:
    return FormatError(f"{where}\nExpected: {expected}\nReceived: {shown(received)}")


_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def shown(value: object) -> str:
    """Return how Python writes `value`, cut to what a message has room for, however large or deep it is."""
    return _SHORT.repr(value)


def read_json(path: Path) -> Any:
    """Return what the JSON file at `path` holds.

    Raises:
        FormatError: if it is missing, unreadable, empty, cut short, larger than `MAX_BYTES`, says one thing
            twice, or holds NaN, infinity or half a character.
    """

    def refuse(token: str) -> None:
        raise FormatError(f"{path}: holds {token}, which is no number JSON knows")

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        read = dict(pairs)
        if len(read) != len(pairs):
            (twice, _), *_ = Counter(name for name, _ in pairs).most_common(1)
            raise FormatError(f"{path}: {shown(twice)} stands there twice")
        return read

    try:
        if (size := path.stat().st_size) > MAX_BYTES:
            raise FormatError(f"{path}: {size} bytes; at most {MAX_BYTES} are read")
        text = path.read_text(encoding="utf-8")
        content = json.loads(text, parse_constant=refuse, object_pairs_hook=once)
        # Half of a pair of surrogates can be written as an escape, but never be printed.
        if _SURROGATE.search(text):
            json.dumps(content, ensure_ascii=False).encode()
        return content
    except FileNotFoundError:
        raise FormatError(f"{path}: no such file") from None
    except OSError as error:
        raise FormatError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeEncodeError:
        raise FormatError(f"{path}: holds half a character (a lone surrogate)") from None
    except UnicodeDecodeError as error:
        raise FormatError(f"{path}: not UTF-8 text: {error.reason}") from error
    except json.JSONDecodeError as error:
        fault = "is empty" if not text.strip() else f"is not JSON: {error}"
        raise FormatError(f"{path}: {fault}") from error
    except ValueError as error:
        raise FormatError(f"{path}: holds a number that is far too long") from error
    except RecursionError as error:
        raise FormatError(f"{path}: is nested too deeply") from error


def write_json(path: Path, value: Any) -> None:
    """Write `value` to `path` whole or not at all: sorted keys, two spaces, no NaN.

    Raises:
        FormatError: if it cannot be written (no space, no permission, not a finite number); what stood
            at `path` before is untouched then.
    """
    try:
        text = json.dumps(to_jsonable(value), sort_keys=True, indent=2, allow_nan=False) + "\n"
    except ValueError as error:
        raise FormatError(f"{path}: not written: {error}") from error
    write_atomically(path, text.encode())


def _usual_mode() -> int:
    """Return the permissions a plain `open` would give; a temporary file is readable by one user only."""
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask


def write_atomically(path: Path, content: bytes) -> None:
    """Replace `path` by a file with `content`, through a synced temporary file beside it.

    Raises:
        FormatError: if the disk is full or the folder cannot be written; `path` is untouched then.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(_usual_mode())
        temporary.replace(path)
    except BaseException as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise FormatError(
                f"{path}: not written: {error.strerror}. What stood there before is untouched; "
                "free some space or choose a folder that can be written."
            ) from error
        raise


def lock_path(path: Path) -> Path:
    """Return the file that processes which share the file at `path` lock."""
    return path.with_name(f".{path.name}.lock")


def append_line(path: Path, line: str) -> None:
    """Add `line` to the file at `path`, whole or not at all, and wait until it is on the disk.

    A line before it that was cut short stays a line of its own.

    Raises:
        OSError: if it cannot be written; the file is as it was then.
    """
    content = line.encode() + b"\n"
    with path.open("ab+", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        if size:
            file.seek(size - 1)
            if file.read(1) != b"\n":
                content = b"\n" + content
        try:
            written = file.write(content)
            os.fsync(file.fileno())
        except OSError:
            # What is no file of the disk has no length to go back to; why it was not written is what counts.
            with contextlib.suppress(OSError):
                file.truncate(size)
            raise
        if written != len(content):
            file.truncate(size)
            raise OSError(0, "the disk took a part of it only")
