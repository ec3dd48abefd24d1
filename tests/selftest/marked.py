"""What the commands here take, and tell: on the terminal, or in a document between two marks."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from rnn_suite.jsonable import write_atomically


def folder(text: str) -> Path:
    """Return the folder that an argument names, which is made where it is not."""
    path = Path(text).resolve()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise argparse.ArgumentTypeError(
            f"{path}: cannot be used: {error.strerror}; name another"
        ) from error
    if not os.access(path, os.W_OK):
        raise argparse.ArgumentTypeError(f"{path}: cannot be written to; name another")
    return path


def at_least_one(text: str) -> int:
    """Return the number that an argument is."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected 1 or more, received {text!r}")
    return int(text)


def expect_marks(parser: argparse.ArgumentParser, document: Path | None, mark: str) -> None:
    """End as wrong use where `document` has not the two comments called `mark`."""
    if document is not None:
        try:
            _parts(document, mark)
        except (OSError, ValueError) as error:
            parser.error(str(error))


def tell(text: str, document: Path | None, mark: str) -> None:
    """Print `text`, or put it into `document` where there is one."""
    if document is None:
        print(f"\n{text}")
    else:
        put_between(document, mark, text)


def put_between(document: Path, mark: str, text: str) -> None:
    """Replace what stands in `document` between the two comments called `mark` by `text`.

    Raises:
        ValueError: if the document has no such comments.
    """
    before, after = _parts(document, mark)
    write_atomically(document, f"{before}\n{text}\n{after}".encode())


def _parts(document: Path, mark: str) -> tuple[str, str]:
    """Return what ends with the first comment, and what begins with the last."""
    begin, end = f"<!-- {mark} -->", f"<!-- end of {mark} -->"
    before, found, rest = document.read_text(encoding="utf-8").partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"{document}: expected the lines {begin} and {end}; put them in")
    return before + begin, end + after
