"""What a second worker saves: `python tests/benchmarks/tuner_workers.py [--profile smoke] [--workers 1 2]`.

Makes one search by each number of workers in turn, in one run, and prints trials, seconds and the ratio to
the first; run it on an idle machine. Seconds run from the start of the processes to a rebuilt model: imports
are in them, and weigh most in a small search. Nothing here is a test.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from rnn_suite.search import Search, profile_search
from rnn_suite.trials import SearchResult
from rnn_suite.tuning.processes import SearchProcess
from tests.unit.tuning.real_searches import tiny_search


def searched(search: Search, workers: int) -> tuple[SearchResult, float]:
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        process = SearchProcess(search, search.seeds[0], Path(folder), workers=workers)
        try:
            return process.result(), time.perf_counter() - started
        finally:
            process.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", default="smoke", help="of a search; or tiny, for a try")
    parser.add_argument("--corpus", default="standin")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    asked = parser.parse_args()
    tiny = asked.profile == "tiny"
    search = tiny_search() if tiny else profile_search(asked.profile, corpus=asked.corpus)
    first = None
    for workers in asked.workers:
        result, seconds = searched(search, workers)
        first = first or seconds
        print(
            f"{workers} workers: {len(result.trials)} trials, {seconds:.1f} s, "
            f"{seconds / first:.2f} of the first (the search alone {result.seconds:.1f} s)",
            flush=True,
        )


if __name__ == "__main__":
    main()
