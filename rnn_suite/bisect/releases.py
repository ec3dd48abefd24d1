"""The releases of a package between two versions, as the index that pip is set to knows them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

from rnn_suite.bisect.commands import run_python
from rnn_suite.bisect.environments import Recipe
from rnn_suite.bisect.errors import BisectError
from rnn_suite.bisect.path import Change, State, pins


def known_releases(python: Path, name: str) -> tuple[str, ...]:
    """Return all versions of `name` that can be installed for `python`, in no order.

    Raises:
        BisectError: if pip finds none, or no index; it does not wait for one.
    """
    command = ["-m", "pip", "index", "versions", name, "--retries", "0", "--timeout", "10"]
    command += ["--disable-pip-version-check", "--no-input"]
    ended = run_python(python, [*command, "--json"], seconds=120)
    as_json = "no such option: --json" not in ended.errors
    if not as_json:
        ended = run_python(python, command, seconds=120)
    if ended.status == 0:
        try:
            return parse_json(ended.output) if as_json else parse_text(ended.output)
        except ValueError:
            pass  # The message below shows what it printed.
    raise BisectError(
        f"No releases of {name}.\nExpected: an index that pip can ask\n"
        f"Received: exit status {ended.status}\n{ended.last_lines()}\n"
        f"Next: try {python} -m pip index versions {name}"
    )


def parse_json(text: str) -> tuple[str, ...]:
    """Return the versions in what `pip index versions --json` prints.

    Raises:
        ValueError: if there are none.
    """
    try:
        return tuple(str(version) for version in json.loads(text)["versions"])
    except (KeyError, TypeError) as error:
        raise ValueError("no versions") from error


def parse_text(text: str) -> tuple[str, ...]:
    """Return the versions in what `pip index versions` printed before it knew JSON.

    Raises:
        ValueError: if there are none.
    """
    found = re.search(r"^Available versions: (.+)$", text, re.MULTILINE)
    if found is None:
        raise ValueError("no line 'Available versions: ...'")
    return tuple(version.strip() for version in found.group(1).split(","))


def releases_between(known: Iterable[str], before: str, after: str) -> tuple[str, ...]:
    """Return the final releases between two versions, both left out, on the way from one to the other."""
    from packaging.version import InvalidVersion, Version

    first, last = Version(before), Version(after)
    low, high = sorted((first, last))
    between = set()
    for text in known:
        try:
            version = Version(text)
        except InvalidVersion:
            continue  # From before versions had rules: no TensorFlow of this century.
        if low < version < high and not version.is_prerelease:
            between.add(version)
    return tuple(str(version) for version in sorted(between, reverse=last < first))


def recipes(
    before: State,
    changes: Iterable[Change],
    lead: Change,
    release: str,
    later: Iterable[Change] = (),
) -> tuple[Recipe, ...]:
    """Return ways to have `release`, the nearest to `before` first.

    All else as in `before`; or what moves with it left to pip; or what moves in later steps as well, of which
    releases between may need versions between. What is left to pip stays between its versions before and
    after; what comes or goes is not bound.

    Args:
        before: the last state that was good.
        changes: what moved in the step after it.
        lead: which of them the releases are of.
        release: its version.
        later: what moves in the steps after that.
    """
    changed = pins({**before.versions, lead.name: release})
    free = {change.name: change for change in changes if change.name != lead.name}
    freer = free | {change.name: change for change in later}

    def leaving(free: dict[str, Change], bound: Iterable[Change]) -> Recipe:
        kept = {name: version for name, version in before.versions.items() if name not in free}
        return Recipe(
            requirements=pins({**kept, lead.name: release}),
            constraints=tuple(sorted(map(_bounds, bound))),
            complete=False,
        )

    return (
        Recipe(requirements=changed, complete=False),
        leaving(free, free.values()),
        leaving(freer, [change for change in freer.values() if change.before and change.after]),
    )


def _bounds(change: Change) -> str:
    from packaging.version import Version

    ends = sorted(Version(end) for end in (change.before, change.after) if end is not None)
    # Bounds know no local part, the `+cpu` of 2.1.0+cpu; a package that comes or goes has no lower one.
    low = f">={ends[0].public}," if len(ends) > 1 else ""
    return f"{change.name}{low}<={ends[-1].public}"
