"""What differs between two environments."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from rnn_suite.bisect.installed import Installed, read_under_test, under_test
from rnn_suite.bisect.path import Change


def changed_packages(reference: Path, candidate: Path) -> tuple[Change, ...]:
    """Return what differs among TensorFlow, Keras, NumPy and all they need, by name.

    Raises:
        BisectError: if one of the interpreters cannot be read, or has none of them.
    """
    return changes_under_test(
        read_under_test(reference, role="reference"), read_under_test(candidate, role="candidate")
    )


def changes_under_test(old: Installed, new: Installed) -> tuple[Change, ...]:
    """Return what differs among what TensorFlow, Keras and NumPy need in one of the two, by name."""
    return _changes(old, new, under_test(old).keys() | under_test(new).keys())


def changes_outside(old: Installed, new: Installed) -> tuple[Change, ...]:
    """Return what differs apart from that."""
    inside = under_test(old).keys() | under_test(new).keys()
    return _changes(old, new, (_versions(old).keys() | _versions(new).keys()) - inside)


def _changes(old: Installed, new: Installed, names: Iterable[str]) -> tuple[Change, ...]:
    before, after = _versions(old), _versions(new)
    return tuple(
        Change(name=name, before=before.get(name), after=after.get(name))
        for name in sorted(names)
        if before.get(name) != after.get(name)
    )


def _versions(installed: Installed) -> dict[str, str]:
    return {one.name: one.version for one in installed.distributions}
