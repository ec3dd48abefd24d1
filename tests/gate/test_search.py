"""Does the tuner do what its arithmetic says, and find what it found when the baseline was recorded?"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from rnn_suite.baselines import Measurement, compare, incomparable_fields
from rnn_suite.errors import MeasurementError
from rnn_suite.looks import decide_in_looks
from rnn_suite.plugin import Gate
from rnn_suite.questions import SEARCH, SEARCH_STRUCTURE
from rnn_suite.questions.search import Searches
from rnn_suite.search import Search
from rnn_suite.workbench import Workbench

if TYPE_CHECKING:
    from rnn_suite.tuning.bench import SearchBench


@pytest.fixture(
    scope="session",
    params=[
        pytest.param("smoke", marks=pytest.mark.smoke, id="smoke"),
        pytest.param("reduced", marks=pytest.mark.reduced, id="reduced"),
    ],
)
def search(request: pytest.FixtureRequest, make_search: Callable[[str], Search]) -> Search:
    """The search a test is about."""
    return make_search(request.param)


def measurement(gate: Gate, workbench: Workbench, search: Search, measured: Any) -> Measurement:
    made = gate.measurement(workbench, search.experiment({}), measured)
    return Measurement(
        experiment=search, corpus=made.corpus, measured=measured, environment=made.environment
    )


def test_the_search_structure_is_what_arithmetic_says(
    gate: Gate, workbench: Workbench, search: Search, searching: SearchBench
) -> None:
    from rnn_suite.checks.searches import search_findings

    gate.check_answerable(SEARCH_STRUCTURE, search)
    findings = search_findings(search, searching.results(search))
    gate.ask(SEARCH_STRUCTURE, search, measurement(gate, workbench, search, findings))


def test_the_best_of_a_search_is_not_worse_than_the_baselines(
    gate: Gate, workbench: Workbench, search: Search, searching: SearchBench
) -> None:
    from rnn_suite.checks.searches import search_findings

    def measure(seeds: Search) -> Measurement:
        found = Searches(searches=searching.results(seeds))
        broken = [f for f in search_findings(seeds, found.searches).findings if not f.holds]
        if broken and len(seeds.seeds) > len(search.seeds):
            raise MeasurementError(
                "A search of a later look breaks a rule, so its best says nothing.\n"
                f"Expected: {broken[0].expected}\nReceived: {broken[0].name}: {broken[0].received}\n"
                "Next: run again; if it stays, see search_structure in docs/tuner.md"
            )
        return measurement(gate, workbench, seeds, found)

    gate.check_answerable(SEARCH, search)
    if gate.updating:
        gate.record(SEARCH, search, measure(search))
    baseline, unmeasured = gate.baseline(SEARCH, search), measurement(gate, workbench, search, None)
    if incomparable_fields(SEARCH, baseline.measurement, unmeasured):
        # Searching would not change that.
        verdicts = compare(SEARCH, [(baseline, unmeasured)])
    else:
        verdicts = decide_in_looks(SEARCH, [(baseline, search)], measure)
    (verdict,) = verdicts
    gate.settle(verdict)
