from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest

from rnn_suite.errors import FormatError
from rnn_suite.evidence import (
    AgainstBaseline,
    InPairs,
    Side,
    against_baseline,
    in_pairs,
    read_measured,
    written,
)
from rnn_suite.jsonable import to_jsonable
from rnn_suite.questions.accuracy import SeedAccuracies
from rnn_suite.results import StepTimes
from tests.unit.conftest import ENVIRONMENT
from tests.unit.report.verdicts import PAIRS

NO_JSON = pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan], ids=str)
ACCURACIES = SeedAccuracies(
    seeds=(0, 1),
    accuracy_fraction=(0.8, 0.9),
    last_epoch_accuracy_fraction=(0.8, 0.9),
    test_loss=(0.5, 0.6),
    last_epoch_test_loss=(0.5, 0.6),
    history={"val_loss": ((0.5, 0.4), (0.6, 0.5))},
)


def through_json(evidence: AgainstBaseline | InPairs) -> Any:
    """Return evidence as a strict reader of JSON finds it."""
    return json.loads(json.dumps(written(evidence), allow_nan=False))


def against(measured: SeedAccuracies) -> AgainstBaseline:
    side = Side(
        experiment=None, corpus=None, measured=to_jsonable(measured), environment=ENVIRONMENT
    )
    return AgainstBaseline(old=side, new=side, gate={}, recorded={})


def test_pairs_are_read_back_as_they_were_written() -> None:
    content = through_json(PAIRS)
    assert in_pairs(content) == PAIRS
    assert against_baseline(content) is None


@NO_JSON
@pytest.mark.parametrize("field", ["estimate", "lower", "upper", "smallest_visible"])
def test_what_is_no_number_to_json_is_read_back_from_its_name(field: str, value: float) -> None:
    changed: dict[str, Any] = {field: value}
    pairs = replace(PAIRS, **changed)
    content = through_json(pairs)
    assert content["pairs"][field] == str(value)
    assert repr(in_pairs(content)) == repr(pairs)


@NO_JSON
def test_so_are_the_values_of_pairs(value: float) -> None:
    pairs = replace(PAIRS, old=(1.0, value), new=(value, 2.0))
    assert repr(in_pairs(through_json(pairs))) == repr(pairs)


@NO_JSON
def test_so_is_what_was_measured_at_any_depth(value: float) -> None:
    measured = replace(
        ACCURACIES, test_loss=(value, 0.6), history={"val_loss": ((0.5, value), (0.6, 0.5))}
    )
    evidence = against_baseline(through_json(against(measured)))
    assert evidence is not None
    read = read_measured(SeedAccuracies, evidence.new.measured, where="new")
    assert repr(read) == repr(measured)


def test_a_measurement_that_must_be_finite_is_none_where_it_is_not() -> None:
    with pytest.raises(FormatError, match="new: expected one or more finite step times"):
        read_measured(StepTimes, {"warmup_seconds": [], "step_seconds": [0.1, "inf"]}, where="new")


@pytest.mark.parametrize("value", ["infinity", "NaN", "1.0", None, True])
def test_no_other_text_is_a_number(value: object) -> None:
    content = through_json(PAIRS)
    content["pairs"]["upper"] = value
    assert in_pairs(content) is None


@pytest.mark.parametrize("content", [None, {}, {"pairs": 3}, {"baseline": {"old": 1}}])
def test_no_evidence_and_damaged_evidence_are_none(content: dict[str, object] | None) -> None:
    assert in_pairs(content) is None
    assert against_baseline(content) is None
