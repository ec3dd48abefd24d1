"""Step time against a stored number: a wide tripwire, on the baseline's own machine only.

The same step took 60 ms in one process and 110 ms in another on one machine and day, so a stored time can
only tell a step that became several times slower. It says nothing of 10 or 20 %. The fastest step of
each process is compared: whatever else the machine does can only add to a step, while a slower library
slows the fastest as well.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from rnn_suite.questions.question import Limits, Pair, Question, SameCorpus, each
from rnn_suite.results import StepTimes
from rnn_suite.verdicts import Judgement, Outcome, Verdict

BUSY_FRACTION = 0.25
"""Share of the processors that others may have before a slow step says nothing of the libraries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTimeGate(Limits):
    """How many times slower than the recorded fastest step the new one may be."""

    max_ratio: float

    def __post_init__(self) -> None:
        if not self.max_ratio > 1:
            raise ValueError(f"max_ratio must be above 1, received {self.max_ratio}")


def _fastest(measured: StepTimes) -> float:
    return min(measured.step_seconds)


def _judge_one(pair: Pair) -> Judgement:
    old, new = _fastest(pair.old), _fastest(pair.new)
    ratio, limit = new / old, pair.gate.max_ratio
    if not ratio <= limit:
        outcome = Outcome.REGRESSED
        advice = "measure again on an idle machine; if it stays, compare both versions side by side there"
    elif ratio < 1 / limit:
        outcome = Outcome.IMPROVED
        advice = "far faster: find out why, then record anew with --update-baselines"
    else:
        outcome, advice = Outcome.PASS, "nothing"
    return Judgement(
        outcome=outcome,
        expected=f"a fastest training step of at most {limit:g} times {old * 1e3:.1f} ms",
        received=f"{new * 1e3:.1f} ms, the fastest of {len(pair.new.step_seconds)} in one process, "
        f"{ratio:.2f} times; a slowdown below {limit:g} times is not visible here",
        next_step=advice,
        baseline=f"{old * 1e3:.1f} ms",
        now=f"{new * 1e3:.1f} ms",
        interval=f"tripwire x{limit:g}",
        amount=new,
    )


def unless_busy(verdict: Verdict, others_fraction: float) -> Verdict:
    """Return `verdict`, or inconclusive where it is red and others kept the machine busy meanwhile.

    Args:
        verdict: of this question.
        others_fraction: share of the machine's processors that other processes had while steps were timed.
    """
    if verdict.outcome is not Outcome.REGRESSED or others_fraction <= BUSY_FRACTION:
        return verdict
    return replace(
        verdict,
        outcome=Outcome.INCONCLUSIVE,
        received=f"{verdict.received}; other processes had {others_fraction:.0%} of the processors meanwhile",
        next_step="measure again on an idle machine",
    )


STEP_TIME = Question(
    name="step_time",
    measured=StepTimes,
    gate=StepTimeGate,
    propose_gate=lambda _measured: StepTimeGate(max_ratio=3.0),
    judge=each(_judge_one),
    same_corpus=SameCorpus.ANY,
    same_environment=(
        "system",
        "processor",
        "cores",
        "memory_gib",
        "accelerator",
        "threads",
        "onednn",
    ),
    # A step on a GPU, which has ended when its loss is a number, is the device's work.
    of_the_processor=("processor", "cores", "memory_gib", "threads", "onednn"),
    amount=_fastest,
    unit="s",
)
