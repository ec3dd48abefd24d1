"""Questions whose answer has no noise: parameter counts, and the arrays that the models are fed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rnn_suite.questions.question import Limits, Pair, Question, SameCorpus, each
from rnn_suite.verdicts import Judgement, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterCounts:
    """Trainable parameters of the model."""

    parameters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterGate(Limits):
    """Difference that is allowed."""

    allowed_difference: int

    def __post_init__(self) -> None:
        if self.allowed_difference < 0:
            raise ValueError(
                f"allowed_difference must be 0 or more, received {self.allowed_difference}"
            )


def _judge_count(pair: Pair) -> Judgement:
    old, new, allowed = pair.old.parameters, pair.new.parameters, pair.gate.allowed_difference
    equal = abs(new - old) <= allowed
    return Judgement(
        outcome=Outcome.PASS if equal else Outcome.REGRESSED,
        expected=f"{old:,} parameters, give or take {allowed}",
        received=f"{new:,} parameters",
        next_step="nothing"
        if equal
        else "compare the layers' weight shapes: a bias or a gate was added or lost",
        baseline=f"{old:,}",
        now=f"{new:,}",
        interval="exact",
        amount=new,
    )


PARAMETERS = Question(
    name="parameters",
    measured=ParameterCounts,
    gate=ParameterGate,
    propose_gate=lambda _measured: ParameterGate(allowed_difference=0),
    judge=each(_judge_count),
    same_corpus=SameCorpus.ANY,
    amount=lambda measured: measured.parameters,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetDigests:
    """Hashes of the prepared arrays, as `int32` tokens and `int64` labels in little-endian order."""

    x_train: str
    y_train: str
    x_test: str
    y_test: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetGate(Limits):
    """Arrays that may differ."""

    allowed_differing_arrays: int

    def __post_init__(self) -> None:
        if not 0 <= self.allowed_differing_arrays <= 4:
            raise ValueError(
                f"allowed_differing_arrays must lie in 0 to 4, received {self.allowed_differing_arrays}"
            )


def _judge_dataset(pair: Pair) -> Judgement:
    names = list(DatasetDigests.__dataclass_fields__)
    differing = [name for name in names if getattr(pair.old, name) != getattr(pair.new, name)]
    return judge_arrays(
        names,
        differing,
        pair.gate,
        told=f"in {', '.join(differing)}",
        advice="the corpus file is unchanged, so its preparation moved: look at vocabulary, padding, "
        "truncation, shuffle and labels",
    )


def judge_arrays(
    recorded: Sequence[str], differing: Sequence[str], gate: DatasetGate, *, told: str, advice: str
) -> Judgement:
    """Return "regressed" where more arrays differ than may.

    Args:
        recorded: names of the baseline's arrays.
        differing: names of those that are not the same now.
        gate: how many may differ.
        told: which differ, in words that follow "other bytes".
        advice: what the reader should do where too many do.
    """
    equal = len(differing) <= gate.allowed_differing_arrays
    return Judgement(
        outcome=Outcome.PASS if equal else Outcome.REGRESSED,
        expected=f"the recorded bytes in {', '.join(recorded)}",
        received=f"other bytes {told}" if differing else "the same bytes",
        next_step="nothing" if equal else advice,
        baseline=f"{len(recorded)} arrays",
        now=f"{len(differing)} differ" if differing else "equal",
        interval="exact",
    )


DATASET = Question(
    name="dataset",
    measured=DatasetDigests,
    gate=DatasetGate,
    propose_gate=lambda _measured: DatasetGate(allowed_differing_arrays=0),
    judge=each(_judge_dataset),
    same_corpus=SameCorpus.FILE,
)
