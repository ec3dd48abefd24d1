"""Numerics: a few optimizer steps from fixed weights on fixed batches, loss by loss."""

from __future__ import annotations

from dataclasses import dataclass

from rnn_suite.questions.question import Pair, Question, SameCorpus, each
from rnn_suite.verdicts import Judgement, Outcome

STEPS = 20
"""Optimizer steps that are replayed."""

RELATIVE_TOLERANCE = 1e-5
"""Tolerance that a new gate starts with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayLosses:
    """Training loss before each of a few optimizer steps; nothing in it is left to a seed of Keras."""

    losses: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.losses) != STEPS or not all(loss > 0 for loss in self.losses):
            raise ValueError(f"expected {STEPS} losses above 0, received {list(self.losses)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayGate:
    """How far one loss may lie from the recorded one, relative to it."""

    relative_tolerance: float

    def __post_init__(self) -> None:
        if not 0 <= self.relative_tolerance < 1:
            raise ValueError(
                f"relative_tolerance must lie in 0 to 1, received {self.relative_tolerance}"
            )


def _judge_one(pair: Pair) -> Judgement:
    old, new, tolerance = pair.old.losses, pair.new.losses, pair.gate.relative_tolerance
    errors = [abs(n - o) / abs(o) for o, n in zip(old, new, strict=True)]
    worst = max(range(len(errors)), key=errors.__getitem__)
    first = next((i for i, error in enumerate(errors) if not error <= tolerance), None)
    return Judgement(
        outcome=Outcome.PASS if first is None else Outcome.REGRESSED,
        expected=f"{len(old)} training losses within {tolerance:g} of the recorded ones",
        received=f"largest relative difference {errors[worst]:.2g}, at step {worst + 1}"
        + (
            ""
            if first is None
            else f"; first beyond at step {first + 1}: {new[first]:.7g}, recorded {old[first]:.7g}"
        ),
        next_step="nothing" if first is None else _advice(first),
        baseline=f"{old[-1]:.6f}",
        now=f"{new[-1]:.6f}",
        interval=f"±{tolerance:g} rel.",
    )


def _advice(first: int) -> str:
    if first == 0:
        return (
            "the very first loss is off, before any update: the forward pass or the loss changed "
            "(activation, gate order, mask, loss averaging)"
        )
    return (
        "the first loss agrees and later ones do not: gradients or the optimizer changed "
        "(learning rate, its constants, clipping)"
    )


REPLAY = Question(
    name="replay",
    measured=ReplayLosses,
    gate=ReplayGate,
    propose_gate=lambda _measured: ReplayGate(relative_tolerance=RELATIVE_TOLERANCE),
    judge=each(_judge_one),
    same_corpus=SameCorpus.ANY,
    same_environment=("accelerator",),  # Another kind of device rounds in another way.
)
