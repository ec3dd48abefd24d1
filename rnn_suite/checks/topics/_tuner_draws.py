"""What a seed draws, replayed with Python's own generator."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import replace

from rnn_suite.checks.parts.untrained_searches import ran, tuner_of
from rnn_suite.findings import Finding, equal
from rnn_suite.search import SMALL_SPACE, Search, SearchSpace, Value

SEARCH = Search(profile="synthetic")
"""The notebook's, scored without training."""

OTHER = 4_321
"""A seed whose draws have none in common with those of seed 1."""

MOST_COLLISIONS = 20
"""So many draws for one trial may have been had before; with one more, the space counts as used up."""


def a_seed_draws_what_python_draws() -> Iterator[Finding]:
    """Replay every value that is drawn: the n-th is the first number of `random.Random(seed + n)`.

    So the draws of neighbouring seeds overlap: with four hyperparameters, the trials of seed 5 are those of
    seed 1 from its second one on. Seeds that are to be independent lie further apart than a search draws.
    """
    for name, search, seed, count in (
        ("hyperband", SEARCH, 1, 22),
        ("hyperband, another seed", SEARCH, OTHER, 22),
        ("random", replace(SEARCH, tuner="random", max_trials=20), 1, 20),
        ("random, a space that is used up", _used_up(), 1, 10**6),
    ):
        found = ran(search, seed)
        drawn = [
            values
            for values, trial in zip(found.values, found.trials, strict=True)
            if not trial.parent
        ]
        yield equal(name, drawn, drawn_values(search.space, seed, count))


def the_same_seed_proposes_the_same() -> Iterator[Finding]:
    """Search twice from one seed, and from another, with every tuner but the Bayesian one."""
    for name, search in (
        ("hyperband", SEARCH),
        ("random", replace(SEARCH, tuner="random")),
        ("grid", replace(SEARCH, tuner="grid")),
    ):
        first, other = ran(search, 1), ran(search, OTHER)
        # The cache knows the search, not the name of its profile.
        again = ran(replace(search, profile="again"), 1)
        yield equal(f"{name}, same seed", again.values, first.values)
        yield equal(
            f"{name}, another seed, proposes others", other.values != first.values, name != "grid"
        )


def zero_is_no_seed() -> Iterator[Finding]:
    """Ask for seed 0, for which Keras Tuner draws one from 1 to 10,000 (`seed or random`).

    That is how 1.4.8 behaves, not what anybody would ask of it: with 0, no search can be repeated.
    """
    for seed, kept in ((0, False), (1, True)):
        with tuner_of(SEARCH, seed) as tuner:
            yield equal(f"seed {seed} is kept", tuner.oracle.seed == seed, kept)


def _used_up() -> Search:
    return replace(SEARCH, tuner="random", space=SMALL_SPACE, max_trials=100)


def drawn_values(space: SearchSpace, seed: int, count: int) -> list[dict[str, Value]]:
    """Return the values of the first `count` trials that are drawn; fewer where the space is used up."""
    found: list[dict[str, Value]] = []
    state, collisions = seed, 0
    while len(found) < count and collisions <= MOST_COLLISIONS:
        values: dict[str, Value] = {}
        for parameter in space.parameters:
            drawn = random.Random(state).random()  # noqa: S311  # Keras Tuner's generator
            values[parameter.name] = parameter.values[math.floor(drawn * len(parameter.values))]
            state += 1
        if values in found:
            collisions += 1
        else:
            found.append(values)
            collisions = 0
    return found


DRAWS = (a_seed_draws_what_python_draws, the_same_seed_proposes_the_same, zero_is_no_seed)
