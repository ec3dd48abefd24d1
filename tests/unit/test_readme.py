"""Does the README say what the baselines hold?"""

from __future__ import annotations

import re
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


def test_every_file_that_the_documents_link_to_exists() -> None:
    documents = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "baselines" / "README.md"]
    for document in documents:
        links = re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8"))
        missing = [link for link in links if not (document.parent / link).exists()]
        assert not missing, f"{document}: {missing}"
