"""What is told of the rules of a topic: how many hold, which is nearest to its bound, which are broken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from rnn_suite.findings import Finding
from rnn_suite.questions.rules import KnownFault, RuleFindings, known_on
from rnn_suite.report.figures.compared import Compared, compared
from rnn_suite.run_report import RunReport
from rnn_suite.verdicts import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A finding that does not hold."""

    finding: Finding
    known: KnownFault | None
    """The exception in the gate that excused it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCount:
    """The rules of one verdict."""

    verdict: Verdict
    held: int
    total: int
    nearest: Finding | None
    """Of those that hold and may be off at all, the one nearest to its bound."""
    broken: tuple[Broken, ...]

    @property
    def known(self) -> int:
        """How many of the broken are known."""
        return sum(one.known is not None for one in self.broken)

    @property
    def nearest_share(self) -> float:
        """How much of its bound the nearest takes up."""
        return self.nearest.error / self.nearest.bound if self.nearest else 0.0


def rule_counts(run: RunReport) -> Iterator[RuleCount]:
    """Yield a count for each verdict about rules whose findings can be read."""
    # The day on which they were judged, not that on which a report of them is drawn.
    day = datetime.fromisoformat(run.started).date()
    for found in compared(run, RuleFindings):
        findings: tuple[Finding, ...] = found.new.findings
        bounded = [finding for finding in findings if finding.holds and finding.bound]
        yield RuleCount(
            verdict=found.verdict,
            held=sum(finding.holds for finding in findings),
            total=len(findings),
            nearest=max(bounded, key=lambda f: f.error / f.bound, default=None),
            broken=tuple(
                Broken(finding=finding, known=known_fault(found, finding, day=day))
                for finding in findings
                if not finding.holds
            ),
        )


def known_fault(found: Compared, finding: Finding, *, day: date | None = None) -> KnownFault | None:
    """Return the exception in the gate that excuses a broken `finding` on `day`, or today, if one does."""
    recorded = next((f for f in found.old.findings if f.name == finding.name), None)
    return known_on(day or datetime.now(UTC).date(), found.gate.known_faults, finding, recorded)
