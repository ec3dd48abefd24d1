"""Numerics: a few optimizer steps from fixed weights on fixed batches, held to the equations loss by loss.

The recorded losses decide nothing: they tell, when the new ones leave the equations, which library is
nearer the truth.
"""

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
    """From the installed libraries, in float32."""
    equations: tuple[float, ...]
    """From the same weights and batches by the equations, in float64."""

    def __post_init__(self) -> None:
        for losses in (self.losses, self.equations):
            if len(losses) != STEPS or not all(loss > 0 for loss in losses):
                raise ValueError(f"expected {STEPS} losses above 0, received {list(losses)}")

    @property
    def errors(self) -> list[float]:
        """How far each loss lies from the equations, relative to what they say."""
        return [
            abs(loss - truth) / truth
            for loss, truth in zip(self.losses, self.equations, strict=True)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayGate:
    """How far one loss may lie from what the equations say, relative to it."""

    relative_tolerance: float

    def __post_init__(self) -> None:
        if not 0 <= self.relative_tolerance < 1:
            raise ValueError(
                f"relative_tolerance must lie in 0 to 1, received {self.relative_tolerance}"
            )


def _judge_one(pair: Pair) -> Judgement:
    old: ReplayLosses = pair.old
    new: ReplayLosses = pair.new
    tolerance: float = pair.gate.relative_tolerance
    errors = new.errors
    worst = max(range(STEPS), key=errors.__getitem__)
    first = next((i for i, error in enumerate(errors) if not error <= tolerance), None)
    received = f"largest relative error {errors[worst]:.2g}, at step {worst + 1}"
    if first is not None:
        recorded = max(old.errors)
        nearer = "recorded" if recorded < errors[worst] else "new"
        received += (
            f"; first beyond at step {first + 1}: {new.losses[first]:.7g}, by the equations "
            f"{new.equations[first]:.7g}; the {nearer} library is nearer the truth (recorded: "
            f"largest error {recorded:.2g})"
        )
    return Judgement(
        outcome=Outcome.PASS if first is None else Outcome.REGRESSED,
        expected=f"{STEPS} training losses within {tolerance:g} of the equations",
        received=received,
        next_step="nothing" if first is None else _advice(first),
        baseline=f"{max(old.errors):.1g} off",
        now=f"{errors[worst]:.1g} off",
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
