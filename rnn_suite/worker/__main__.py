"""Start a worker; see `rnn_suite.worker`. Runs by itself, in a Python that has no rnn_suite."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path


def find_package() -> None:
    """Let `import rnn_suite` find the package around this file, and nothing that lies beside it.

    A path in `PYTHONPATH` would also show one environment's libraries to the other's Python.
    """
    folder = Path(__file__).resolve().parents[1]
    spec = importlib.util.spec_from_file_location(
        "rnn_suite", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None  # noqa: S101 (a file that Python has just read)
    assert spec.loader is not None  # noqa: S101
    package = importlib.util.module_from_spec(spec)
    sys.modules["rnn_suite"] = package
    spec.loader.exec_module(package)


UNSEEN = ("scipy", "psutil")
"""What this suite brings into its own environment and TensorFlow and Keras import only where it is there.

An old environment that lacks them would start faster and smaller for no reason of its own.
"""


def main() -> None:
    """Answer requests until there are no more."""
    sys.modules.update(dict.fromkeys(UNSEEN))  # type: ignore[arg-type]  # None: not to be found
    # Before any library is imported: from here on, what is printed cannot be mistaken for an answer.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    if "rnn_suite" not in sys.modules:
        find_package()
    from rnn_suite.worker.channel import Channel
    from rnn_suite.worker.parent import end_with_parent
    from rnn_suite.worker.tasks import Worker

    end_with_parent(os.getppid())
    Worker(Channel(sys.stdin, answers)).work()


if __name__ == "__main__":
    main()
