"""Bayesian optimization, which needs scikit-learn: what it draws, and what it proposes from that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rnn_suite.checks.parts.untrained_searches import LINE, PEAK, OnAHill, ran
from rnn_suite.checks.topics._tuner_draws import SEARCH, drawn_values
from rnn_suite.findings import Finding, equal, within

CLIMB = replace(SEARCH, tuner="bayesian", space=LINE, max_trials=6)
SEED = 8
"""Its first three draws lie far from the best."""


def a_bayesian_search_draws_before_it_proposes() -> Iterator[Finding]:
    """Replay its first trials, three for each hyperparameter, as those of any other tuner that draws."""
    found = ran(replace(SEARCH, tuner="bayesian", max_trials=12))
    yield equal("values", list(found.values), drawn_values(SEARCH.space, 1, 12))
    yield equal("ranked", found.ranked, found.ranked_by_score)


def bayesian_proposals_close_in_on_the_best() -> Iterator[Finding]:
    """Search a smooth hill: three proposals after three draws come far nearer its top than six draws.

    From 16 other seeds the nearest of six was at most 27 of 400 steps away. A proposal may repeat one before
    it: nothing in Keras Tuner forbids that.
    """
    for kind, nearest, farthest in (("bayesian", 0, 16), ("random", 100, 400)):
        units = [int(v["units"]) for v in ran(replace(CLIMB, tuner=kind), SEED, OnAHill).values]
        away = min(abs(value - PEAK) for value in units)
        yield within(f"{kind}, steps from the best of {PEAK}", away, nearest, farthest)
        outside = [value for value in units if value not in LINE.ranges[0].values]
        yield equal(f"{kind}, values outside the space", outside, [])
        yield equal(f"{kind}, trials", len(units), CLIMB.max_trials)


def the_same_seed_leads_to_the_same_proposal() -> Iterator[Finding]:
    """Propose once more from the same three draws."""
    longer = ran(CLIMB, SEED, OnAHill)
    shorter = ran(replace(CLIMB, max_trials=4), SEED, OnAHill)
    yield equal("values", shorter.values, longer.values[:4])


BAYESIAN = (
    a_bayesian_search_draws_before_it_proposes,
    bayesian_proposals_close_in_on_the_best,
    the_same_seed_leads_to_the_same_proposal,
)
