"""Hyperband's arithmetic: how many trials run for how many epochs, and which of them go on.

Source: Li, Jamieson, DeSalvo, Rostamizadeh and Talwalkar (2018), "Hyperband: A Novel Bandit-Based Approach to
Hyperparameter Optimization", Journal of Machine Learning Research 18, Algorithm 1. All of it is computed in
whole numbers and fractions, without a logarithm.

Keras Tuner departs from the paper in three ways, all of which `rounds` has and `paper_rounds` has not:

1. Budget. The paper gives each bracket `1 + floor(log(R, factor))` times R epochs, Keras Tuner
   `1 + ceil(log(R, factor))` times; the same where R, `max_epochs`, is a power of `factor`.
2. Sizes. The paper rounds a bracket's first round up and divides it by `factor` from round to round, rounding
   down; Keras Tuner rounds each round up for itself.
3. Epochs. The paper's resource may be a fraction; Keras Tuner rounds epochs up.

Keras Tuner computes in floats. Those give the same for all R up to 2000 with factors up to 10, also where
`math.log` is off, as in `math.log(243, 3) == 4.999999999999999`. The first R where they do not is 15625 with
factor 5: there its budget is 8 times R and not 7.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from rnn_suite.errors import InvalidExperimentError
from rnn_suite.trials import TrialResult


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperRound:
    """One round of the paper's: some configurations, each given some resource."""

    bracket: int
    """The paper's s, from the most selective bracket down to 0."""
    round: int
    """The paper's i, from 0 up to the bracket's number."""
    configurations: int
    """The paper's n_i."""
    epochs: Fraction
    """The paper's r_i: the resource of each, that of the rounds before included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a trial stands in a search."""

    iteration: int
    """Times that all brackets had been gone through before."""
    bracket: int
    """From the most selective bracket down to 0, which is random search."""
    round: int
    """From 0, whose values are drawn, up to the bracket's number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One round of a search: some trials, each trained for some epochs."""

    place: Place
    trials: int
    initial_epoch: int
    """Epochs after which the round before ended; 0 in the first."""
    epochs: int
    """Epochs after which this one ends, those of the rounds before included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """Which trials went on into a round, and which ought to have."""

    place: Place
    """The round they went on into."""
    promoted: tuple[str, ...]
    """Those of the round before that went on, in the order in which they did."""
    best: tuple[str, ...]
    """Those of the round before that ought to, the best one first."""


def paper_rounds(max_epochs: int, factor: int) -> tuple[PaperRound, ...]:
    """Return the rounds of the paper's Algorithm 1, in its order.

    Args:
        max_epochs: the paper's R, 1 or more.
        factor: the paper's eta, 2 or more.

    Raises:
        InvalidExperimentError: if one of the two is below that.
    """
    most = _whole_log(max_epochs, factor)
    return tuple(
        PaperRound(
            bracket=s,
            round=i,
            configurations=_up((most + 1) * factor**s, s + 1) // factor**i,
            epochs=Fraction(max_epochs, factor ** (s - i)),
        )
        for s in reversed(range(most + 1))
        for i in range(s + 1)
    )


def rounds(max_epochs: int, factor: int, iterations: int = 1) -> tuple[Round, ...]:
    """Return Keras Tuner's rounds, in the order in which it begins them where one process runs all trials.

    Args:
        max_epochs: epochs of the longest trial, 1 or more.
        factor: one trial in so many goes on from round to round, 2 or more.
        iterations: times that all brackets are gone through.

    Raises:
        InvalidExperimentError: if `max_epochs` or `factor` is below that.
    """
    most = _whole_log(max_epochs, factor)
    budget = 1 + most + (factor**most < max_epochs)

    def epochs(halvings: int) -> int:
        return _up(max_epochs, factor**halvings)

    return tuple(
        Round(
            place=Place(iteration=iteration, bracket=s, round=i),
            trials=_up(budget * factor ** (s - i), s + 1),
            initial_epoch=epochs(s - i + 1) if i else 0,
            epochs=epochs(s - i),
        )
        for iteration in range(iterations)
        for s in reversed(range(most + 1))
        for i in range(s + 1)
    )


def trials_begun(planned: Iterable[Round]) -> int:
    """Return the number of trials in all rounds, none of which fails."""
    return sum(each.trials for each in planned)


def epochs_trained(planned: Iterable[Round]) -> int:
    """Return the epochs trained in all rounds, none of which fails or stops early."""
    return sum(each.trials * (each.epochs - each.initial_epoch) for each in planned)


def promoted(scores: Mapping[str, float], keep: int) -> tuple[str, ...]:
    """Return the `keep` trials with the highest scores, best first; of equal ones those named first."""
    return tuple(sorted(scores, key=lambda trial: -scores[trial])[:keep])


def promotions_due(completed: int, *, of: Round, to: Round) -> int:
    """Return how many trials go on from round `of` into round `to`, where not all of `of` completed.

    Keras Tuner throws away as many as it would have, so each that failed is one fewer in the next round.
    """
    return max(0, completed - (of.trials - to.trials))


def brackets(trials: Iterable[TrialResult]) -> dict[str, int]:
    """Return the bracket each trial belongs to, by name: that of the trial it goes on from.

    The number in it may be another's; see `places`.

    Args:
        trials: in the order in which they were begun.
    """
    found: dict[str, int] = {}
    for trial in trials:
        found[trial.trial] = found.get(trial.parent, trial.bracket)
    return found


def places(trials: Iterable[TrialResult], max_epochs: int, factor: int) -> dict[str, Place]:
    """Return where each trial stands, by name.

    A trial that goes on from another belongs to that one's bracket. The number in it may be another's: Keras
    Tuner writes the newest bracket's into it (`HyperbandOracle.populate_space`), and with several workers the
    next bracket begins before the last one is done. Trials whose values are drawn have their own number.

    Args:
        trials: in the order in which they were begun.
        max_epochs: as asked of the search.
        factor: as asked of the search.
    """
    sizes = {r.place.bracket: r.trials for r in rounds(max_epochs, factor) if not r.place.round}
    found: dict[str, Place] = {}
    drawn: Counter[int] = Counter()
    for trial in trials:
        if parent := found.get(trial.parent):
            iteration, bracket = parent.iteration, parent.bracket
        else:
            bracket = trial.bracket
            iteration = drawn[bracket] // sizes.get(bracket, 1)
            drawn[bracket] += 1
        found[trial.trial] = Place(iteration=iteration, bracket=bracket, round=trial.round)
    return found


def rounds_of(trials: Sequence[TrialResult], max_epochs: int, factor: int) -> tuple[Round, ...]:
    """Return the rounds that the trials of a search make up, in the order of `rounds`.

    What was searched as planned is equal to `rounds`. The arguments are those of `places`.
    """
    where = places(trials, max_epochs, factor)
    counted = Counter((where[t.trial], t.initial_epoch, t.epochs) for t in trials)
    found = [
        Round(place=place, trials=count, initial_epoch=initial, epochs=epochs)
        for (place, initial, epochs), count in counted.items()
    ]
    return tuple(sorted(found, key=_order))


def promotions(
    trials: Sequence[TrialResult], max_epochs: int, factor: int, iterations: int = 1
) -> tuple[Promotion, ...]:
    """Return who went on, and who ought to have, for each round of a search but the first of a bracket.

    One process promotes `best` in that order. Several promote before a round is over, yet in the end the same
    ones: each is the best of so many that too few are left to outdo it. Trials with equal scores may then
    stand in for each other.

    The arguments are those of `places` and `rounds`; a trial whose score is None has failed, or still runs.
    """
    where = places(trials, max_epochs, factor)
    members: dict[Place, list[TrialResult]] = {}
    for trial in trials:
        members.setdefault(where[trial.trial], []).append(trial)
    made = []
    for of, to in pairwise(rounds(max_epochs, factor, iterations)):
        if not to.place.round:
            continue
        scores = {t.trial: t.score for t in members.get(of.place, ()) if t.score is not None}
        due = promotions_due(len(scores), of=of, to=to)
        gone_on = tuple(trial.parent for trial in members.get(to.place, ()))
        made.append(Promotion(place=to.place, promoted=gone_on, best=promoted(scores, due)))
    return tuple(made)


def _order(found: Round) -> tuple[int, int, int, int, int]:
    place = found.place
    return (place.iteration, -place.bracket, place.round, found.initial_epoch, found.epochs)


def _whole_log(number: int, base: int) -> int:
    """Return the largest k with `base**k <= number`."""
    if number < 1 or base < 2:
        raise InvalidExperimentError(
            "Hyperband needs epochs and a factor to share them out by.\n"
            f"Expected: max_epochs 1 or more, factor 2 or more\nReceived: {number!r}, {base!r}"
        )
    k = 0
    while base ** (k + 1) <= number:
        k += 1
    return k


def _up(dividend: int, divisor: int) -> int:
    return -(-dividend // divisor)
