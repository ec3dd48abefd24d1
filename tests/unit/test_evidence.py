from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from rnn_suite.evidence import against_baseline, in_pairs, written
from tests.unit.report.verdicts import PAIRS


def test_pairs_are_read_back_as_they_were_written() -> None:
    content = json.loads(json.dumps(written(PAIRS), allow_nan=False))
    assert in_pairs(content) == PAIRS
    assert against_baseline(content) is None


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_what_is_no_number_can_be_written_and_leaves_nothing_to_draw(value: float) -> None:
    content = json.loads(json.dumps(written(replace(PAIRS, upper=value)), allow_nan=False))
    assert content["pairs"]["upper"] == str(value)
    assert content["pairs"]["old"] == [1.0]
    assert in_pairs(content) is None


@pytest.mark.parametrize("content", [None, {}, {"pairs": 3}, {"baseline": {"old": 1}}])
def test_no_evidence_and_damaged_evidence_are_none(content: dict[str, object] | None) -> None:
    assert in_pairs(content) is None
    assert against_baseline(content) is None
