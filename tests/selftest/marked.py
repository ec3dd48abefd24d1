"""Text that a command puts into a document, between two marks."""

from __future__ import annotations

from pathlib import Path

from rnn_suite.jsonable import write_atomically


def put_between(document: Path, mark: str, text: str) -> None:
    """Replace what stands in `document` between the two comments called `mark` by `text`.

    Raises:
        ValueError: if the document has no such comments.
    """
    begin, end = f"<!-- {mark} -->", f"<!-- end of {mark} -->"
    before, found, rest = document.read_text(encoding="utf-8").partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"{document}: expected {begin} and {end}, received no such marks")
    write_atomically(document, f"{before}{begin}\n{text}\n{end}{after}".encode())
