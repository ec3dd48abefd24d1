"""What all tests share: pytester, which pytest wants named where no other conftest lies above."""

from __future__ import annotations

from pathlib import Path

import pytest
from _pytest.mark.expression import Expression
from hypothesis import settings

pytest_plugins = ["pytester"]

# No test fails because a machine was slow that day.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A release that only adds a deprecation warning is none of the known faults: warnings are shown."""
    for item in items:
        if HERE / "selftest" in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("default"))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the faults planted in Keras where they are not asked for: they import it at their head."""
    if collection_path != HERE / "selftest" / "rules":
        return None
    wanted = Expression.compile(config.option.markexpr or "selftest")
    return None if wanted.evaluate(_is_selftest) else True


def _is_selftest(name: str, /, **_: object) -> bool:
    return name == "selftest"
