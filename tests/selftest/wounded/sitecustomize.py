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
NOT_PLANTED = "RNN_SUITE_FAULT_NOT_PLANTED"
"""Names the file that tells why a fault could not be planted."""


class _Planter(MetaPathFinder):
    """Plants what is to be planted in a module as soon as that is imported."""

    def __init__(self, wanted: str) -> None:
        from tests.selftest.faults import planted_after

        self._looking = False
        self._after = planted_after(wanted)
        for plant in self._after.pop("", ()):
            _or_end(plant)

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
                _or_end(plant)

        spec.loader.exec_module = then_plant  # type: ignore[method-assign]
        return spec


def _or_end(plant: Callable[[], object]) -> None:
    """Plant, or end this process: a library that was not wounded must not pass for one that was.

    Importers may take an exception for a missing package, and Python takes one from this file for nothing
    more than a warning, so none is raised.
    """
    try:
        plant()
    except BaseException:  # noqa: BLE001 (whatever it is, the process ends)
        told = traceback.format_exc()
        print(told, file=sys.stderr, flush=True)
        if NOT_PLANTED in os.environ:
            Path(os.environ[NOT_PLANTED]).write_text(told, encoding="utf-8")
        os._exit(1)


if "RNN_SUITE_FAULT" in os.environ:
    sys.path.append(str(ROOT))
    _or_end(lambda: sys.meta_path.insert(0, _Planter(os.environ["RNN_SUITE_FAULT"])))
