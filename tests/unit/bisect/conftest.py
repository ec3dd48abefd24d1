"""Wheels made by hand, on a shelf that is all that pip can see."""

from __future__ import annotations

import functools
import os
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

Put = Callable[..., None]


@pytest.fixture(scope="session")
def shelve() -> Callable[[Path, pytest.MonkeyPatch], Put]:
    """Return a function that makes a shelf all that pip sees, and returns what `put` does."""

    def make(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> Put:
        shelf.mkdir()
        for name in [name for name in os.environ if name.startswith("PIP_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
        return functools.partial(_put, shelf)

    return make


@pytest.fixture
def put(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    shelve: Callable[[Path, pytest.MonkeyPatch], Put],
) -> Put:
    """Return a function that puts a package on a shelf: name, version, what it requires, and its number.

    The number is what its module says as `number`.
    """
    return shelve(tmp_path / "shelf", monkeypatch)


def _put(shelf: Path, name: str, version: str, *requires: str, number: int = 0) -> None:
    about = f"{name}-{version}.dist-info"
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {line}" for line in requires]
    files = {
        f"{name}.py": f"number = {number}\n",
        f"{about}/METADATA": "\n".join(lines) + "\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = f"{about}/RECORD"
    files[record] = "".join(f"{path},,\n" for path in [*files, record])
    with zipfile.ZipFile(shelf / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, content in files.items():
            wheel.writestr(path, content)


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], Path]:
    """Return a function that makes an interpreter which is a shell script; `$PYTHON` is a real one."""

    def make(body: str) -> Path:
        path = tmp_path / "python"
        path.write_text(f"#!/bin/sh\nPYTHON='{sys.executable}'\n{body}\n")
        path.chmod(0o755)
        return path

    return make
