"""Make an environment for a set of packages, once; a half-made one is made anew."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from rnn_suite.bisect.commands import Ended, run_python
from rnn_suite.bisect.errors import BisectError, InstallError
from rnn_suite.jsonable import to_jsonable, write_atomically, write_json

INSTALL_SECONDS = 3600.0
"""Far more than TensorFlow's gigabyte takes on a slow line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What goes into an environment."""

    requirements: tuple[str, ...]
    """Requirements, sorted."""
    constraints: tuple[str, ...] = ()
    """Bounds of what pip adds by itself."""
    complete: bool
    """Whether the requirements are all that is needed and go together: pip then adds and asks nothing."""
    tools: tuple[str, ...] = ()
    """Requirements of the measurement; pip chooses versions that leave the others as they are."""


def make_environment(root: Path, python: Path, recipe: Recipe) -> Path:
    """Return the interpreter of an environment of `recipe`, made now unless it is there already.

    Two processes may ask for the same one: the second waits.

    Args:
        root: folder of all environments; made if missing. What it holds is safe to delete.
        python: interpreter whose Python the environment is to have, and whose pip fills it.
        recipe: what to install.

    Raises:
        InstallError: if pip cannot install it.
        BisectError: if the folder cannot be written.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BisectError(
            f"{root}: no environment can be made here.\nExpected: a folder that can be written\n"
            f"Received: {error.strerror}\nNext: choose another folder"
        ) from error
    folder = root / _digest(python, recipe)
    made, whole = folder / "bin" / "python", folder / "whole.json"
    with FileLock(f"{folder}.lock"):
        if not (whole.exists() and made.exists()):
            _make(folder, python, recipe)
            write_json(whole, recipe)  # Last: it says that nothing is missing.
    return made


def _digest(python: Path, recipe: Recipe) -> str:
    ended = _checked(run_python(python, ["-c", "import sys; print(sys.version)"], seconds=60))
    content = json.dumps([ended.output, to_jsonable(recipe)], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _make(folder: Path, python: Path, recipe: Recipe) -> None:
    command = ["-m", "venv", "--without-pip", "--clear", str(folder)]
    _checked(run_python(python, command, seconds=INSTALL_SECONDS))

    def listed(name: str, lines: Sequence[str]) -> str:
        path = folder / name
        write_atomically(path, "".join(f"{line}\n" for line in lines).encode())
        return str(path)

    wanted = listed("requirements.txt", recipe.requirements)
    if recipe.complete:
        _pip(python, folder, "--no-deps", "--requirement", wanted)
    else:
        bounds = listed("constraints.txt", recipe.constraints)
        _pip(python, folder, "--requirement", wanted, "--constraint", bounds)
    if recipe.tools:
        tools = listed("tools.txt", recipe.tools)
        _pip(python, folder, "--requirement", tools, "--constraint", wanted)


def _pip(python: Path, folder: Path, *arguments: str) -> None:
    """Let the pip of `python` install into `folder`, which then holds nothing but what was asked for."""
    command = ["-m", "pip", "--python", str(folder / "bin" / "python"), "install", "--no-input"]
    command += ["--disable-pip-version-check", *arguments]
    _checked(run_python(python, command, seconds=INSTALL_SECONDS))


def _checked(ended: Ended) -> Ended:
    if ended.status != 0:
        raise InstallError(
            f"No environment: {ended.last_lines(1)}\nExpected: the packages installed\n"
            f"Received: exit status {ended.status}\n{ended.last_lines()}\n"
            "Next: nothing, if the search can go around it; else see whether pip reaches its index"
        )
    return ended
