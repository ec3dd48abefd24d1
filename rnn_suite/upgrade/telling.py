"""From a decision to a verdict a person can act on."""

from __future__ import annotations

import math
from statistics import median

from rnn_suite.evidence import InPairs, written
from rnn_suite.upgrade.cause import cause_of
from rnn_suite.upgrade.decision import LOOKS, Decision, State, confirmation_looks
from rnn_suite.upgrade.phases import Asked, Limits, Scale
from rnn_suite.upgrade.run import Found, Plan
from rnn_suite.verdicts import Outcome, Verdict

_OUTCOMES = {
    State.PASS: Outcome.PASS,
    State.IMPROVED: Outcome.IMPROVED,
    State.REGRESSED: Outcome.REGRESSED,
}


def verdict_of(asked: Asked, found: Found, plan: Plan) -> Verdict:
    """Return the verdict of one question that has a decision."""
    decision, values = found.decisions[asked], found.values(asked)
    outcome = _OUTCOMES.get(decision.state, Outcome.INCONCLUSIVE)
    old, new = (median(median(getattr(v, side)) for v in values) for side in ("old", "new"))
    held = plan.limits(asked, values)
    worse = "lower" if asked.row.scale is Scale.DROP else "more"
    return Verdict(
        question=asked.phase,
        cell=asked.subject,
        file=str(plan.environments.reference),
        outcome=outcome,
        expected=f"less than {_change(asked, held.red)} {worse} than the old environment's "
        f"{_size(asked, old)}{_not_missed(asked, held)}: {asked.row.meaning}",
        received=f"{_size(asked, new)}, {_change(asked, decision.estimate, signed=True)} "
        f"({decision.confidence:.0%} interval {_interval(asked, decision)}) over "
        f"{decision.pairs} {'seeds' if asked.row.quality else 'pairs of fresh processes'}"
        f"{', the second set of them' if decision.confirmed else ''}"
        f"{_visible(asked, decision, held, outcome)}",
        next_step=_advice(asked, found, outcome, plan),
        baseline=_size(asked, old),
        now=_size(asked, new),
        interval=_interval(asked, decision),
        amount=new,
        evidence=written(
            InPairs(
                meaning=asked.row.meaning,
                unit=asked.row.unit,
                is_ratio=asked.row.scale is Scale.RATIO,
                old=tuple(median(v.old) for v in values),
                new=tuple(median(v.new) for v in values),
                estimate=decision.estimate,
                lower=decision.lower,
                upper=decision.upper,
                confidence=decision.confidence,
                smallest_visible=decision.smallest_visible,
                red=held.red,
                harm=held.harm,
                confirmed=decision.confirmed,
            )
        ),
    )


def _visible(asked: Asked, decision: Decision, held: Limits, outcome: Outcome) -> str:
    """Say what the run could have seen, where it saw nothing."""
    if outcome is Outcome.REGRESSED:
        return ""
    visible = _change(asked, held.red + decision.smallest_visible)
    return f"; with this noise a true change of {visible} would not have been missed"


def _not_missed(asked: Asked, held: Limits) -> str:
    return "" if held.harm == held.red else f", so that {_change(asked, held.harm)} is not missed"


def _advice(asked: Asked, found: Found, outcome: Outcome, plan: Plan) -> str:
    match outcome:
        case Outcome.PASS:
            return "nothing"
        case Outcome.IMPROVED:
            return f"nothing; {_cause(asked, found, plan)}"
        case Outcome.REGRESSED:
            return (
                f"{_cause(asked, found, plan)}. Which package does it: pytest -m bisect with the same "
                f"--reference-python and --bisect-question={asked}"
            )
        case _ if asked.row.quality:
            return "pytest -m smoke holds it against more seeds, and its rules say whether arithmetic changed"
        case _ if found.decisions[asked].pairs == _most_pairs(asked, found):
            return (
                "run again: there were as many pairs as there may be, and processes of one environment "
                "differ among themselves by more than what is asked about"
            )
        case _:
            return "run again with a larger --upgrade-minutes, or on a quieter machine"


def _most_pairs(asked: Asked, found: Found) -> int:
    """Return how many pairs there may be in the set that the decision rests on."""
    if found.decisions[asked].confirmed:
        return confirmation_looks(found.suspects)[-1]
    return LOOKS[-1]


def _cause(asked: Asked, found: Found, plan: Plan) -> str:
    if asked.row.quality:
        return (
            "the arithmetic, the random numbers or the data changed; see the rules: pytest -m rules"
        )
    facts = next(
        (pair.facts[asked.subject] for pair in found.pairs if asked.subject in pair.facts), None
    )
    spent = [
        (pair.values[str(asked)], pair.cpu[str(asked)])
        for pair in found.pairs
        if str(asked) in pair.values and str(asked) in pair.cpu
    ]
    moved = [
        f"{other} {_change(other, decision.estimate, signed=True)}"
        for other, decision in found.decisions.items()
        if other != asked
        and other.subject in (asked.subject, "all")
        and not decision.lower <= 0 <= decision.upper
        and abs(decision.estimate) >= plan.limits(other, found.values(other)).red
    ]
    return cause_of(asked, facts=facts, spent=spent, moved=moved)


def _size(asked: Asked, value: float) -> str:
    match asked.row.unit:
        case "s":
            return f"{value * 1e3:.0f} ms" if value < 1 else f"{value:.2f} s"
        case "MiB":
            return f"{value:.0f} MiB"
        case _:
            return f"{value:.4f}"


def _interval(asked: Asked, decision: Decision) -> str:
    # Of an accuracy the fall is decided on and the change is told.
    ends = [_change(asked, end, signed=True) for end in (decision.lower, decision.upper)]
    low, high = reversed(ends) if asked.row.scale is Scale.DROP else ends
    return f"{low} to {high}"


def _change(asked: Asked, difference: float, *, signed: bool = False) -> str:
    """Return a difference on the phase's scale as a person reads it: percent, or points of accuracy."""
    if math.isinf(difference):
        return "unbounded"
    if asked.row.scale is Scale.DROP:
        return f"{-difference:+z.3f}" if signed else f"{difference:.3f}"
    change = math.expm1(difference)
    return f"{change:+z.1%}" if signed else f"{change:.1%}"
