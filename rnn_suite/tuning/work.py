"""The command of a process of a search: one search, a part of it, or the rebuilding of its best model.

`rnn_suite.tuning.processes` starts `python -m rnn_suite.tuning.work FOLDER PARENT PART ...`, and so does a
person who spreads a search over machines; see docs/tuner_cluster.md. The folder holds what is asked
(`asked.json`), Keras Tuner's project (`project`), and in the end the answer (`result.json`).
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from rnn_suite.errors import SuiteError
from rnn_suite.jsonable import write_atomically
from rnn_suite.tuning.folder import fault_file, is_asked
from rnn_suite.tuning.member import HOST, NAME, PORT
from rnn_suite.tuning.rebuilding import rebuild_here
from rnn_suite.tuning.searching import cluster_here, search_here
from rnn_suite.worker.parent import end_with_parent

PARTS: dict[str, tuple[Callable[[Path], None], str]] = {
    "search": (
        search_here,
        (
            "run the trials, going on where they were cut short; with the three variables\n"
            f"{'':11}{NAME}, {HOST} and {PORT} set,\n"
            f"{'':11}be the chief, who hands them out, or a worker"
        ),
    ),
    "cluster": (cluster_here, "the same, by a chief and workers started on this machine"),
    "rebuild": (
        rebuild_here,
        "once the search has ended: train the best values anew, test them, and write result.json",
    ),
}
"""From the name of a part to what does it, and what that is."""


def main(folder: Path, parent: int, parts: Sequence[str]) -> None:
    """Do the parts that are asked for, in their order; leave a fault in `folder`.

    Args:
        folder: of the search.
        parent: number of the process that waits for the end, with which this one ends; or 0.
        parts: rows of `PARTS`.
    """
    if parent:
        end_with_parent(parent)
    try:
        for part in parts:
            PARTS[part][0](folder)
    except SuiteError as error:
        if is_asked(folder):
            write_atomically(fault_file(folder, os.environ.get(NAME)), str(error).encode())
        sys.exit(str(error))


def _asked_for(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m rnn_suite.tuning.work",
        description="Do parts of a search in this process, in their order.",
        epilog="parts:\n" + "\n".join(f"  {name:8} {told}" for name, (_, told) in PARTS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "folder",
        type=Path,
        help="of the search; rnn_suite.tuning.folder.ask says first what is searched there",
    )
    parser.add_argument(
        "parent",
        type=int,
        help="number of the process with which this one ends; 0 for none, where it is started by hand",
    )
    parser.add_argument(
        "parts", nargs="+", choices=PARTS, metavar="part", help=f"{', '.join(PARTS)}: see below"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main(**vars(_asked_for(sys.argv[1:])))
