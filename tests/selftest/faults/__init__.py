"""The faults that the gate is tried with, one function each, by the kind of harm that they do."""

from __future__ import annotations

import functools
from collections.abc import Callable

from tests.selftest.faults import cells, data, gate, harmless, optimizing, running, tuner
from tests.selftest.faults.plant import FAULTS, Fault

__all__ = [
    "FAULTS",
    "Fault",
    "cells",
    "data",
    "gate",
    "harmless",
    "optimizing",
    "planted_after",
    "running",
    "tuner",
]

Plant = Callable[[], None]
"""Plants a fault in a module that has been imported."""


def planted_after(wanted: str) -> dict[str, list[Plant]]:
    """Return what is to be planted after which module's import.

    Args:
        wanted: names with commas between them; behind a colon the size, the first in the table if not given.
    """
    found: dict[str, list[Plant]] = {}
    for one in wanted.split(","):
        name, _, size = one.partition(":")
        fault = FAULTS[name]
        plant = functools.partial(fault.wound, float(size) if size else fault.sizes[0])
        found.setdefault(fault.after, []).append(plant)
    return found
