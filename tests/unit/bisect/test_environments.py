from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rnn_suite.bisect.environments import Recipe, make_environment
from rnn_suite.bisect.errors import BisectError, InstallError
from rnn_suite.bisect.installed import read_installed

Put = Callable[..., None]

HERE = Path(sys.executable)


def complete(*requirements: str, tools: tuple[str, ...] = ()) -> Recipe:
    return Recipe(requirements=requirements, complete=True, tools=tools)


def versions(python: Path) -> dict[str, str]:
    return {one.name: one.version for one in read_installed(python).distributions}


def test_it_holds_what_was_asked_for_and_nothing_else(tmp_path: Path, put: Put) -> None:
    put("alpha", "1.0", "beta>=2")
    put("alpha", "2.0")
    put("beta", "1.0")
    python = make_environment(tmp_path / "made", HERE, complete("alpha==1.0", "beta==1.0"))
    assert versions(python) == {"alpha": "1.0", "beta": "1.0"}
    assert read_installed(python).markers == read_installed(HERE).markers


def test_a_whole_one_is_used_again_and_another_recipe_has_another(tmp_path: Path, put: Put) -> None:
    put("alpha", "1.0")
    put("alpha", "2.0")
    first = make_environment(tmp_path, HERE, complete("alpha==1.0"))
    (first.parent / "trace").write_text("")
    assert make_environment(tmp_path, HERE, complete("alpha==1.0")) == first
    assert (first.parent / "trace").exists()
    assert make_environment(tmp_path, HERE, complete("alpha==2.0")) != first


def test_a_half_made_one_is_made_anew(tmp_path: Path, put: Put) -> None:
    put("alpha", "1.0")
    first = make_environment(tmp_path, HERE, complete("alpha==1.0"))
    (first.parents[1] / "whole.json").unlink()
    (first.parent / "trace").write_text("")
    (package,) = first.parents[1].rglob("alpha.py")
    package.unlink()
    assert make_environment(tmp_path, HERE, complete("alpha==1.0")) == first
    assert package.exists()
    assert not (first.parent / "trace").exists()


def test_one_whose_python_is_gone_is_made_anew(tmp_path: Path, put: Put) -> None:
    put("alpha", "1.0")
    first = make_environment(tmp_path, HERE, complete("alpha==1.0"))
    first.unlink()
    make_environment(tmp_path, HERE, complete("alpha==1.0"))
    assert versions(first) == {"alpha": "1.0"}


def test_what_cannot_be_installed_is_refused_in_pips_words_and_tried_again_later(
    tmp_path: Path, put: Put
) -> None:
    recipe = complete("alpha==9.0")
    with pytest.raises(InstallError, match=r"^No environment: ERROR: No matching .* alpha==9\.0"):
        make_environment(tmp_path, HERE, recipe)
    put("alpha", "9.0")
    assert versions(make_environment(tmp_path, HERE, recipe)) == {"alpha": "9.0"}


def test_pip_adds_what_is_required_within_the_bounds_where_it_is_let(
    tmp_path: Path, put: Put
) -> None:
    put("alpha", "1.0", "beta")
    for version in ("1.0", "1.5", "2.0"):
        put("beta", version)
    recipe = Recipe(requirements=("alpha==1.0",), constraints=("beta>=1.0,<=1.5",), complete=False)
    assert versions(make_environment(tmp_path, HERE, recipe)) == {"alpha": "1.0", "beta": "1.5"}


def test_requirements_that_contradict_each_other_are_refused(tmp_path: Path, put: Put) -> None:
    put("alpha", "1.0", "beta>=2")
    put("beta", "1.0")
    put("beta", "2.0")
    recipe = Recipe(requirements=("alpha==1.0", "beta==1.0"), complete=False)
    with pytest.raises(InstallError, match="ResolutionImpossible"):
        make_environment(tmp_path, HERE, recipe)


def test_tools_leave_what_is_asked_about_as_it_is(tmp_path: Path, put: Put) -> None:
    put("alpha", "1.0")
    put("alpha", "2.0")
    put("tool", "1.0", "alpha")
    put("tool", "2.0", "alpha>=2")
    python = make_environment(tmp_path, HERE, complete("alpha==1.0", tools=("tool",)))
    assert versions(python) == {"alpha": "1.0", "tool": "1.0"}


def test_two_that_ask_at_once_share_one(tmp_path: Path, put: Put) -> None:
    put("alpha", "1.0")
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(make_environment, tmp_path, HERE, complete("alpha==1.0")) for _ in "ab"]
        first, second = (job.result() for job in jobs)
    assert first == second
    assert versions(first) == {"alpha": "1.0"}


def test_a_folder_that_cannot_be_made_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BisectError, match="file/made: no environment can be made here"):
        make_environment(tmp_path / "file" / "made", HERE, complete())
