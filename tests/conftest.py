"""What all tests share: pytester, which pytest wants named where no other conftest lies above."""

from __future__ import annotations

from hypothesis import settings

pytest_plugins = ["pytester"]

# No test fails because a machine was slow that day.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")
