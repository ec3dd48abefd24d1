"""What an interpreter has installed, and which of it TensorFlow and Keras run on."""

from __future__ import annotations

import json
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rnn_suite.bisect.commands import run_python
from rnn_suite.bisect.errors import BisectError
from rnn_suite.jsonable import from_jsonable

if typing.TYPE_CHECKING:
    from packaging.requirements import Requirement

FAMILIES = (
    (
        "tensorflow",
        "tensorflow-cpu",
        "tensorflow-cpu-aws",
        "tensorflow-gpu",
        "tensorflow-intel",
        "tensorflow-macos",
        "tensorflow-rocm",
        "tf-nightly",
        "tf-nightly-cpu",
    ),
    ("keras", "keras-nightly"),
    ("numpy",),
)
"""The packages asked about, each with the other names under which the same modules are published."""

_EXTRAS = ("", "and-cuda")
"""With tensorflow[and-cuda], a GPU's libraries are part of the upgrade; no other extra is followed."""

_MARKER_LINE = "rnn-suite: installed"

_PROGRAM = f"""
import sys
if sys.version_info < (3, 11):
    sys.exit("Python %d.%d is too old for rnn-suite, which needs 3.11" % sys.version_info[:2])
import json, os, platform
from importlib import metadata
found = {{}}
for one in metadata.distributions():
    name = one.metadata["Name"]
    if name and one.metadata["Version"]:
        # The first one on the path is the one that is imported.
        found.setdefault(
            name, {{"name": name, "version": one.version, "requires": one.requires or []}}
        )
version = sys.implementation.version
level = version.releaselevel
markers = {{
    "implementation_name": sys.implementation.name,
    "implementation_version": "%d.%d.%d" % version[:3]
    + ("" if level == "final" else level[0] + str(version.serial)),
    "os_name": os.name,
    "platform_machine": platform.machine(),
    "platform_python_implementation": platform.python_implementation(),
    "platform_release": platform.release(),
    "platform_system": platform.system(),
    "platform_version": platform.version(),
    "python_full_version": platform.python_version(),
    "python_version": ".".join(platform.python_version_tuple()[:2]),
    "sys_platform": sys.platform,
}}
print()
print({_MARKER_LINE!r})
print(json.dumps({{"markers": markers, "distributions": list(found.values())}}))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """One installed package."""

    name: str
    """Canonical name, as in `ml-dtypes`."""
    version: str
    """Installed version."""
    requires: tuple[str, ...]
    """Its `Requires-Dist` lines, as they stand in its metadata."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """What an interpreter has installed."""

    markers: dict[str, str]
    """Environment that requirements' markers are evaluated in, such as `python_version`."""
    distributions: tuple[Distribution, ...]
    """All of it, each name once."""


def read_installed(python: Path) -> Installed:
    """Ask `python` what it has installed, without importing any of it.

    Markers: https://packaging.python.org/specifications/dependency-specifiers/#environment-markers.

    Raises:
        BisectError: if it is no Python that could run the suite, crashes or takes longer than a minute.
        FormatError: if its answer is not of the expected form.
    """
    from packaging.utils import canonicalize_name

    ended = run_python(python, ["-c", _PROGRAM], seconds=60)
    _, found, answer = ended.output.rpartition(f"\n{_MARKER_LINE}\n")
    if ended.status != 0 or not found:
        raise BisectError(
            f"{python} does not say what it has installed.\nExpected: a Python from 3.11 on\n"
            f"Received: exit status {ended.status}\n{ended.last_lines()}\n"
            "Next: run it by hand; if it is broken, make the environment anew"
        )
    read = from_jsonable(Installed, json.loads(answer.splitlines()[0]), where=str(python))
    named = {
        name: Distribution(name=name, version=one.version, requires=one.requires)
        for one in reversed(read.distributions)
        for name in [str(canonicalize_name(one.name))]
    }
    return Installed(markers=read.markers, distributions=tuple(named[n] for n in sorted(named)))


def requirements(distribution: Distribution, markers: Mapping[str, str]) -> Iterator[Requirement]:
    """Yield what `distribution` requires where `markers` hold, names made canonical.

    Lines that no current tool can read are passed over, as pip does for what is installed already.
    """
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    for line in distribution.requires:
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue
        if requirement.marker is None or any(
            requirement.marker.evaluate({**markers, "extra": extra}) for extra in _EXTRAS
        ):
            requirement.name = canonicalize_name(requirement.name)
            yield requirement


def read_under_test(python: Path, *, role: str) -> Installed:
    """Ask `python` what it has installed, and make sure that the libraries under test are among it.

    Args:
        python: the interpreter.
        role: what its environment is called in messages, `reference` or `candidate`.

    Raises:
        BisectError: as `read_installed`, or if there is neither TensorFlow nor Keras nor NumPy.
        FormatError: as `read_installed`.
    """
    installed = read_installed(python)
    if not under_test(installed):
        names = ", ".join(one.name for one in installed.distributions)
        raise BisectError(
            f"The {role} environment has none of the libraries under test: {python}\n"
            "Expected: TensorFlow, Keras and NumPy, installed there and not in the user's own folder\n"
            f"Received: {names or 'nothing installed'}\n"
            "Next: install them there, or take the interpreter of another environment, such as old/bin/python"
        )
    return installed


def under_test(installed: Installed) -> dict[str, Distribution]:
    """Return TensorFlow, Keras, NumPy and all that they require, by name."""
    everything = {one.name: one for one in installed.distributions}
    waiting = [name for family in FAMILIES for name in family if name in everything]
    reached: dict[str, Distribution] = {}
    while waiting:
        name = waiting.pop()
        if name in reached or name not in everything:
            continue
        reached[name] = everything[name]
        waiting += [one.name for one in requirements(everything[name], installed.markers)]
    return {name: reached[name] for name in sorted(reached)}
