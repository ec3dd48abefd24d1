"""What all tests share: pytester, which pytest wants named where no other conftest lies above."""

from __future__ import annotations

pytest_plugins = ["pytester"]
