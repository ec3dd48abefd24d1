"""How many tests each of many command lines picks: `python collecting.py < JSON > JSON`.

In come `options` for one pytest that collects everything in `places`, and `selections` by name, each with
the expressions of `-m` and `-k` and the places it is confined to. Out go status, words, and counts.
Tests are collected once, since that takes seconds, and picked by pytest's own plugin for marks. None is run.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

# The planted faults are looked for only where their marker is named.
EVERYTHING = "selftest or not selftest"


class _Picker:
    def __init__(self, selections: dict[str, dict[str, Any]]) -> None:
        self._selections = selections
        self.counts: dict[str, int] = {}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        config = session.config
        marks: Any = config.pluginmanager.get_plugin("mark")
        for name, selection in self._selections.items():
            places = [Path(place).resolve() for place in selection["places"]]
            items = [
                item
                for item in session.items
                if not places or not {*item.path.parents, item.path}.isdisjoint(places)
            ]
            config.option.markexpr, config.option.keyword = selection["m"], selection["k"]
            marks.pytest_collection_modifyitems(items=items, config=config)
            self.counts[name] = len(items)


def collect(
    options: list[str], places: list[str], selections: dict[str, dict[str, Any]]
) -> tuple[int, str, dict[str, int]]:
    """Return pytest's exit status, what it said last, and the number of tests of each selection."""
    picker, said = _Picker(selections), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        status = pytest.main(
            ["--collect-only", "-q", "-m", EVERYTHING, *options, *places], plugins=[picker]
        )
    return int(status), said.getvalue()[-2000:], picker.counts


if __name__ == "__main__":
    json.dump([collect(**asked) for asked in json.load(sys.stdin)], sys.stdout)
