from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rnn_suite.checks.digests import digest_dataset
from rnn_suite.data.dataset import Dataset
from rnn_suite.errors import UnknownNameError
from rnn_suite.questions import QUESTIONS, Pair, question_named
from rnn_suite.questions.exact import (
    DATASET,
    PARAMETERS,
    DatasetDigests,
    DatasetGate,
    ParameterCounts,
    ParameterGate,
)
from rnn_suite.verdicts import Outcome

DIGESTS = DatasetDigests(x_train="a", y_train="b", x_test="c", y_test="d")


def judge_count(old: int, new: int, allowed: int) -> Outcome:
    pair = Pair(
        old=ParameterCounts(parameters=old),
        gate=ParameterGate(allowed_difference=allowed),
        new=ParameterCounts(parameters=new),
    )
    (judgement,) = PARAMETERS.judge([pair])
    return judgement.outcome


@pytest.mark.parametrize(
    ("new", "allowed"), [(100, 0), (101, 1), (99, 1), (110, 10), (105, 10), (100, 10)]
)
def test_a_count_within_the_allowed_difference_passes(new: int, allowed: int) -> None:
    assert judge_count(100, new, allowed) is Outcome.PASS


@pytest.mark.parametrize(("new", "allowed"), [(101, 0), (99, 0), (102, 1), (98, 1), (0, 10)])
def test_a_count_beyond_the_allowed_difference_is_a_regression_on_either_side(
    new: int, allowed: int
) -> None:
    assert judge_count(100, new, allowed) is Outcome.REGRESSED


@pytest.mark.parametrize(
    ("new", "outcome", "step"),
    [
        (1349, Outcome.PASS, "nothing"),
        (1352, Outcome.REGRESSED, "compare the layers' weight shapes"),
    ],
)
def test_a_judgement_tells_both_counts_and_what_is_allowed(
    new: int, outcome: Outcome, step: str
) -> None:
    pair = Pair(
        old=ParameterCounts(parameters=1350),
        gate=ParameterGate(allowed_difference=1),
        new=ParameterCounts(parameters=new),
    )
    (found,) = PARAMETERS.judge([pair])
    assert found.outcome is outcome
    assert found.next_step.startswith(step)
    assert found.expected == "1,350 parameters, give or take 1"
    assert found.received == f"{new:,} parameters"
    assert (found.baseline, found.now, found.amount) == ("1,350", f"{new:,}", new)


def test_nothing_may_differ_until_a_person_says_so() -> None:
    counts = ParameterCounts(parameters=1)
    assert PARAMETERS.propose_gate(counts) == ParameterGate(allowed_difference=0)
    assert DATASET.propose_gate(DIGESTS) == DatasetGate(allowed_differing_arrays=0)


@pytest.mark.parametrize(
    ("allowed", "outcome"), [(1, Outcome.REGRESSED), (2, Outcome.PASS), (3, Outcome.PASS)]
)
def test_as_many_arrays_may_differ_as_the_gate_says(allowed: int, outcome: Outcome) -> None:
    new = dataclasses.replace(DIGESTS, x_train="other", y_test="other")
    gate = DatasetGate(allowed_differing_arrays=allowed)
    (found,) = DATASET.judge([Pair(old=DIGESTS, gate=gate, new=new)])
    assert found.outcome is outcome
    assert found.received == "other bytes in x_train, y_test"
    assert (found.baseline, found.now) == ("4 arrays", "2 differ")
    assert (found.next_step == "nothing") is (outcome is Outcome.PASS)


def test_equal_arrays_are_told_as_equal() -> None:
    (found,) = DATASET.judge([Pair(old=DIGESTS, gate=DATASET.propose_gate(DIGESTS), new=DIGESTS)])
    assert (found.received, found.now, found.next_step) == ("the same bytes", "equal", "nothing")


@pytest.mark.parametrize("allowed", [0, 4])
def test_from_none_to_all_four_arrays_may_differ(allowed: int) -> None:
    assert DatasetGate(allowed_differing_arrays=allowed).allowed_differing_arrays == allowed


def test_every_pair_gets_its_own_judgement() -> None:
    gate = ParameterGate(allowed_difference=0)
    counts = [ParameterCounts(parameters=count) for count in (1, 2)]
    pairs = [Pair(old=counts[0], gate=gate, new=new) for new in counts]
    outcomes = [judgement.outcome for judgement in PARAMETERS.judge(pairs)]
    assert outcomes == [Outcome.PASS, Outcome.REGRESSED]


def test_equal_arrays_pass() -> None:
    (found,) = DATASET.judge([Pair(old=DIGESTS, gate=DATASET.propose_gate(DIGESTS), new=DIGESTS)])
    assert found.outcome is Outcome.PASS


@pytest.mark.parametrize("digest", ["other", "0"])
@pytest.mark.parametrize("name", ["x_train", "y_train", "x_test", "y_test"])
def test_an_array_that_differs_is_a_regression_and_named(name: str, digest: str) -> None:
    new = dataclasses.replace(DIGESTS, **{name: digest})
    gate = DatasetGate(allowed_differing_arrays=0)
    (found,) = DATASET.judge([Pair(old=DIGESTS, gate=gate, new=new)])
    assert (found.outcome, found.received) == (Outcome.REGRESSED, f"other bytes in {name}")


@pytest.mark.parametrize("allowed", [-1, 5])
def test_a_number_of_arrays_that_makes_no_sense_is_refused(allowed: int) -> None:
    with pytest.raises(ValueError, match=f"in 0 to 4, received {allowed}"):
        DatasetGate(allowed_differing_arrays=allowed)


def test_a_negative_allowed_difference_is_refused() -> None:
    with pytest.raises(ValueError, match="0 or more, received -1"):
        ParameterGate(allowed_difference=-1)


def test_equal_datasets_have_equal_digests(make_dataset: Callable[..., Dataset]) -> None:
    assert digest_dataset(make_dataset()) == digest_dataset(make_dataset())


def test_another_byte_order_or_width_of_the_same_numbers_has_the_same_digest(
    make_dataset: Callable[..., Dataset],
) -> None:
    dataset = make_dataset()
    wide: Any = dataset.x_train.astype(">i8")
    assert digest_dataset(dataclasses.replace(dataset, x_train=wide)) == digest_dataset(dataset)


@pytest.mark.parametrize("name", ["x_train", "y_train", "x_test", "y_test"])
def test_one_changed_number_changes_the_digest_of_its_array_alone(
    make_dataset: Callable[..., Dataset], name: str
) -> None:
    dataset = make_dataset()
    array = getattr(dataset, name).copy()
    array.flat[-1] += 1
    old = dataclasses.asdict(digest_dataset(dataset))
    new = dataclasses.asdict(digest_dataset(dataclasses.replace(dataset, **{name: array})))
    assert [key for key in old if old[key] != new[key]] == [name]


def test_the_same_bytes_in_another_shape_have_another_digest(
    make_dataset: Callable[..., Dataset],
) -> None:
    dataset = make_dataset()
    turned = np.ascontiguousarray(dataset.x_train).reshape(-1, 2 * dataset.x_train.shape[1])
    changed = digest_dataset(dataclasses.replace(dataset, x_train=turned))
    assert changed.x_train != digest_dataset(dataset).x_train


def test_every_question_is_found_by_its_name() -> None:
    assert [question_named(name).name for name in QUESTIONS] == list(QUESTIONS)


def test_an_unknown_question_is_refused_with_the_known_ones() -> None:
    with pytest.raises(
        UnknownNameError, match=r"one of accuracy, .*, dataset, .*\nReceived: 'acuracy'"
    ):
        question_named("acuracy")
