"""Environments without any library: real processes that answer at once, with numbers made up."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rnn_suite.jsonable import to_jsonable
from rnn_suite.models import CELLS
from rnn_suite.results import SeedResult
from rnn_suite.upgrade.pairs import Environments
from rnn_suite.upgrade.phases import Asked
from rnn_suite.upgrade.record import Record
from rnn_suite.upgrade.run import Found, Plan, compare_environments

LAUNCHER = """
import json
import sys
import time

base = __file__.removesuffix(".py")
with open(base + ".starts", "a") as starts:
    starts.write("x")
    starts.flush()
    # How often this environment was started, this time counted.
    start = starts.tell()
log = open(base + ".log", "a")
cell = None


def seconds(do):
    spent = 0.5 * factor(do, cell, start)
    return {"seconds": spent, "cpu_seconds": 2 * spent}


def trained(seed):
    result = dict(RESULT, seed=seed, best_test_metric=0.8 * factor("accuracy", cell, start))
    loss = 0.4 * factor("loss", cell, start)
    return result | {"history": {"loss": [2 * loss, loss], "val_loss": [0.7, 0.6]}}


def answer(request):
    match request["do"]:
        case "describe":
            return {"python": "3.11.9", "executable": __file__, "packages": {"keras": "3.0"}}
        case "facts":
            return {"operations": {"While": 2}, "traces": 1, "settings": {}}
        case "usage":
            mib = 512 * factor("memory", cell, start)
            return {"peak_rss_bytes": int(mib * 2**20), "cpu_seconds": 0.0}
        case "train":
            return {"seeds": [trained(seed) for seed in request["experiment"]["seeds"]]}
        case do:
            return seconds(do)


for line in sys.stdin:
    request = json.loads(line)
    if "experiment" in request:
        cell = request["experiment"]["model"]["cell"]
    heard = {"start": start, "do": request["do"], "cell": cell, "at": time.monotonic_ns()}
    if request["do"] == "train":
        heard["seeds"] = request["experiment"]["seeds"]
    print(json.dumps(heard), file=log, flush=True)
    print(json.dumps({"done": answer(request)}), flush=True)
"""


@dataclass(slots=True)
class Run:
    """A whole comparison of two made-up environments, and what is left of it."""

    folder: Path
    experiments: dict[str, Any]
    told: list[str]

    def compare(self, *asked: str, **plan: Any) -> Found:
        """Compare the environments; what is asked is named as `train_step:lstm`."""
        return compare_environments(
            Plan(
                environments=Environments(
                    reference=Path(sys.executable),
                    candidate=Path(sys.executable),
                    reference_launcher=self.folder / "reference.py",
                    candidate_launcher=self.folder / "candidate.py",
                ),
                asked=tuple(Asked(*name.split(":")) for name in asked),
                timed=self.experiments,
                trained=self.experiments,
                **{"allowed_drop": dict.fromkeys(CELLS, 0.02), "random_seed": 1, **plan},
            ),
            Record(self.folder / "record.jsonl"),
            self.told.append,
        )

    def recorded(self) -> list[dict[str, Any]]:
        """Return the lines of the record."""
        return _lines(self.folder / "record.jsonl")

    def heard(self, role: str) -> list[dict[str, Any]]:
        """Return the requests that one environment got."""
        return _lines(self.folder / f"{role}.log")


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def environments(
    tmp_path: Path, tiny: Callable[..., Any], seed_result: Callable[..., SeedResult]
) -> Callable[..., Run]:
    """Return a function that makes an old environment and a new one.

    Each is given as a Python expression of `do`, `cell` and `start`, the number of the process: by what
    factor its times (`do` being what is asked for), its `memory`, its `loss` and its `accuracy` are larger.
    """

    def make(candidate: str = "1.0", *, reference: str = "1.0") -> Run:
        for role, factor in (("reference", reference), ("candidate", candidate)):
            (tmp_path / f"{role}.py").write_text(
                f"RESULT = {to_jsonable(seed_result())!r}\n"
                f"def factor(do, cell, start):\n    return {factor}\n{LAUNCHER}"
            )
        return Run(tmp_path, {cell: tiny(cell) for cell in CELLS}, [])

    return make
