"""Wounds every Python process that starts with this folder in PYTHONPATH: its name is Python's own hook.

`RNN_SUITE_FAULT=lstm_forgets:0.01 PYTHONPATH=tests/selftest/wounded python -m pytest -m smoke --runs DIR`
runs the gate, unchanged, against wounded libraries: pytest, and what it starts for rules and searches.
Several faults stand with commas between them; what follows a colon is the size. Which there are:
`tests/selftest/faults`.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[3]
TOLD = "RNN_SUITE_FAULT_TOLD"
"""Names the folder where it is told what was planted, and what could not be."""


class _Planter(MetaPathFinder):
    """Plants what is to be planted in a module as soon as that is imported."""

    def __init__(self, wanted: str) -> None:
        from tests.selftest.faults import planted_after

        self._looking = False
        self._after = planted_after(wanted)
        for plant in self._after.pop("", ()):
            _or_end(plant, plant.func.__name__)

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in self._after or self._looking:
            return None
        self._looking = True
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self._looking = False
        if spec is None or spec.loader is None:
            return None
        load = spec.loader.exec_module

        def then_plant(module: ModuleType) -> None:
            load(module)
            # Now and not before: a module may be looked for and not imported.
            for plant in self._after.pop(name, ()):
                _or_end(plant, plant.func.__name__)

        spec.loader.exec_module = then_plant  # type: ignore[method-assign]
        return spec


def _or_end(call: Callable[[], object], name: str) -> None:
    """Plant what has that name, or end this process: an unharmed library must not pass for a wounded one.

    Importers may take an exception for a missing package, and Python takes one from this file for nothing
    more than a warning, so none is raised. What became of it is told in the folder that `TOLD` names.
    """
    folder = Path(os.environ[TOLD]) if TOLD in os.environ else None
    try:
        call()
    except BaseException:  # noqa: BLE001 (whatever it is, the process ends)
        told = f"RNN_SUITE_FAULT={os.environ['RNN_SUITE_FAULT']}: not planted\n{traceback.format_exc()}"
        print(told, file=sys.stderr, flush=True)
        if folder:
            (folder / "not_planted.txt").write_text(told, encoding="utf-8")
        os._exit(1)
    if folder:
        (folder / f"{name}.planted").touch()


if "RNN_SUITE_FAULT" in os.environ:
    sys.path.append(str(ROOT))
    _or_end(lambda: sys.meta_path.insert(0, _Planter(os.environ["RNN_SUITE_FAULT"])), "finder")
