from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import default_environment
from packaging.requirements import Requirement

from rnn_suite.bisect.installed import Distribution
from rnn_suite.bisect.path import Change, State, path_between

MARKERS = cast("dict[str, Any]", dict(default_environment()))

Packages = dict[str, Distribution]


def packages(**described: str) -> Packages:
    """Return packages by name, each described as `version` or `version: requirement, requirement`."""
    made = {}
    for name, text in described.items():
        version, _, requires = text.partition(":")
        lines = tuple(line.strip() for line in requires.split(",") if line.strip())
        made[name.replace("_", "-")] = Distribution(
            name=name.replace("_", "-"), version=version, requires=lines
        )
    return made


def steps(old: Packages, new: Packages) -> list[list[str]]:
    """Return the names that move in each step."""
    return [[c.name for c in state.changes] for state in path_between(old, new, MARKERS)[1:]]


def broken(combination: Mapping[str, Distribution]) -> set[tuple[str, str, str, str | None]]:
    """Return each requirement that a combination does not keep, with the versions of both sides."""
    found = set()
    for one in combination.values():
        for line in one.requires:
            requirement = Requirement(line)
            other = combination.get(requirement.name)
            if other is None or other.version not in requirement.specifier:
                version = other.version if other else None
                found.add((one.name, one.version, line, version))
    return found


def combination(state: State, old: Packages, new: Packages) -> Packages:
    known = {(one.name, one.version): one for one in [*new.values(), *old.values()]}
    return {name: known[name, version] for name, version in state.versions.items()}


def test_packages_that_do_not_mind_each_other_move_one_by_one_in_order_of_their_names() -> None:
    old, new = packages(b="1", a="1", same="1"), packages(b="2", a="2", same="1")
    assert steps(old, new) == [["a"], ["b"]]


def test_the_pins_of_a_state_are_all_of_its_versions() -> None:
    states = path_between(packages(b="1", a="1"), packages(b="2", a="1"), MARKERS)
    assert [state.pins for state in states] == [("a==1", "b==1"), ("a==1", "b==2")]
    assert [str(change) for change in states[1].changes] == ["b 1 -> 2"]


def test_nothing_moves_between_equal_sets() -> None:
    assert len(path_between(packages(a="1"), packages(a="1"), MARKERS)) == 1


def test_what_a_new_version_requires_moves_before_it() -> None:
    assert steps(packages(a="1", b="1"), packages(a="2:b>=2", b="2")) == [["b"], ["a"]]


def test_what_an_old_version_requires_moves_after_it() -> None:
    assert steps(packages(a="1", b="1:a<2"), packages(a="2", b="2")) == [["b"], ["a"]]


def test_packages_that_tie_each_other_move_together() -> None:
    old, new = packages(a="1:b<2", b="1", c="1"), packages(a="2:b>=2", b="2", c="2")
    assert steps(old, new) == [["c"], ["a", "b"]]


def test_a_chain_that_closes_moves_together() -> None:
    old = packages(a="1:b==1", b="1:c==1", c="1:a==1")
    new = packages(a="2:b==2", b="2:c==2", c="2:a==2")
    assert steps(old, new) == [["a", "b", "c"]]


def test_a_new_package_comes_before_what_requires_it() -> None:
    assert steps(packages(a="1"), packages(a="2:z", z="1")) == [["z"], ["a"]]


def test_a_package_goes_after_what_required_it() -> None:
    old, new = packages(b="1:a", a="1"), packages(b="2")
    assert steps(old, new) == [["b"], ["a"]]
    assert path_between(old, new, MARKERS)[2].changes == (Change(name="a", before="1", after=None),)


def test_a_requirement_of_another_machine_ties_nothing() -> None:
    old, new = packages(a="1:b<2; os_name == 'none'", b="1"), packages(a="2:b>=2", b="2")
    assert steps(old, new) == [["b"], ["a"]]


def test_a_pin_that_an_end_overrides_forces_nothing() -> None:
    old, new = packages(a="1:b<1", b="1"), packages(a="2:b<1", b="2:gone")
    assert steps(old, new) == [["a", "b"]]
    old, new = packages(a="1:gone", b="1:c>5", c="1"), packages(a="2:gone", b="2:c>5", c="1")
    assert steps(old, new) == [["a"], ["b"]]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"tensorflow": "1"}, {"tensorflow_cpu": "2"}),
        ({"keras": "1"}, {"keras_nightly": "2"}),
        ({"tensorflow": "1", "tensorflow_intel": "1"}, {"tf_nightly": "2"}),
    ],
)
def test_two_names_of_one_thing_are_never_there_together(
    before: dict[str, str], after: dict[str, str]
) -> None:
    names = {name.replace("_", "-") for name in before | after}
    moved = steps(packages(**before, a="1"), packages(**after, a="2"))
    assert [set(step) for step in moved] == [{"a"}, names]


def test_what_is_asked_about_comes_first_in_a_step() -> None:
    old = packages(a="1:keras<2", keras="1:tensorflow<2", tensorflow="1:a<2", numpy="1:a<2")
    new = packages(a="2:keras>1", keras="2:tensorflow>1", tensorflow="2:numpy>1", numpy="2:a>1")
    assert steps(old, new) == [["tensorflow", "keras", "numpy", "a"]]


NAMES = "abcdef"

lines = st.builds(
    "".join, st.tuples(st.sampled_from(NAMES), st.sampled_from(["", "<2", ">=2", "==1", "!=2"]))
)
sides = st.dictionaries(st.sampled_from(NAMES), st.lists(lines, max_size=3))


def side(drawn: Mapping[str, list[str]], changed: Iterable[str], version: str) -> Packages:
    return {
        name: Distribution(
            name=name, version=version if name in changed else "0", requires=tuple(requires)
        )
        for name, requires in drawn.items()
    }


@st.composite
def upgrades(draw: st.DrawFn) -> tuple[Packages, Packages]:
    before, after = draw(sides), draw(sides)
    changed = draw(st.sets(st.sampled_from(NAMES)))
    # A package in one version has one metadata.
    after |= {n: before[n] for n in before.keys() & after.keys() if n not in changed}
    return side(before, changed, "1"), side(after, changed, "2")


@given(upgrades())
def test_any_path_goes_from_end_to_end_and_moves_each_package_once(
    upgrade: tuple[Packages, Packages],
) -> None:
    old, new = upgrade
    states = path_between(old, new, MARKERS)
    assert combination(states[0], old, new) == old
    assert combination(states[-1], old, new) == new
    moved = [change.name for state in states[1:] for change in state.changes]
    assert sorted(moved) == sorted(n for n in old.keys() | new.keys() if old.get(n) != new.get(n))
    assert all(state.changes for state in states[1:])


@given(upgrades())
def test_any_state_breaks_no_requirement_but_what_an_end_breaks_itself(
    upgrade: tuple[Packages, Packages],
) -> None:
    old, new = upgrade
    allowed = broken(old) | broken(new)
    for state in path_between(old, new, MARKERS):
        assert broken(combination(state, old, new)) <= allowed


@given(upgrades())
def test_no_smaller_group_could_have_moved(upgrade: tuple[Packages, Packages]) -> None:
    old, new = upgrade
    allowed = broken(old) | broken(new)
    states = path_between(old, new, MARKERS)
    for number, state in enumerate(states[1:], start=1):
        here = combination(states[number - 1], old, new)
        left = [change.name for later in states[number:] for change in later.changes]
        for size in range(1, len(state.changes)):
            for group in itertools.combinations(left, size):
                tried = {name: one for name, one in here.items() if name not in group}
                tried |= {name: new[name] for name in group if name in new}
                assert not broken(tried) <= allowed
