from __future__ import annotations

from dataclasses import replace

import pytest

from rnn_suite.report.page import page
from tests.unit.report.real_runs import three_regressions


@pytest.mark.parametrize(
    ("day", "excused"),
    [("2026-11-25", True), ("2027-11-30", True), ("2027-12-01", False)],
)
def test_a_fault_is_known_up_to_its_last_day_and_broken_after_it(day: str, excused: bool) -> None:
    # The recorded baselines accept faults until 2027-11-30.
    run = replace(three_regressions(), started=f"{day}T23:59:59Z")
    told = page(run, figures=False)
    assert ("findings are known faults" in told) is excused
    assert "Broken rules" in told
