"""The faults that the gate is tried with, one function each, by the kind of harm that they do."""

from __future__ import annotations

import functools

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

Plant = functools.partial[None]
"""Plants a fault in a module that has been imported."""


def planted_after(wanted: str) -> dict[str, list[Plant]]:
    """Return what is to be planted after which module's import.

    Args:
        wanted: names with commas between them; behind a colon the size, the first in the table if not given.

    Raises:
        ValueError: if there is no such fault, or a size is no number.
    """
    found: dict[str, list[Plant]] = {}
    for one in wanted.split(","):
        name, _, size = one.partition(":")
        if name not in FAULTS:
            raise ValueError(f"no such fault: {name!r}; there are {', '.join(sorted(FAULTS))}")
        fault = FAULTS[name]
        try:
            chosen = float(size) if size else fault.sizes[0]
        except ValueError:
            raise ValueError(
                f"{one}: expected a number behind the colon, received {size!r}"
            ) from None
        found.setdefault(fault.after, []).append(functools.partial(fault.wound, chosen))
    return found
