"""Each gate test asks its question once a profile and cell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rnn_suite.experiment import Experiment
from rnn_suite.models import CELLS

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A release that only adds a deprecation warning is no regression: here warnings are shown."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("default"))


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


@pytest.fixture(scope="session")
def experiment(
    request: pytest.FixtureRequest, make_experiment: Callable[[str, str], Experiment]
) -> Experiment:
    """The experiment a test is about."""
    profile, cell = request.param
    return make_experiment(profile, cell)
