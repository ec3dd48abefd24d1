"""Why a phase moved, as far as it can be told from outside: one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from rnn_suite.upgrade.phases import Asked, Values

KERNELS = ("CudnnRNN", "While", "Xla", "Mkl", "OneDnn")
"""What operations have in their names whose coming or going is another way of computing a cell."""

OF_THE_STEP = ("train_step", "first_step")
"""Phases that run the training step's graph."""

_MANY = 1.15
"""From what ratio on the number of busy threads has changed; identical steps differ by a few percent."""


def cause_of(
    asked: Asked,
    *,
    facts: Mapping[str, Mapping[str, Any]] | None,
    spent: Sequence[tuple[Values, Values]],
    moved: Sequence[str],
) -> str:
    """Return what differs between old and new besides the time, in one line.

    Args:
        asked: the question.
        facts: what the cell's training step is made of, `old` and `new`; None if that is not known.
        spent: wall and processor seconds of each pair.
        moved: other questions of the same process that moved beyond noise, with how far.
    """
    of_step = facts if asked.phase in OF_THE_STEP else None
    seen = _of_facts(of_step) if of_step else []
    if spent and (threads := _threads(spent)):
        seen.append(threads)
    if of_step and not seen:
        seen.append(
            "graph, traces, settings and busy threads are alike, so the same work got dearer"
        )
    if moved:
        seen.append(f"moved as well: {', '.join(moved)}")
    return "; ".join(seen) or "nothing else that was looked at differs"


def _of_facts(facts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    old, new = facts["old"], facts["new"]
    found = []
    sizes = [sum(side["operations"].values()) for side in (old, new)]
    kinds = sorted({*old["operations"], *new["operations"]})
    changed = [
        f"{kind} {before} -> {after}"
        for kind in kinds
        if (before := old["operations"].get(kind, 0)) != (after := new["operations"].get(kind, 0))
        and any(kernel in kind for kernel in KERNELS)
    ]
    if changed:
        found.append(f"another kernel: {', '.join(changed)}")
    if sizes[0] != sizes[1]:
        found.append(f"operations in the step's graph {sizes[0]} -> {sizes[1]}")
    if old["traces"] != new["traces"]:
        found.append(f"traces {old['traces']} -> {new['traces']}")
    found += [
        f"{name} {old['settings'].get(name)} -> {new['settings'].get(name)}"
        for name in sorted({*old["settings"], *new["settings"]})
        if old["settings"].get(name) != new["settings"].get(name)
    ]
    return found


def _threads(spent: Sequence[tuple[Values, Values]]) -> str:
    """Say how many threads were busy on each side, where that changed."""
    old, new = (
        median(
            median(getattr(cpu, side)) / max(median(getattr(wall, side)), 1e-9)
            for wall, cpu in spent
        )
        for side in ("old", "new")
    )
    if max(old, new) <= _MANY * min(old, new):
        return ""
    return f"busy threads {old:.1f} -> {new:.1f}"
