"""The answer to "is it safe to upgrade?", from all verdicts of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rnn_suite.evidence import in_pairs
from rnn_suite.questions import DATASET, OWN_STEP_TIME, STEP_TIME
from rnn_suite.run_report import NOT_REACHED, Answer, Safety, Unanswered
from rnn_suite.verdicts import Outcome, Verdict

_NAMED_AT_MOST = 6
"""Questions that one line names; the table has them all."""


_OF_ONE_MACHINE = {question.name for question in (STEP_TIME, OWN_STEP_TIME, DATASET)}
"""What belongs to one machine or one corpus file, and may be missing on another."""


def answer(
    verdicts: Sequence[Verdict],
    unanswered: Sequence[Unanswered] = (),
    *,
    only: str = "",
    others_failed: int = 0,
) -> Answer:
    """Return the answer, with its reason in one line.

    It is "Safe" only if every question that was asked was compared and none regressed. Only what belongs
    to one machine or one corpus file, step times and prepared arrays, may be missing on another.

    Args:
        verdicts: all verdicts of the run.
        unanswered: tests that asked a question and have no answer to it.
        only: the words that left out questions, as on the command line.
        others_failed: how many tests failed that have nothing to do with the gate.
    """
    reds = [v for v in verdicts if v.outcome is Outcome.REGRESSED]
    if reds:
        return Answer(
            safety=Safety.NOT_SAFE,
            line=f"Not safe: {_some([f'{v.name} regressed{_amount(v)}' for v in reds])}.",
        )
    compared = [verdict for verdict in verdicts if verdict.compared]
    if not compared:
        return Answer(
            safety=Safety.NOT_KNOWN,
            line=f"Not known: nothing was compared{_settled(verdicts, unanswered)}",
        )
    waiting = [
        v
        for v in verdicts
        if v.outcome is Outcome.INCONCLUSIVE
        or (not v.compared and v.question not in _OF_ONE_MACHINE)
    ]
    names = [_test(one.test) for one in unanswered]
    names += [f"{v.name} ({v.outcome})" for v in waiting]
    if names:
        return Answer(
            safety=Safety.NOT_KNOWN,
            line=f"Not known: no regression in {_comparisons(compared)}, but without an answer: "
            f"{_some(names)}{_settled(waiting, unanswered)}",
        )
    counts = Counter(verdict.outcome for verdict in verdicts)
    others = [
        f"{counts[outcome]} {outcome}"
        for outcome in (Outcome.IMPROVED, Outcome.NOT_COMPARABLE)
        if counts[outcome]
    ]
    others += [f"asked was only {only}"] if only else []
    if others_failed:
        others.append(f"{others_failed} other test{'s' if others_failed > 1 else ''} failed")
    tail = f" ({', '.join(others)})" if others else ""
    return Answer(
        safety=Safety.SAFE, line=f"Safe: no regression in {_comparisons(compared)}{tail}."
    )


def _comparisons(compared: Sequence[Verdict]) -> str:
    return f"{len(compared)} comparison{'s' if len(compared) > 1 else ''}"


def _test(nodeid: str) -> str:
    return nodeid.rpartition("::")[2]


def _amount(verdict: Verdict) -> str:
    """Return old and new as the table has them; of a pair, by how much it changed."""
    tail = f", {verdict.interval}" if in_pairs(verdict.evidence) else ""
    return f" ({verdict.baseline} -> {verdict.now}{tail})"


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED_AT_MOST
    shown = ", ".join(names[:_NAMED_AT_MOST])
    return f"{shown} and {more} more" if more > 0 else shown


def _settled(waiting: Sequence[Verdict], unanswered: Sequence[Unanswered]) -> str:
    """Return what would settle it: the first step that a test without an answer, or a verdict, names."""
    # What was not reached may have been kept from it by what has a reason.
    known_first = sorted(unanswered, key=lambda one: one.why == NOT_REACHED)
    steps = [_step(one) for one in known_first] + [verdict.next_step for verdict in waiting]
    return f". To settle it: {steps[0].rstrip('.')}." if steps else "."


def _step(one: Unanswered) -> str:
    if one.why == NOT_REACHED:
        return "run the tests without an answer again"
    _, marked, step = one.why.rpartition("\nNext: ")
    if marked:
        return " ".join(step.split())
    first_line, _, _ = one.why.strip().partition("\n")
    return f"see why {_test(one.test)} has none: {first_line}"
