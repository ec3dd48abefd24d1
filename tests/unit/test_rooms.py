"""The rooms of the library lean on each other one way: no circle of imports runs through two of them."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2] / "rnn_suite"


def leanings() -> dict[str, set[str]]:
    """Return for each module or folder of the library those that it imports, also inside functions."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in ROOT.rglob("*.py"):
        room = path.relative_to(ROOT).with_suffix("").parts[0]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                package, *inner = node.module.split(".")
                if package == ROOT.name:
                    found[room] |= {inner[0]} if inner else {name.name for name in node.names}
    return {room: others - {room} for room, others in found.items()}


def reached(room: str, leans_on: dict[str, set[str]]) -> set[str]:
    """Return every room that `room` leans on, directly or by way of others."""
    seen: set[str] = set()
    waiting = [room]
    while waiting:
        new = leans_on.get(waiting.pop(), set()) - seen
        seen |= new
        waiting += new
    return seen


def test_no_room_leans_on_itself_by_way_of_others() -> None:
    leans_on = leanings()
    assert {"own", "questions"} <= leans_on.keys()
    assert [room for room in leans_on if room in reached(room, leans_on)] == []


def test_questions_of_own_models_do_not_lean_on_what_measures_them() -> None:
    assert "own" not in reached("questions", leanings())
