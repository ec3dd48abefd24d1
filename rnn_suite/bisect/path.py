"""The way from one set of packages to another, over combinations that can be installed.

Whether two packages go together is told by their metadata, which both ends have on disk. A package that
moves forces others to move with it: what its new version requires and the old ones are not, and what
still requires its old version. Following that to the end gives the smallest group that can move.

Requirements that an end itself does not keep (a Keras that was installed over TensorFlow's pin) force
nothing: between two old packages, or two new ones, no requirement is looked at.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import dataclass

from rnn_suite.bisect.installed import FAMILIES, Distribution, requirements

if typing.TYPE_CHECKING:
    from packaging.requirements import Requirement

Packages = Mapping[str, Distribution]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A package that moved from one version to another."""

    name: str
    """Canonical name."""
    before: str | None
    """Version before; None: it was not there."""
    after: str | None
    """Version after; None: it went."""

    def __str__(self) -> str:
        return f"{self.name} {self.before or 'not installed'} -> {self.after or 'not installed'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One combination on the way."""

    versions: dict[str, str]
    """Version of each package that is there, by name."""
    changes: tuple[Change, ...]
    """What moved since the state before, what matters most first; empty in the first state."""

    @property
    def pins(self) -> tuple[str, ...]:
        """The combination as pip's requirements, sorted."""
        return pins(self.versions)


def pins(versions: Mapping[str, str]) -> tuple[str, ...]:
    """Return `name==version` for each package, sorted."""
    return tuple(f"{name}=={versions[name]}" for name in sorted(versions))


def path_between(old: Packages, new: Packages, markers: Mapping[str, str]) -> tuple[State, ...]:
    """Return the states from `old` to `new`, one group of packages moved in each step.

    The smallest group moves first; of two that are as small, the one whose names come first.

    Args:
        old: packages of the reference, by name.
        new: packages of the candidate, by name.
        markers: environment that markers of requirements are evaluated in.
    """
    unmoved = {n for n in old.keys() | new.keys() if _version(old, n) != _version(new, n)}
    forced = _forced_moves(old, new, unmoved, markers)
    versions = {name: one.version for name, one in old.items()}
    states = [State(versions=versions, changes=())]
    while unmoved:
        groups = (_group(name, forced, unmoved) for name in unmoved)
        group = min(groups, key=lambda names: (len(names), sorted(names)))
        unmoved -= group
        versions = {n: v for n, v in versions.items() if n not in group}
        versions |= {n: new[n].version for n in group if n in new}
        changes = (
            Change(name=n, before=_version(old, n), after=_version(new, n))
            for n in sorted(group, key=_weight)
        )
        states.append(State(versions=versions, changes=tuple(changes)))
    return tuple(states)


def _version(packages: Packages, name: str) -> str | None:
    return packages[name].version if name in packages else None


def _weight(name: str) -> tuple[int, str]:
    """Sort the packages asked about before those that they only require."""
    place = [number for number, family in enumerate(FAMILIES) if name in family]
    return (place[0] if place else len(FAMILIES), name)


def _forced_moves(
    old: Packages, new: Packages, moving: set[str], markers: Mapping[str, str]
) -> dict[str, set[str]]:
    """Return for each package those that must move at the latest with it."""
    forced: dict[str, set[str]] = {name: set() for name in moving}
    for name in moving:
        if name in new:
            for requirement in requirements(new[name], markers):
                if requirement.name in moving and not _kept(requirement, old):
                    forced[name].add(requirement.name)
        if name in old:
            for requirement in requirements(old[name], markers):
                if requirement.name in moving and not _kept(requirement, new):
                    forced[requirement.name].add(name)
    for family in FAMILIES:
        # Two names of one thing would overwrite each other's files.
        together = moving.intersection(family)
        for name in together:
            forced[name] |= together
    return forced


def _kept(requirement: Requirement, packages: Packages) -> bool:
    version = _version(packages, requirement.name)
    return version is not None and requirement.specifier.contains(version, prereleases=True)


def _group(name: str, forced: Mapping[str, set[str]], unmoved: set[str]) -> set[str]:
    """Return `name` with all that it forces, and all that those force."""
    group, waiting = set(), [name]
    while waiting:
        one = waiting.pop()
        if one in unmoved and one not in group:
            group.add(one)
            waiting += forced[one]
    return group
