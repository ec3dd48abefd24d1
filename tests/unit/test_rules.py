"""From findings to a judgement: broken, vanished, excepted and expired rules."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest

from rnn_suite.checks.rules import run_rules
from rnn_suite.errors import MeasurementError, SuiteError, TrainingError, UnknownNameError
from rnn_suite.findings import UNCOMPARABLE, Finding
from rnn_suite.models import CELLS
from rnn_suite.questions import Pair
from rnn_suite.questions.rules import (
    ALL_CELLS,
    TOPICS,
    KnownFault,
    RuleFindings,
    RuleGate,
    Topic,
    judge_rules,
    rule_question,
)
from rnn_suite.verdicts import Judgement, Outcome

TODAY = date(2026, 6, 1)


def found(name: str, error: float = 0.5, bound: float = 1.0) -> Finding:
    return Finding(name=name, error=error, bound=bound, expected="0", received=str(error))


def known(finding: str, until: str = "2026-12-31") -> KnownFault:
    return KnownFault(finding=finding, reference="issue 1", owner="ann", until=until)


def judged(
    new: list[Finding], old: list[Finding] | None = None, faults: tuple[KnownFault, ...] = ()
) -> Judgement:
    pair = Pair(
        old=RuleFindings(findings=tuple(old or [found("a: x"), found("b: y")])),
        gate=RuleGate(known_faults=faults),
        new=RuleFindings(findings=tuple(new)),
    )
    return judge_rules(pair, today=TODAY)


def test_rules_that_are_kept_pass() -> None:
    judgement = judged([found("a: x"), found("b: y", error=1.0)])
    assert judgement.outcome is Outcome.PASS
    assert judgement.now == "2 of 2"


def test_one_broken_rule_regresses_and_is_named_with_both_values() -> None:
    judgement = judged([found("a: x"), found("b: y", error=1.5)])
    assert judgement.outcome is Outcome.REGRESSED
    assert "b: y: Expected: 0; Received: 1.5" in judgement.received
    assert "a: x" not in judgement.received


def test_a_broken_rule_says_which_library_is_nearer_the_truth() -> None:
    broken = [found("a: x"), found("b: y", error=1.5)]
    worse_before = [found("a: x"), found("b: y", error=1.7)]
    assert "the recorded library is nearer" in judged(broken).received
    assert "the new library is nearer" in judged(broken, worse_before).received
    assert "as far from the truth" in judged(broken, broken).received


def test_a_rule_that_is_no_longer_looked_at_regresses() -> None:
    judgement = judged([found("a: x")])
    assert judgement.outcome is Outcome.REGRESSED
    assert "b: y" in judgement.received


def test_a_rule_that_the_baseline_does_not_know_yet_is_judged_by_its_own_bound() -> None:
    kept = [found("a: x"), found("b: y")]
    assert judged([*kept, found("c: z")]).outcome is Outcome.PASS
    assert judged([*kept, found("c: z", error=2.0)]).outcome is Outcome.REGRESSED


def test_a_rule_that_raised_is_told_once_and_not_as_vanished_findings_too() -> None:
    judgement = judged([found("a: x"), found("b", error=1e300, bound=0.0)])
    assert judgement.outcome is Outcome.REGRESSED
    assert "not looked at" not in judgement.received


def test_a_known_fault_is_passed_and_still_told() -> None:
    judgement = judged([found("a: x"), found("b: y", error=1.5)], faults=(known("b: y"),))
    assert judgement.outcome is Outcome.PASS
    assert judgement.notes == ("known until 2026-12-31: b: y (issue 1)",)
    assert judgement.now == "1 of 2, 1 known"


@pytest.mark.parametrize("other", ["b", "b: ", "b: x", "a: x"])
def test_a_known_fault_covers_no_other_finding(other: str) -> None:
    broken = [found("a: x"), found("b: y", error=1.5)]
    judgement = judged(broken, faults=(known(other),))
    assert judgement.outcome is Outcome.REGRESSED
    assert judgement.next_step.endswith(f"these name no broken finding: {other}")


def test_a_broken_rule_shows_the_entry_that_would_accept_it() -> None:
    broken = [found("a: x"), found("b: y", error=1.5)]
    assert '{"finding": "b: y", "owner": ' in judged(broken).next_step


def test_a_known_fault_that_is_worse_than_recorded_regresses() -> None:
    recorded = [found("a: x"), found("b: y", error=1.5)]
    for error, outcome in ((3.0, Outcome.PASS), (3.1, Outcome.REGRESSED)):
        broken = [found("a: x"), found("b: y", error=error)]
        assert judged(broken, recorded, (known("b: y"),)).outcome is outcome


def raised(received: str) -> Finding:
    return Finding(name="b", error=UNCOMPARABLE, bound=0.0, expected="an answer", received=received)


def test_a_rule_that_raises_as_it_is_known_to_is_passed_and_otherwise_regresses() -> None:
    recorded = [found("a: x"), raised("TypeError: no 1")]
    for received, outcome in (("TypeError: no 2", Outcome.PASS), ("OSError", Outcome.REGRESSED)):
        broken = [found("a: x"), raised(received)]
        assert judged(broken, recorded, (known("b"),)).outcome is outcome


def test_a_rule_that_raised_and_is_mended_asks_for_its_exception_to_be_taken_out() -> None:
    mended = [found("a: x"), found("b: y")]
    judgement = judged(mended, [found("a: x"), raised("TypeError")], (known("b"),))
    assert judgement.outcome is Outcome.IMPROVED


def test_a_rule_that_raised_and_is_no_longer_looked_at_regresses() -> None:
    judgement = judged([found("a: x")], [found("a: x"), raised("TypeError")], (known("b"),))
    assert judgement.outcome is Outcome.REGRESSED


def test_an_exception_that_counts_is_preferred_to_one_that_has_ended() -> None:
    faults = (known("b: y", until="2026-01-01"), known("b: y"))
    broken = [found("a: x"), found("b: y", error=1.5)]
    assert judged(broken, faults=faults).outcome is Outcome.PASS


def test_a_known_fault_whose_day_has_passed_covers_nothing() -> None:
    broken = [found("a: x"), found("b: y", error=1.5)]
    last_day = judged(broken, faults=(known("b: y", until="2026-06-01"),))
    day_after = judged(broken, faults=(known("b: y", until="2026-05-31"),))
    assert last_day.outcome is Outcome.PASS
    assert day_after.outcome is Outcome.REGRESSED
    assert "ended on 2026-05-31" in day_after.received


def test_a_known_fault_that_is_no_more_asks_to_be_taken_out() -> None:
    judgement = judged([found("a: x"), found("b: y")], faults=(known("b: y"),))
    assert judgement.outcome is Outcome.IMPROVED
    assert "b: y" in judgement.next_step


@pytest.mark.parametrize(
    "changed",
    [
        {"until": "next year"},
        {"until": "20261231"},
        {"finding": ""},
        {"reference": ""},
        {"owner": ""},
    ],
)
def test_a_known_fault_needs_an_end_a_reference_and_an_owner(changed: dict[str, str]) -> None:
    fields = {"finding": "a", "reference": "b", "owner": "c", "until": "2026-12-31"} | changed
    with pytest.raises(ValueError, match=r"needs a finding|does not match format"):
        KnownFault(**fields)


def test_findings_are_one_or_more_and_each_has_its_own_name() -> None:
    with pytest.raises(ValueError, match="received none"):
        RuleFindings(findings=())
    with pytest.raises(ValueError, match="received twice: a: x"):
        RuleFindings(findings=(found("a: x"), found("a: x")))


def test_the_names_of_findings_that_stand_there_twice_are_told_alone() -> None:
    with pytest.raises(ValueError, match=r"received twice: b: y$"):
        RuleFindings(findings=(found("a: x"), found("b: y"), found("b: y")))


def test_an_exception_covers_a_better_finding_and_one_that_was_not_broken_before() -> None:
    fault = known("b: y")
    assert fault.covers(found("b: y", error=1.1), found("b: y", error=1.5))
    assert fault.covers(found("b: y", error=9.0), found("b: y", error=0.5))
    assert fault.covers(found("b: y", error=9.0), None)
    for other in ("a: x", "c: z"):
        assert not fault.covers(found(other, error=1.5), None)


@pytest.mark.parametrize("kind", ["AError", "ZError", "KeyErro"])
def test_an_exception_for_one_kind_of_error_covers_no_other_kind(kind: str) -> None:
    assert not known("b").covers(raised(f"{kind}: no"), raised("KeyError: no"))
    assert known("b").covers(raised("KeyError: yes"), raised("KeyError: no"))


def test_what_cannot_be_compared_by_far_is_told_by_its_kind() -> None:
    # Twice the largest error is infinite, so that every error would lie below it.
    huge = found("b", error=1.5 * UNCOMPARABLE, bound=0.0)
    assert not known("b").covers(huge, raised("KeyError: no"))


@pytest.mark.parametrize(
    ("count", "more"), [(20, None), (21, "... and 1 more"), (23, "... and 3 more")]
)
def test_twenty_broken_rules_are_told_and_the_others_counted(count: int, more: str | None) -> None:
    judgement = judged([found(f"a: {i}", error=2.0) for i in range(count)], [found("a: 0")])
    told = judgement.received.splitlines()
    assert told[0] == "0 do"
    assert [line for line in told[1:] if "Expected: " in line] == told[1:21]
    assert told[21:] == ([f"  {more}"] if more else [])
    assert judgement.interval == f"{count} broken"
    assert judgement.expected == f"all of {count} findings keep their rules"


def test_one_broken_rule_is_told_in_one_line() -> None:
    told = judged([found("a: x"), found("b: y", error=1.5)])
    assert len(told.received.splitlines()) == 2
    assert (told.baseline, told.now, told.interval) == ("2 of 2", "1 of 2", "1 broken")


def test_the_interval_is_the_worst_share_of_a_bound_of_what_holds() -> None:
    kept = [
        found("a: x", error=0.5, bound=2.0),
        found("b: y", error=0.6, bound=4.0),
        found("c: z", error=0.0, bound=0.0),
    ]
    judgement = judged(kept)
    assert (judgement.interval, judgement.amount) == ("worst 25% of bound", 0.25)
    broken = judged([*kept, found("d: z", error=9.0, bound=1.0)])
    assert broken.amount == 0.25


def test_where_every_bound_is_0_the_rules_are_exact() -> None:
    exact = [found("a: x", error=0.0, bound=0.0), found("b: y", error=0.0, bound=0.0)]
    judgement = judged(exact)
    assert (judgement.interval, judgement.amount) == ("exact", None)


def test_a_broken_rule_that_the_recorded_library_keeps_says_so_where_it_is_exact() -> None:
    broken = [found("a: x"), found("b: y", error=1.0, bound=0.0)]
    kept = [found("a: x"), found("b: y", error=0.0, bound=0.0)]
    worse = [found("a: x"), found("b: y", error=2.0, bound=0.0)]
    assert "the recorded library keeps it" in judged(broken, kept).received
    assert "the new library is nearer the truth" in judged(broken, worse).received
    assert "not in the baseline" in judged(broken, [found("a: x")]).received


def test_an_exception_for_a_rule_covers_no_finding_of_a_rule_of_a_similar_name() -> None:
    # The rule "b" raised before; findings of "c" do not stand in for those of "b".
    judgement = judged([found("a: x"), found("c: y")], [found("a: x"), raised("TypeError: no")])
    assert judgement.outcome is Outcome.REGRESSED
    assert "b: Expected: looked at, as in the baseline" in judgement.received


@pytest.mark.parametrize("topic", TOPICS.values(), ids=lambda topic: topic.name)
def test_a_topic_is_asked_of_every_cell_or_of_all_together(topic: Topic) -> None:
    assert topic.subjects == (tuple(CELLS) if topic.by_cell else (ALL_CELLS,))


def test_the_question_of_a_topic_starts_without_exceptions_and_is_judged_today() -> None:
    question = rule_question("forward")
    assert question.propose_gate(None) == RuleGate(known_faults=())
    assert question.experiment is None
    broken = RuleFindings(findings=(found("b: y", error=1.5),))
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    for day, outcome in ((yesterday, Outcome.REGRESSED), (date.max, Outcome.PASS)):
        gate = RuleGate(known_faults=(known("b: y", until=day.isoformat()),))
        (judgement,) = question.judge([Pair(old=broken, gate=gate, new=broken)])
        assert judgement.outcome is outcome


def rules_of_forward(monkeypatch: pytest.MonkeyPatch, *rules: Any) -> None:
    module = ModuleType("rnn_suite.checks.topics.forward")
    monkeypatch.setattr(module, "RULES", rules, raising=False)
    monkeypatch.setitem(sys.modules, "rnn_suite.checks.topics.forward", module)


def test_a_rule_that_raises_breaks_itself_and_not_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def first(cell: str) -> Iterator[Finding]:
        yield found(cell)
        raise TypeError("unexpected keyword argument 'recurrent_dropout'")

    def second(cell: str) -> Iterator[Finding]:
        yield found(cell)

    rules_of_forward(monkeypatch, first, second)
    broken, kept = run_rules("forward", "lstm").findings
    assert (broken.name, broken.holds) == ("first", False)
    assert "TypeError: unexpected keyword argument" in broken.received
    assert (kept.name, kept.holds) == ("second: lstm", True)


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "no space left"), MemoryError()])
def test_a_machine_that_runs_out_is_no_finding(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def rule(_: str) -> Iterator[Finding]:
        raise error

    rules_of_forward(monkeypatch, rule)
    with pytest.raises(MeasurementError, match="make room"):
        run_rules("forward", "lstm")


def test_a_fault_of_the_suite_itself_is_no_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def rule(cell: str) -> Iterator[Finding]:
        raise TrainingError(f"{cell}: no disk")

    rules_of_forward(monkeypatch, rule)
    with pytest.raises(SuiteError, match="no disk"):
        run_rules("forward", "lstm")


@pytest.mark.parametrize(
    ("topic", "subject", "wrong"), [("forwards", "lstm", "forwards"), ("forward", "lstn", "lstn")]
)
def test_unknown_topics_and_cells_are_named(topic: str, subject: str, wrong: str) -> None:
    with pytest.raises(UnknownNameError, match=f"Received: '{wrong}'"):
        run_rules(topic, subject)
