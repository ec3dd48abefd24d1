from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rnn_suite.bisect.environments import Recipe
from rnn_suite.bisect.errors import BisectError
from rnn_suite.bisect.path import Change, State
from rnn_suite.bisect.releases import (
    known_releases,
    parse_json,
    parse_text,
    recipes,
    releases_between,
)

Put = Callable[..., None]

HERE = Path(sys.executable)

OLD_WORDS = """keras (3.15.1)
Available versions: 3.15.1, 3.15.0, 3.3.3
  INSTALLED: 3.15.1
  LATEST:    3.15.1
"""
NEW_WORDS = '{"name": "keras", "versions": ["3.15.1", "3.15.0", "3.3.3"], "latest": "3.15.1"}\n'


def test_both_ways_in_which_pip_lists_releases_are_read() -> None:
    assert parse_text(OLD_WORDS) == parse_json(NEW_WORDS) == ("3.15.1", "3.15.0", "3.3.3")


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"versions": null}', "Available: 1"])
def test_other_words_are_refused(text: str) -> None:
    for parse in (parse_text, parse_json):
        with pytest.raises(ValueError):  # noqa: PT011  # Each says it in its own words.
            parse(text)


def test_the_releases_that_this_pip_finds_are_listed(put: Put) -> None:
    for version in ("1.0", "1.10", "1.9"):
        put("alpha", version)
    assert sorted(known_releases(HERE, "alpha")) == ["1.0", "1.10", "1.9"]


@pytest.mark.parametrize(
    ("last", "printed"),
    [("--json", NEW_WORDS), ("--no-input", OLD_WORDS)],
    ids=["a pip that knows JSON", "a pip that does not"],
)
def test_pips_of_all_ages_are_asked(script: Callable[[str], Path], last: str, printed: str) -> None:
    python = script(
        f'for last; do :; done\nif [ "$last" != "{last}" ]; then\n'
        f"  echo 'no such option: --json' >&2; exit 2\nfi\ncat <<'END'\n{printed}END"
    )
    assert known_releases(python, "keras") == ("3.15.1", "3.15.0", "3.3.3")


@pytest.mark.parametrize("printed", ["Nothing known.", "{}"])
def test_words_that_cannot_be_read_are_shown(script: Callable[[str], Path], printed: str) -> None:
    with pytest.raises(BisectError) as caught:
        known_releases(script(f"echo '{printed}'"), "keras")
    assert f"exit status 0\n{printed}\n" in str(caught.value)


def test_a_package_that_no_index_has_is_refused_by_name(put: Put) -> None:
    put("alpha", "1.0")
    with pytest.raises(BisectError, match=r"No releases of beta[\s\S]*Next: try .* versions beta"):
        known_releases(HERE, "beta")


@pytest.mark.usefixtures("put")
def test_without_a_network_it_fails_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    with pytest.raises(BisectError, match="No releases of alpha"):
        known_releases(HERE, "alpha")


def test_final_releases_between_two_versions_are_sorted_as_versions() -> None:
    known = ["3.0", "2.10", "2.9", "2.9.post1", "2.0", "2.11rc1", "2.11.dev1", "1.0", "junk"]
    assert releases_between(known, "2.0", "3.0") == ("2.9", "2.9.post1", "2.10")


def test_they_run_down_where_the_candidate_is_older() -> None:
    assert releases_between(["1.0", "1.1", "1.2", "1.3"], "1.3", "1.0") == ("1.2", "1.1")


def test_there_are_none_between_neighbours_or_of_nightly_builds() -> None:
    assert releases_between(["1.0", "1.1"], "1.0", "1.1") == ()
    assert releases_between(["2.21.0.dev2"], "2.21.0.dev1", "2.21.0.dev3") == ()


def test_a_release_is_tried_with_all_else_as_before_and_then_with_its_group_left_to_pip() -> None:
    before = State(versions={"keras": "1", "alpha": "3+cpu", "gone": "1", "other": "5"}, changes=())
    lead = Change(name="keras", before="1", after="4")
    changes = (
        lead,
        Change(name="alpha", before="3+cpu", after="2"),
        Change(name="gone", before="1", after=None),
        Change(name="zeta", before=None, after="7"),
    )
    assert recipes(before, changes, lead, "2") == (
        Recipe(requirements=("alpha==3+cpu", "gone==1", "keras==2", "other==5"), complete=False),
        Recipe(
            requirements=("keras==2", "other==5"),
            constraints=("alpha>=2,<=3", "gone<=1", "zeta<=7"),
            complete=False,
        ),
        Recipe(
            requirements=("keras==2", "other==5"), constraints=("alpha>=2,<=3",), complete=False
        ),
    )


def test_what_moves_in_later_steps_is_left_to_pip_last_and_bound_only_if_it_stays() -> None:
    before = State(versions={"board": "2.16", "keras": "1", "later": "4", "other": "5"}, changes=())
    lead = Change(name="keras", before="1", after="3")
    later = (
        Change(name="board", before="2.16", after=None),
        Change(name="later", before="4", after="6"),
    )
    assert recipes(before, [lead], lead, "2", later)[-1] == Recipe(
        requirements=("keras==2", "other==5"), constraints=("later>=4,<=6",), complete=False
    )
