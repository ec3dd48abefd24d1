from __future__ import annotations

from pathlib import Path

import pytest

from rnn_suite.errors import FormatError
from rnn_suite.report.github import append_step_summary, workflow_commands
from rnn_suite.verdicts import Outcome
from tests.unit.report.test_summary import run
from tests.unit.report.verdicts import (
    IMPROVED,
    INCONCLUSIVE,
    NOT_COMPARABLE,
    PASS,
    REGRESSED,
    verdict,
)


def test_what_wants_to_be_read_is_annotated_by_its_weight() -> None:
    lines = list(workflow_commands([PASS, REGRESSED, IMPROVED, INCONCLUSIVE, NOT_COMPARABLE]))
    assert [line.split(" title=")[0] for line in lines] == ["::error", "::notice", "::warning"]


def test_a_line_holds_the_whole_verdict_and_nothing_ends_it_early() -> None:
    found = verdict(Outcome.REGRESSED, "a,b", received="50 % of x\nand more")
    (line,) = workflow_commands([found])
    assert line == (
        "::error title=a%2Cb of lstm%3A regressed::a,b of lstm: regressed%0A"
        "Expected: an expectation [baselines/lstm.json]%0AReceived: 50 %25 of x%0Aand more%0A"
        "Next: a remedy"
    )


def test_the_summary_of_a_step_is_added_to_what_stands_there(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    path.write_text("before\n")
    append_step_summary(path, run(PASS))
    assert path.read_text().startswith("before\n**Safe: ")


def test_a_summary_that_cannot_be_written_names_file_and_remedy(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"gone/summary.md: .*\n.*GITHUB_STEP_SUMMARY.*\nNext: "):
        append_step_summary(tmp_path / "gone" / "summary.md", run(PASS))
