"""Walk through a pickle's opcodes before it is loaded, so that what it makes stays within bounds.

`pickle.Unpickler` believes what it reads: five bytes make it fill gigabytes of memo, each opcode of one
byte may make a set of 216, and hashing a tuple nested a million deep ends the process. Here nothing is
built.
"""

from __future__ import annotations

import io
import pickletools
import re
import struct

MAX_LISTS = 1_000_000
"""Lists made and memo entries set; the real file has 25,000 of each in a member."""
MAX_OTHERS = 1_000
"""Opcodes that neither make a list nor fill one with ints; the real file has some 20 in a member."""

# MARK, APPEND, APPENDS; BININT1, BINGET; BININT2; BININT, LONG_BINGET; FRAME; INT. Possessive, so that the
# expression keeps nothing to come back to.
_FILLING = re.compile(rb"(?:[(ae]|[Kh].|M..|[Jj].{4}|\x95.{8}|I\d{1,10}\n)++", re.DOTALL)

# EMPTY_LIST, LIST, MEMOIZE; BINPUT; LONG_BINPUT.
_OF_LISTS = {b"]": 0, b"l": 0, b"\x94": 0, b"q": 1, b"r": 4}
"""Opcodes that go with a list, and how many bytes of argument follow them."""

_OPCODES = {opcode.code: opcode for opcode in pickletools.opcodes}


class RefusedPickleError(Exception):
    """A pickle that holds something else than the parts of an object array of lists, or is damaged."""


def check_sizes(data: bytes) -> None:
    """Look at every opcode of the pickle in `data` once. Which globals it asks for is not looked at.

    Raises:
        RefusedPickleError: if it is damaged, or makes more than an array of reviews is made of.
    """
    stream = io.BytesIO(data)
    place = lists = others = 0
    while lists <= MAX_LISTS and others <= MAX_OTHERS:
        filling = _FILLING.match(data, place)
        place = filling.end() if filling else place
        code = data[place : place + 1]
        if code == b".":
            return
        if (size := _OF_LISTS.get(code)) is not None:
            lists += 1
            place += 1 + size
            if code == b"r" and place <= len(data):
                _check_entry(struct.unpack_from("<I", data, place - size)[0])
        else:
            others += 1
            stream.seek(place)
            _check_other(stream)
            place = stream.tell()
    raise RefusedPickleError(
        f"its pickle has more than {MAX_LISTS} lists, or {MAX_OTHERS} parts that no review has"
    )


def _check_other(stream: io.BytesIO) -> None:
    code = stream.read(1).decode("latin-1")
    try:
        opcode = _OPCODES[code]
        argument = opcode.arg.reader(stream) if opcode.arg else None
    except Exception as error:  # whatever decoding raises
        raise RefusedPickleError(f"its pickle is damaged: {error}") from error
    if code == "p" and argument is not None:
        _check_entry(int(argument))


def _check_entry(entry: int) -> None:
    if not 0 <= entry <= MAX_LISTS:
        raise RefusedPickleError(f"its pickle sets entry {entry} of its memo")
