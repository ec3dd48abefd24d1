"""What the commands here tell: on the terminal, or in a document between two marks."""

from __future__ import annotations

from pathlib import Path

from rnn_suite.environment import describe_environment
from rnn_suite.fresh_process import in_fresh_processes
from rnn_suite.jsonable import write_atomically


def measured_on() -> tuple[str, str]:
    """Return the machine and the libraries that this Python measures with, in words."""
    (where,) = in_fresh_processes(describe_environment)
    return (
        f"{where.processor}, {where.cores} cores, {where.memory_gib} GiB, Python {where.python}",
        f"TensorFlow {where.tensorflow}, Keras {where.keras}, NumPy {where.numpy}",
    )


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
    begin, end = f"<!-- {mark} -->", f"<!-- end of {mark} -->"
    before, found, rest = document.read_text(encoding="utf-8").partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"{document}: expected {begin} and {end}, received no such marks")
    write_atomically(document, f"{before}{begin}\n{text}\n{end}{after}".encode())
