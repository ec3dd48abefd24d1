"""Faults in the suite's own comparison: with sound libraries, but for two that only a red run can show."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.selftest.faults.plant import Wound, around, fault

GATE = "the gate itself"
DECISIONS = "decisions"
"""The questions that they are tried on, in place of a cell."""

BESIDE = dict.fromkeys(
    ("regressions_that_do_not_fail", "always_safe"), "learning_rate_too_small:0.5"
)
"""What is planted with those that keep a regression from being told."""


def _gate_fault(
    after: str, *sees: str, sizes: tuple[float, ...] = (0.0,), unit: str = ""
) -> Callable[[Wound], Wound]:
    return fault(GATE, *sees, cell=DECISIONS, after=after, sizes=sizes, unit=unit)


@_gate_fault("rnn_suite.statistics", "decisions")
def old_and_new_exchanged(_: float) -> None:
    """The test of a drop takes the new seeds for the old ones."""
    module: Any = sys.modules["rnn_suite.statistics"]

    def exchanged(original: Any, old: Any, new: Any, **limits: Any) -> Any:
        return original(new, old, **limits)

    around(module, "drop_test", exchanged)


@_gate_fault("rnn_suite.statistics", "decisions")
def every_drop_allowed(_: float) -> None:
    """The test of a drop allows a hundred times what the gate allows."""
    module: Any = sys.modules["rnn_suite.statistics"]

    def lax(original: Any, old: Any, new: Any, *, allowed_drop: float) -> Any:
        return original(old, new, allowed_drop=100 * allowed_drop)

    around(module, "drop_test", lax)


@_gate_fault("rnn_suite.findings", "decisions")
def inequality_inverted(_: float) -> None:
    """A rule holds where its error is larger than its bound."""
    from rnn_suite.findings import Finding

    Finding.holds = property(lambda finding: finding.error >= finding.bound)  # type: ignore[assignment]


@_gate_fault("rnn_suite.findings", "decisions")
def what_cannot_be_compared_holds(_: float) -> None:
    """A result that is not a number, or has another shape, is no error."""
    module: Any = sys.modules["rnn_suite.findings"]

    module.UNCOMPARABLE = 0.0


@_gate_fault("rnn_suite.findings", "decisions", sizes=(10.0, 1000.0), unit="times the bound")
def bounds_too_wide(size: float) -> None:
    """Rules allow more than their bounds say."""
    module: Any = sys.modules["rnn_suite.findings"]

    def wider(original: Any, *args: Any, bound: float, **kwargs: Any) -> Any:
        return original(*args, bound=size * bound, **kwargs)

    around(module, "close", wider)


@_gate_fault("rnn_suite.baselines", "decisions")
def everything_passes(_: float) -> None:
    """Whatever is compared ends as a pass."""
    module: Any = sys.modules["rnn_suite.baselines"]
    from rnn_suite.verdicts import Outcome

    def passing(original: Any, *args: Any) -> Any:
        return [replace(verdict, outcome=Outcome.PASS) for verdict in original(*args)]

    around(module, "compare", passing)


@_gate_fault("rnn_suite.baselines", "decisions")
def held_against_itself(_: float) -> None:
    """The new measurement is held against itself and not against the baseline's."""
    module: Any = sys.modules["rnn_suite.baselines"]

    def same(original: Any, question: Any, pairs: Any) -> Any:
        return original(question, [(replace(old, measurement=new), new) for old, new in pairs])

    around(module, "compare", same)


@_gate_fault("rnn_suite.baselines", "decisions")
def nothing_comparable(_: float) -> None:
    """Every baseline is taken for one of another machine."""
    module: Any = sys.modules["rnn_suite.baselines"]

    def differing(_original: Any, *_args: Any) -> list[str]:
        return ["cores: 2 / 3"]

    around(module, "incomparable_fields", differing)


@_gate_fault("rnn_suite.checks.rules")
def rules_left_out(_: float) -> None:
    """Of each topic the first finding alone is made."""
    module: Any = sys.modules["rnn_suite.checks.rules"]

    def first(original: Any, topic: str, subject: str) -> Any:
        found = original(topic, subject)
        return replace(found, findings=found.findings[:1])

    around(module, "run_rules", first)


@_gate_fault("rnn_suite.plugin.gate")
def verdicts_not_settled(_: float) -> None:
    """A test measures and compares, and drops its verdict."""
    from rnn_suite.plugin.gate import Gate

    Gate.settle = lambda *_: None  # type: ignore[method-assign]


@_gate_fault("rnn_suite.plugin.gate")
def regressions_that_do_not_fail(_: float) -> None:
    """A test whose verdict is a regression passes."""
    from rnn_suite.plugin.gate import Gate

    Gate._end = lambda *_: None  # type: ignore[method-assign,assignment]


@_gate_fault("rnn_suite.report.answer")
def always_safe(_: float) -> None:
    """The answer is "Safe", whatever the verdicts are."""
    module: Any = sys.modules["rnn_suite.report.answer"]
    from rnn_suite.run_report import Answer, Safety

    def safe(_original: Any, *_args: Any, **_kwargs: Any) -> Answer:
        return Answer(safety=Safety.SAFE, line="Safe: no regression in 1 comparison.")

    around(module, "answer", safe)
