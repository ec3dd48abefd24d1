"""Does the README say what the baselines hold?"""

from __future__ import annotations

from pathlib import Path

import pytest

from rnn_suite.report.results_table import machines, results_table

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def readme() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_results_table_is_what_its_command_prints(readme: str) -> None:
    table = "\n".join(results_table(ROOT / "baselines"))
    assert table.count("\n") > 1, "no accuracy baseline was found"
    assert table in readme


def test_the_machines_are_those_of_the_baselines(readme: str) -> None:
    found = machines(ROOT / "baselines")
    assert found
    for machine in found:
        assert machine in readme
