"""What Keras Tuner decides, held against independent arithmetic, on scores that nothing was trained for.

Which trials are begun, for how many epochs, with which values; which of them go on; which is the best. The
rules of the modules `_tuner_...` belong to it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

from packaging.version import Version

from rnn_suite.checks.parts.untrained_searches import OBJECTIVE, jumbled, ran, tuner_of
from rnn_suite.checks.topics._tuner_bayesian import BAYESIAN
from rnn_suite.checks.topics._tuner_draws import DRAWS, SEARCH
from rnn_suite.checks.topics._tuner_failures import FAILURES
from rnn_suite.checks.topics._tuner_trainings import TRAININGS
from rnn_suite.findings import Finding, equal, within
from rnn_suite.hyperband import promotions, rounds, rounds_of
from rnn_suite.search import SMALL_SPACE, IntRange, Search
from rnn_suite.tuning.project import read_trials
from rnn_suite.tuning.tuners import keras_tuner

OLDEST = "1.4.6"
"""The first Keras Tuner that works with Keras 3 as the suite needs it."""

HYPERBANDS = ((10, 3, 1), (3, 3, 1), (9, 3, 1), (27, 3, 1), (16, 4, 1), (9, 3, 2))
"""Epochs, factor and iterations: the notebook's, smoke's, and some at which other numbers are rounded."""

CPU_SECONDS_A_TRIAL = 0.125
"""About 50 times what a trial costs the tuner itself: 2.2 to 2.9 ms on a core of an AMD EPYC."""


def the_version_is_known_to_work_with_keras_3() -> Iterator[Finding]:
    """Import Keras Tuner and read its version."""
    version = keras_tuner().__version__
    yield equal(f"{OLDEST} or later", Version(version) >= Version(OLDEST), True)


def the_space_is_as_declared() -> Iterator[Finding]:
    """Ask the tuner for the notebook's space: names, kinds, values, in order, and where it begins."""
    with tuner_of(SEARCH) as tuner:
        found = {each.name: each for each in tuner.oracle.get_space().space}
    parameters = SEARCH.space.parameters
    yield equal("names", [*found], [parameter.name for parameter in parameters])
    for parameter in parameters:
        each = found[parameter.name]
        is_range = isinstance(parameter, IntRange)
        yield equal(f"{parameter.name}, kind", type(each).__name__, "Int" if is_range else "Choice")
        yield equal(f"{parameter.name}, values", list(each.values), list(parameter.values))
        yield equal(f"{parameter.name}, default", each.default, parameter.values[0])
        yield equal(f"{parameter.name}, conditions", each.conditions, [])


def accuracy_is_to_rise_and_loss_to_fall() -> Iterator[Finding]:
    """Name an objective and ask which way it is to go; Keras Tuner looks the name up in Keras."""
    for objective, direction in (
        (OBJECTIVE, "max"),
        ("accuracy", "max"),
        ("val_binary_accuracy", "max"),
        ("val_loss", "min"),
        ("val_mean_squared_error", "min"),
    ):
        with tuner_of(replace(SEARCH, objective=objective)) as tuner:
            found = tuner.oracle.objective
            yield equal(objective, (found.name, found.direction), (objective, direction))


def hyperband_runs_the_rounds_of_its_arithmetic() -> Iterator[Finding]:
    """Count trials and epochs of every round of six searches; see `rnn_suite.hyperband`."""
    for max_epochs, factor, iterations in HYPERBANDS:
        name = f"{max_epochs} epochs, factor {factor}, {iterations} times"
        trials = ran(_hyperband(max_epochs, factor, iterations)).trials
        planned = rounds(max_epochs, factor, iterations)
        yield equal(f"{name}, rounds", _told(rounds_of(trials, max_epochs, factor)), _told(planned))
        begun = [(trial.bracket, trial.round, trial.epochs) for trial in trials]
        order = [(each.place.bracket, each.place.round, each.epochs) for each in planned]
        yield equal(f"{name}, order", [*dict.fromkeys(begun)], [*dict.fromkeys(order)])
        ended = {trial.status for trial in trials}
        yield equal(f"{name}, how trials end", ended, {"COMPLETED"})


def hyperband_promotes_the_best_of_each_round() -> Iterator[Finding]:
    """Rank each round of six searches; what goes on keeps its values and begins where it ended."""
    for max_epochs, factor, iterations in HYPERBANDS:
        found = ran(_hyperband(max_epochs, factor, iterations))
        # Ranked by what the trials returned, not by what Keras Tuner made of it.
        trials = [
            replace(trial, score=score)
            for trial, score in zip(found.trials, found.scores, strict=True)
        ]
        name = f"{max_epochs} epochs, factor {factor}, {iterations} times"
        for made in promotions(trials, max_epochs, factor, iterations):
            place = made.place
            yield equal(
                f"{name}, iteration {place.iteration}, bracket {place.bracket}, into round {place.round}",
                made.promoted,
                made.best,
            )
        named = {trial.trial: trial for trial in trials}
        going_on = [(trial, named.get(trial.parent)) for trial in trials if trial.round]
        for what in ("trial", "values", "epochs"):
            # What it carries over, against what its parent has.
            carried = {"trial": "parent", "epochs": "initial_epoch"}.get(what, what)
            wrong = [t.trial for t, p in going_on if getattr(t, carried) != getattr(p, what, None)]
            yield equal(
                f"{name}, those with another {carried} than their parent's {what}", wrong, []
            )


def several_workers_promote_the_same() -> Iterator[Finding]:
    """Ask one oracle for three workers, whose trials end in any order, and count as with one.

    A trial that goes on may then carry another bracket's number; it is found by the one it goes on from.
    """
    search = _hyperband(9, 3, 2)
    for order in (1, 2):
        with tuner_of(search) as tuner:
            _work(tuner.oracle, workers=3, order=order)
            trials = read_trials(Path(tuner.project_dir))
        found = rounds_of(trials, search.max_epochs, search.factor)
        yield equal(f"order {order}, rounds", _told(found), _told(rounds(9, 3, 2)))
        made = promotions(trials, search.max_epochs, search.factor, search.iterations)
        yield equal(
            f"order {order}, who goes on",
            [sorted(each.promoted) for each in made],
            [sorted(each.best) for each in made],
        )


def a_grid_is_walked_whole_and_in_order() -> Iterator[Finding]:
    """Try every combination once, the last hyperparameter fastest, and no more than are asked for."""
    space = SMALL_SPACE
    names = [parameter.name for parameter in space.parameters]
    grid = [
        dict(zip(names, values, strict=True))
        for values in product(*(parameter.values for parameter in space.parameters))
    ]
    for name, asked in (("whole", len(grid) + 10), ("cut short", 10)):
        found = ran(replace(SEARCH, tuner="grid", space=space, max_trials=asked))
        yield equal(name, list(found.values), grid[:asked])


def as_many_trials_are_begun_as_asked() -> Iterator[Finding]:
    """Count the trials of the tuners that are told how many."""
    for kind in ("random", "grid"):
        trials = ran(replace(SEARCH, tuner=kind, max_trials=7)).trials
        yield equal(kind, [trial.trial for trial in trials], [str(number) for number in range(7)])


def the_best_trial_has_the_highest_score() -> Iterator[Finding]:
    """Rank all trials of every tuner by what they returned."""
    for kind in ("hyperband", "random", "grid"):
        found = ran(replace(SEARCH, tuner=kind, max_trials=7))
        scores = tuple(trial.score for trial in found.trials)
        yield equal(f"{kind}, scores", scores, found.scores)
        yield equal(f"{kind}, ranked", found.ranked, found.ranked_by_score)
        best = found.values[found.scores.index(max(found.scores))]
        yield equal(f"{kind}, best values", found.best_values, best)


def a_trial_costs_the_tuner_little() -> Iterator[Finding]:
    """Measure the processor time of a search that trains nothing, files included."""
    found = ran(_hyperband(16, 4, 1))
    seconds = found.cpu_seconds / max(1, len(found.trials))
    yield within("CPU seconds a trial", seconds, 0.0, CPU_SECONDS_A_TRIAL)


def _hyperband(max_epochs: int, factor: int, iterations: int) -> Search:
    return replace(SEARCH, max_epochs=max_epochs, factor=factor, iterations=iterations)


def _told(found: Any) -> list[str]:
    """Return rounds in words that fit a message, such as `0.2.1: 4 x 2-4`."""
    return [
        f"{r.place.iteration}.{r.place.bracket}.{r.place.round}: {r.trials} x {r.initial_epoch}-{r.epochs}"
        for r in found
    ]


def _work(oracle: Any, *, workers: int, order: int) -> None:
    """Run all trials of `oracle` by workers that take turns as a generator seeded with `order` says."""
    turns = random.Random(order)  # noqa: S311  # Any order will do.
    oracle.verbose = 0
    running: dict[str, Any] = dict.fromkeys(f"tuner{number}" for number in range(workers))
    while running:
        worker = turns.choice([*running])
        trial = running[worker]
        if trial is None:
            begun = oracle.create_trial(worker)
            if begun.status == "RUNNING":
                running[worker] = begun
            elif begun.status == "STOPPED":
                del running[worker]
        else:
            oracle.update_trial(trial.trial_id, {OBJECTIVE: jumbled(trial.hyperparameters.values)})
            trial.status = "COMPLETED"
            oracle.end_trial(trial)
            running[worker] = None


RULES = (
    the_version_is_known_to_work_with_keras_3,
    the_space_is_as_declared,
    accuracy_is_to_rise_and_loss_to_fall,
    hyperband_runs_the_rounds_of_its_arithmetic,
    hyperband_promotes_the_best_of_each_round,
    several_workers_promote_the_same,
    *DRAWS,
    a_grid_is_walked_whole_and_in_order,
    as_many_trials_are_begun_as_asked,
    the_best_trial_has_the_highest_score,
    *BAYESIAN,
    *TRAININGS,
    *FAILURES,
    a_trial_costs_the_tuner_little,
)
