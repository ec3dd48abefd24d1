"""Numerics: a few optimizer steps from fixed weights on fixed batches, held to the equations loss by loss.

The recorded losses decide nothing: they tell, when the new ones leave the equations, which library is
nearer the truth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import accumulate

from rnn_suite.findings import FLOAT32_EPSILON
from rnn_suite.questions.question import Limits, Pair, Question, SameCorpus, each
from rnn_suite.verdicts import Judgement, Outcome

STEPS = 20
"""Optimizer steps that are replayed."""

ALLOWANCE = 16.0
"""Allowance that a new gate starts with. Rounding grows from step to step, by up to a thousand times from one
set of numbers to another, so no fixed tolerance fits. Measured over 11 sets of numbers and the three cells,
Keras 3.15.1 on TensorFlow 2.21: at most 1.7 times as far as the equations in float32."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayLosses:
    """Training loss before each of a few optimizer steps; nothing in it is left to a seed of Keras."""

    losses: tuple[float, ...]
    """From the installed libraries, in float32."""
    equations: tuple[float, ...]
    """From the same weights and batches by the equations, in float64."""
    single: tuple[float, ...]
    """From the equations in float32: how far rounding alone leads."""

    def __post_init__(self) -> None:
        for losses in (self.losses, self.equations, self.single):
            if len(losses) != STEPS or not all(loss > 0 for loss in losses):
                raise ValueError(f"expected {STEPS} losses above 0, received {list(losses)}")

    @property
    def errors(self) -> list[float]:
        """How far each loss lies from the equations, relative to what they say."""
        return self._off(self.losses)

    @property
    def rounding(self) -> list[float]:
        """How far rounding alone had led by each step, likewise."""
        return [max(off, FLOAT32_EPSILON) for off in accumulate(self._off(self.single), max)]

    def _off(self, losses: tuple[float, ...]) -> list[float]:
        return [
            abs(loss - truth) / truth for loss, truth in zip(losses, self.equations, strict=True)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayGate(Limits):
    """How far a loss may lie from what the equations say."""

    allowance: float
    """How many times as far as rounding alone had led by that step."""

    def __post_init__(self) -> None:
        if not 1 <= self.allowance < math.inf:
            raise ValueError(f"allowance must be 1 or more, received {self.allowance}")


def _judge_one(pair: Pair) -> Judgement:
    old: ReplayLosses = pair.old
    new: ReplayLosses = pair.new
    allowance: float = pair.gate.allowance
    errors, bounds = new.errors, [allowance * off for off in new.rounding]
    worst = max(range(STEPS), key=errors.__getitem__)
    first = next((i for i in range(STEPS) if not errors[i] <= bounds[i]), None)
    received = f"largest relative error {errors[worst]:.2g}, at step {worst + 1}"
    if first is not None:
        recorded = max(old.errors)
        nearer = "recorded" if recorded < errors[worst] else "new"
        received += (
            f"; first beyond at step {first + 1}: {new.losses[first]:.7g}, by the equations "
            f"{new.equations[first]:.7g} ± {bounds[first]:.2g} rel.; the {nearer} library is nearer the "
            f"truth (recorded: largest error {recorded:.2g})"
        )
    return Judgement(
        outcome=Outcome.PASS if first is None else Outcome.REGRESSED,
        expected=f"{STEPS} training losses no farther from the equations than {allowance:g} times "
        "what float32 rounds",
        received=received,
        next_step="nothing" if first is None else _advice(first),
        baseline=f"{max(old.errors):.1g} off",
        now=f"{errors[worst]:.1g} off",
        interval=f"±{bounds[0]:.1g} to {bounds[-1]:.1g} rel.",
        amount=errors[worst],
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
    propose_gate=lambda _measured: ReplayGate(allowance=ALLOWANCE),
    judge=each(_judge_one),
    same_corpus=SameCorpus.ANY,
    same_environment=("accelerator",),  # Another kind of device rounds in another way.
    amount=lambda measured: max(measured.errors),
    unit="relative",
)
