"""The data of a user's own model: does `data()` still return the recorded arrays, byte by byte?"""

from __future__ import annotations

from dataclasses import dataclass

from rnn_suite.own_model import OwnModel
from rnn_suite.questions.exact import DatasetGate, judge_arrays
from rnn_suite.questions.question import Pair, Question, SameCorpus, each
from rnn_suite.verdicts import Judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayDigests:
    """Dtype, shape and hash of each array that `data()` returned."""

    arrays: dict[str, str]
    """By name, such as `x_train`, or `x_train.tokens` where that is a dict."""

    def __post_init__(self) -> None:
        if not self.arrays:
            raise ValueError("expected one array or more, received none")


def other_arrays(old: ArrayDigests, new: ArrayDigests) -> dict[str, str]:
    """Return how each array that is not the same now differs: in dtype and shape, else in its values."""
    ours, theirs = old.arrays, new.arrays
    return {
        name: _difference(ours.get(name), theirs.get(name))
        for name in {**ours, **theirs}
        if ours.get(name) != theirs.get(name)
    }


def _difference(old: str | None, new: str | None) -> str:
    (kind, ours), (other_kind, theirs) = _parts(old), _parts(new)
    if kind != other_kind:
        return f"{kind} / {other_kind}"
    return f"{kind} with other values, sha256 {ours[:8]} / {theirs[:8]}"


def _parts(digest: str | None) -> tuple[str, str]:
    """Return dtype with shape, and the hash; that there is no such array where there is none."""
    if digest is None:
        return "none", ""
    kind, _, sha256 = digest.partition(" sha256 ")
    return kind, sha256


def _judge_data(pair: Pair) -> Judgement:
    differing = other_arrays(pair.old, pair.new)
    told = "; ".join(f"{name}: {how}" for name, how in differing.items())
    return judge_arrays(
        list(pair.old.arrays),
        list(differing),
        pair.gate,
        told=f"(baseline / now): {told}",
        advice="if you changed the data, record anew with --update-baselines; if not, the upgrade changed "
        "how data() prepares it: look at padding, vocabulary, dtypes and random draws",
    )


OWN_DATA = Question(
    name="own_data",
    measured=ArrayDigests,
    gate=DatasetGate,
    propose_gate=lambda _measured: DatasetGate(allowed_differing_arrays=0),
    judge=each(_judge_data),
    # The arrays are what is asked about: other ones are an answer.
    same_corpus=SameCorpus.ANY,
    experiment=OwnModel,
)
