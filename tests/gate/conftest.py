"""Each gate test asks its question once a profile and cell."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rnn_suite.checks.ahead import RulesAhead
from rnn_suite.checks.rules import run_rules
from rnn_suite.experiment import Experiment
from rnn_suite.models import CELLS
from rnn_suite.questions.rules import RuleFindings

if TYPE_CHECKING:
    from rnn_suite.tuning.bench import SearchBench

AskRules = Callable[[str, str], RuleFindings]
"""From a topic and a subject to what its rules find."""

_AHEAD: pytest.StashKey[RulesAhead] = pytest.StashKey()
_BENCH: pytest.StashKey[SearchBench] = pytest.StashKey()

# The marker gpu runs the full profile, on a GPU or not at all.
_PROFILES = {"smoke": "smoke", "full": "full", "gpu": "full"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "experiment" in metafunc.fixturenames:
        metafunc.parametrize(
            "experiment",
            [
                pytest.param((profile, cell), marks=getattr(pytest.mark, mark), id=f"{mark}-{cell}")
                for mark, profile in _PROFILES.items()
                for cell in CELLS
            ],
            indirect=True,
            scope="session",
        )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A release that only adds a deprecation warning is no regression: the gate shows warnings."""
    if not config.pluginmanager.hasplugin("warnings"):
        # With -p no:warnings there is no such marker, and no warning that could be an error.
        return
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("default"))


@pytest.fixture(scope="session")
def experiment(
    request: pytest.FixtureRequest, make_experiment: Callable[[str, str], Experiment]
) -> Experiment:
    """The experiment a test is about."""
    profile, cell = request.param
    return make_experiment(profile, cell)


@pytest.fixture(scope="session")
def ask_rules(request: pytest.FixtureRequest) -> AskRules:
    """The rules that this run's tests ask for."""
    ahead = request.config.stash.get(_AHEAD, None)
    return run_rules if ahead is None else ahead.findings


@pytest.fixture(scope="session", autouse=True)
def under_way(request: pytest.FixtureRequest) -> Iterator[None]:
    """Begin, in processes of their own, what this run will ask for: rules in one for each core, and a search.

    While they work, the tests before them train. Under pytest-xdist the tests are shared out over processes
    already.
    """
    if hasattr(request.config, "workerinput"):
        yield
        return
    params = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    rules = dict.fromkeys((p["topic"], p["subject"]) for p in params if "topic" in p)
    searches = dict.fromkeys(p["search"] for p in params if "search" in p)
    if "smoke" in searches:
        make_search = request.getfixturevalue("make_search")
        searching = request.getfixturevalue("searching")
        searching.begin(make_search("smoke"))
        request.config.stash[_BENCH] = searching
    if not rules:
        yield
        return
    ahead = RulesAhead(rules, processes=min(4, _cores()))
    request.config.stash[_AHEAD] = ahead
    try:
        yield
    finally:
        ahead.close()


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


@pytest.fixture
def quiet_machine(request: pytest.FixtureRequest) -> None:
    """Wait until nothing else of this run keeps the machine busy."""
    stash = request.config.stash
    for under_way in (stash.get(_AHEAD, None), stash.get(_BENCH, None)):
        if under_way is not None:
            under_way.wait()
