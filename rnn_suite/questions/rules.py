"""Rules: what the libraries must keep, held against arithmetic and stated rules, not stored numbers.

The baseline's part is small: its gate holds the exceptions that a person owns, and its findings tell, when
a rule breaks, whether the recorded libraries kept it and how near the truth they were.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from rnn_suite.findings import UNCOMPARABLE, Finding
from rnn_suite.models import CELLS
from rnn_suite.questions.question import Limits, Pair, Question, SameCorpus, each
from rnn_suite.verdicts import Judgement, Outcome

ALL_CELLS = "all"
"""Stands for the cell where a topic is asked once for all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """Rules that belong together: one question, one verdict a cell."""

    name: str
    """The question's name, and its module's in `rnn_suite.checks.topics`."""
    by_cell: bool
    """Whether it is asked for each cell."""
    smoke: bool
    """Whether it is fast enough for the profile `smoke`."""
    seconds: float
    """About what one subject keeps a core busy for; says how to share the work out, and nothing else."""

    @property
    def subjects(self) -> tuple[str, ...]:
        """What it is asked about: the cells, or all together."""
        return tuple(CELLS) if self.by_cell else (ALL_CELLS,)


TOPICS: dict[str, Topic] = {
    topic.name: topic
    for topic in (
        Topic(name="forward", by_cell=True, smoke=True, seconds=4),
        Topic(name="gradients", by_cell=True, smoke=True, seconds=5),
        Topic(name="short_runs", by_cell=True, smoke=True, seconds=6),
        Topic(name="layers", by_cell=True, smoke=True, seconds=4),
        Topic(name="defaults", by_cell=False, smoke=True, seconds=3),
        Topic(name="training_loop", by_cell=False, smoke=True, seconds=4),
        Topic(name="callbacks", by_cell=False, smoke=True, seconds=4),
        Topic(name="data_functions", by_cell=False, smoke=True, seconds=1),
        Topic(name="seeds", by_cell=False, smoke=True, seconds=4),
        Topic(name="determinism", by_cell=False, smoke=False, seconds=30),
        Topic(name="saving", by_cell=True, smoke=True, seconds=9),
        Topic(name="counts", by_cell=True, smoke=True, seconds=4),
        Topic(name="memory", by_cell=False, smoke=False, seconds=10),
        Topic(name="claims", by_cell=True, smoke=False, seconds=6),
        Topic(name="tuner_decisions", by_cell=False, smoke=True, seconds=6),
        Topic(name="decisions", by_cell=False, smoke=True, seconds=1),
        Topic(name="tuner_life", by_cell=False, smoke=False, seconds=45),
    )
}
"""Every topic, by name."""

_SHOWN = 20
"""Broken rules told in full; the others are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFindings:
    """Everything that the rules of one topic found for one cell, or for all cells together."""

    findings: tuple[Finding, ...]

    def __post_init__(self) -> None:
        names = [finding.name for finding in self.findings]
        if not names:
            raise ValueError("expected one finding or more, received none")
        if len(set(names)) != len(names):
            twice = sorted({name for name in names if names.count(name) > 1})
            raise ValueError(f"expected every finding once, received twice: {', '.join(twice)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFault:
    """An exception: a rule that a released library breaks, with whom it was reported to, and its end."""

    finding: str
    """Name of the one finding; the rule's name where the rule cannot be looked at at all."""
    reference: str
    """Upstream issue or release note that tells of it."""
    owner: str
    """Who answers for the exception."""
    until: str
    """Last day on which it counts, as YYYY-MM-DD."""

    def __post_init__(self) -> None:
        datetime.strptime(self.until, "%Y-%m-%d").replace(tzinfo=UTC)
        if not (self.finding and self.reference and self.owner):
            raise ValueError("a known fault needs a finding, a reference and an owner")

    def covers(self, finding: Finding, recorded: Finding | None) -> bool:
        """Return whether it is about `finding`, which is broken no worse than it was where it was recorded.

        A rule that could not be looked at is excused only for the same kind of error.
        """
        if finding.name != self.finding:
            return False
        if recorded is None or recorded.holds:
            return True
        if finding.error >= UNCOMPARABLE:
            return finding.received.partition(":")[0] == recorded.received.partition(":")[0]
        return finding.error <= 2 * recorded.error


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleGate(Limits):
    """The exceptions that a person owns."""

    known_faults: tuple[KnownFault, ...]


def known_on(
    day: date, faults: Sequence[KnownFault], finding: Finding, recorded: Finding | None
) -> KnownFault | None:
    """Return the exception that covers a broken `finding` and still counts on `day`, if there is one."""
    counting = (fault for fault in faults if day <= date.fromisoformat(fault.until))
    return next((fault for fault in counting if fault.covers(finding, recorded)), None)


def judge_rules(pair: Pair, *, today: date | None = None) -> Judgement:
    """Return "regressed" where a rule is broken, vanished, or its exception has ended.

    A rule that a known fault covers and that is kept again is "improved": the exception can go.
    """
    day = today or datetime.now(UTC).date()
    old: dict[str, Finding] = {finding.name: finding for finding in pair.old.findings}
    new: dict[str, Finding] = {finding.name: finding for finding in pair.new.findings}
    exceptions: tuple[KnownFault, ...] = pair.gate.known_faults
    reds: dict[str, str] = {}
    excused: list[KnownFault] = []
    for finding in new.values():
        if finding.holds:
            continue
        recorded = old.get(finding.name)
        if known := known_on(day, exceptions, finding, recorded):
            excused.append(known)
        else:
            ended = next((fault for fault in exceptions if fault.covers(finding, recorded)), None)
            reds[finding.name] = _told(finding, recorded, ended)
    reds |= _vanished(old, new)
    broken = {finding.name for finding in new.values() if not finding.holds}
    mended = [fault.finding for fault in exceptions if fault.finding not in broken]
    if reds:
        outcome, next_step = Outcome.REGRESSED, _advice(next(iter(reds)), mended)
    elif mended:
        outcome = Outcome.IMPROVED
        next_step = f"kept again, so take from this file's gate: {', '.join(mended)}"
    else:
        outcome, next_step = Outcome.PASS, "nothing"
    lines = [*reds.values()][:_SHOWN]
    if len(reds) > _SHOWN:
        lines.append(f"... and {len(reds) - _SHOWN} more")
    held = sum(finding.holds for finding in new.values())
    but = f", but for {len(excused)} known" if excused else ""
    return Judgement(
        outcome=outcome,
        expected=f"all of {len(new)} findings keep their rules{but}",
        received=f"{held} do" + "".join(f"\n  {line}" for line in lines),
        next_step=next_step,
        baseline=_kept(tuple(old.values())),
        now=_kept(tuple(new.values())) + (f", {len(excused)} known" if excused else ""),
        interval=f"{len(reds)} broken" if reds else _worst(pair.new),
        amount=worst_share(pair.new),
        notes=tuple(
            f"known until {fault.until}: {fault.finding} ({fault.reference})" for fault in excused
        ),
    )


def _vanished(old: dict[str, Finding], new: dict[str, Finding]) -> dict[str, str]:
    """Return what the baseline looked at and the new findings do not.

    A rule that raised has told so itself, and one that raised before has findings now.
    """
    raised = {name for found in (old, new) for name in found if ": " not in name}
    return {
        name: f"{name}: Expected: looked at, as in the baseline; Received: not looked at"
        for name in old
        if name not in new
        and (name.partition(": ")[0] not in raised or not _asked(name.partition(": ")[0], new))
    }


def _advice(first: str, mended: list[str]) -> str:
    entry = f'{{"finding": "{first}", "owner": "...", "reference": "...", "until": "YYYY-MM-DD"}}'
    unmatched = (
        f"; in its gate, these name no broken finding: {', '.join(mended)}" if mended else ""
    )
    return (
        "stay on the recorded release, or look upstream for what changed; the rule is a function of that "
        "name in rnn_suite/checks/topics. To accept a fault of a released library, add to "
        f"known_faults in this file's gate: {entry}{unmatched}"
    )


def _asked(rule: str, findings: dict[str, Finding]) -> bool:
    return any(name.partition(": ")[0] == rule for name in findings)


def _kept(findings: tuple[Finding, ...]) -> str:
    return f"{sum(finding.holds for finding in findings)} of {len(findings)}"


def worst_share(measured: RuleFindings) -> float | None:
    """Return how near what keeps its rule comes to its bound, at worst; None where all are exact."""
    shares = [f.error / f.bound for f in measured.findings if f.bound and f.holds]
    return max(shares, default=None)


def _worst(measured: RuleFindings) -> str:
    share = worst_share(measured)
    return "exact" if share is None else f"worst {share:.0%} of bound"


def _told(finding: Finding, recorded: Finding | None, fault: KnownFault | None) -> str:
    line = f"{finding.name}: Expected: {finding.expected}; Received: {finding.received}"
    if fault is not None:
        line += f"; the exception for it ended on {fault.until}"
    if recorded is None:
        return f"{line}; not in the baseline"
    if recorded.holds and not recorded.bound:
        return f"{line}; the recorded library keeps it"
    if recorded.error == finding.error:
        return f"{line}; the recorded library is as far from the truth"
    nearer = "recorded" if recorded.error < finding.error else "new"
    return f"{line}; the {nearer} library is nearer the truth (recorded {recorded.error:.2g} off)"


def rule_question(name: str) -> Question:
    """Return the question that asks for the rules of the topic called `name`."""
    judge: Callable[[Pair], Judgement] = judge_rules
    return Question(
        name=name,
        measured=RuleFindings,
        gate=RuleGate,
        propose_gate=lambda _measured: RuleGate(known_faults=()),
        judge=each(judge),
        same_corpus=SameCorpus.ANY,
        experiment=None,
        # The bounds were measured on processors; other kinds of device round in other ways.
        same_environment=("accelerator",),
        amount=worst_share,
        unit="share of bound",
    )
