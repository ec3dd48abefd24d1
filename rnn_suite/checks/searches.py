"""Finished searches against the arithmetic of their tuner: what must hold whatever the trainings gave."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence

from rnn_suite.findings import UNCOMPARABLE, Finding
from rnn_suite.hyperband import Round, promotions, rounds, rounds_of
from rnn_suite.questions.rules import RuleFindings
from rnn_suite.search import Search
from rnn_suite.trials import COMPLETED, SearchResult, TrialResult

Held = tuple[str, str] | None
"""What was expected and what was received of one search; None where the rule holds."""


def search_findings(search: Search, results: Sequence[SearchResult]) -> RuleFindings:
    """Hold every search against every rule; one finding a rule, which shows the first search that breaks it.

    Args:
        search: what was searched, and how.
        results: one a seed.
    """
    return RuleFindings(findings=tuple(_finding(rule, search, results) for rule in RULES))


def _finding(
    rule: Callable[[Search, SearchResult], Held], search: Search, results: Sequence[SearchResult]
) -> Finding:
    broken = [(result.seed, held) for result in results if (held := rule(search, result))]
    expected, received = broken[0][1] if broken else ("holds", "holds")
    return Finding(
        name=f"search: {rule.__name__}",
        error=UNCOMPARABLE if broken else 0.0,
        bound=0.0,
        expected=expected,
        received=f"seed {broken[0][0]}: {received}" if broken else received,
    )


def trials_of_every_round(search: Search, result: SearchResult) -> Held:
    """Count trials by iteration, bracket, round, and the epochs between which they train."""
    if search.tuner == "random":
        # It ends where 21 draws running were tried before, which in a small space comes early.
        few = 1 <= len(result.trials) <= search.max_trials
        return None if few else (f"1 to {search.max_trials} trials", str(len(result.trials)))
    if search.tuner != "hyperband":
        expected = min(search.max_trials, search.space.points)
        received = len(result.trials)
        return None if received == expected else (f"{expected} trials", str(received))
    planned = rounds(search.max_epochs, search.factor, search.iterations)
    found = rounds_of(result.trials, search.max_epochs, search.factor)
    return None if found == planned else (_told(planned), _told(found))


def _told(rounds: Iterable[Round]) -> str:
    return ", ".join(
        f"{r.trials} in bracket {r.place.bracket} round {r.place.round} from epoch {r.initial_epoch} to "
        f"{r.epochs}"
        for r in rounds
    )


def no_trial_fails(_search: Search, result: SearchResult) -> Held:
    """Look at how each trial ended."""
    failed = [t for t in result.trials if t.status != COMPLETED]
    if not failed:
        return None
    told = ", ".join(f"{t.trial} {t.status} ({t.fault or 'no reason kept'})" for t in failed[:3])
    return f"{len(result.trials)} completed trials", f"{len(failed)} others: {told}"


def values_lie_in_the_space(search: Search, result: SearchResult) -> Held:
    """Hold names and values of each trial against the space."""
    space = {p.name: {str(value) for value in p.values} for p in search.space.parameters}
    for trial in result.trials:
        if trial.values.keys() != space.keys():
            return f"{sorted(space)}", f"{trial.trial}: {sorted(trial.values)}"
        for name, value in trial.values.items():
            if value not in space[name]:
                return f"{name} one of {', '.join(sorted(space[name]))}", f"{trial.trial}: {value}"
    return None


def no_configuration_is_tried_twice(search: Search, result: SearchResult) -> Held:
    """Compare the trials that go on from no other; a tuner by Gaussian processes may repeat one."""
    if search.tuner == "bayesian":
        return None
    fresh = [tuple(sorted(t.values.items())) for t in result.trials if not t.parent]
    twice = len(fresh) - len(set(fresh))
    return ("every configuration once", f"{twice} again") if twice else None


def trials_train_until_they_are_stopped(search: Search, result: SearchResult) -> Held:
    """Count epochs: all that were asked for, unless `val_loss` was not lower for so many of them."""
    for trial in _completed(result):
        last = trial.epochs or search.max_epochs
        losses = trial.history.get("val_loss", ())
        expected = _until_stopped(losses, last - trial.initial_epoch, search.patience)
        if len(losses) != expected:
            asked = f"from {trial.initial_epoch} to {last} with patience {search.patience}"
            return (
                f"{expected} epochs in {trial.trial}, {asked}",
                f"{len(losses)}, with val_loss {[round(loss, 4) for loss in losses]}",
            )
    return None


def _until_stopped(losses: Iterable[float], epochs: int, patience: int) -> int:
    """Return after how many of `epochs` early stopping ends a training with these losses."""
    best, waited = math.inf, 0
    for epoch, loss in enumerate(itertools.islice(losses, epochs), start=1):
        best, waited = (loss, 0) if loss < best else (best, waited + 1)
        if waited >= max(patience, 1):
            return epoch
    return epochs


def scores_are_of_the_best_epoch(search: Search, result: SearchResult) -> Held:
    """Hold the score of each trial against the highest objective of its own epochs."""
    for trial in _completed(result):
        highest = max(trial.history.get(search.objective) or (math.nan,))
        if trial.score is None or not math.isclose(trial.score, highest, rel_tol=1e-6):
            return f"{trial.trial} scores {highest}", str(trial.score)
    return None


def the_best_of_a_round_go_on(search: Search, result: SearchResult) -> Held:
    """Compare the scores of the trials that others go on from with the highest of their round."""
    if search.tuner != "hyperband":
        return None
    by_name = {t.trial: t for t in result.trials}
    drawn = [t.trial for t in result.trials if t.round and t.parent not in by_name]
    if drawn:
        return "a trial to go on from", f"none for {', '.join(drawn)}"
    made = promotions(result.trials, search.max_epochs, search.factor, search.iterations)
    for promotion in made:
        expected, received = (
            sorted((by_name[name].score or 0.0 for name in names), reverse=True)
            for names in (promotion.best, promotion.promoted)
        )
        if expected != received or len(set(promotion.promoted)) != len(promotion.promoted):
            into = f"bracket {promotion.place.bracket} round {promotion.place.round}"
            return (
                f"into {into} go {', '.join(promotion.best)} with {expected}",
                f"{', '.join(promotion.promoted)} with {received}",
            )
    return None


def trials_go_on_with_values_and_weights(search: Search, result: SearchResult) -> Held:
    """Hold values and the loss before the first step against those of the trial that is gone on from."""
    by_name = {t.trial: t for t in result.trials}
    for trial in _completed(result):
        if (parent := by_name.get(trial.parent)) is None:
            continue
        if trial.values != parent.values:
            return f"{trial.trial} has the values of {parent.trial}: {parent.values}", str(
                trial.values
            )
        if trial.initial_epoch != parent.epochs:
            return f"{trial.trial} goes on at epoch {parent.epochs}", str(trial.initial_epoch)
        objective, losses = (
            parent.history.get(name, ()) for name in (search.objective, "val_loss")
        )
        if not objective or len(losses) != len(objective):
            return f"a history of {parent.trial}", f"{sorted(parent.history)}"
        kept = losses[objective.index(max(objective))]
        begun = trial.first_loss
        # The same weights on the same reviews: only sums in another order may differ.
        if begun is None or not math.isclose(begun, kept, rel_tol=1e-4):
            return f"{trial.trial} begins with a val_loss of {kept:.6f}, its parent's best", str(
                begun
            )
    return None


def the_best_trial_is_rebuilt(search: Search, result: SearchResult) -> Held:
    """Look for the highest score ourselves, and count the epochs of the rebuilt model."""
    scores = [t.score for t in _completed(result) if t.score is not None]
    if result.best is None or not scores:
        return "a best trial", "none: the tuner gave up"
    chosen = next((t for t in result.trials if t.trial == result.best.trial), None)
    if chosen is None or chosen.score != max(scores) or result.best.score != max(scores):
        return (
            f"a trial with the score {max(scores)}",
            f"{result.best.trial} with {result.best.score}",
        )
    trained = len(result.best.history.get("loss", ()))
    if trained != search.training.epochs:
        return f"{search.training.epochs} epochs of the rebuilt model", str(trained)
    return None


def _completed(result: SearchResult) -> list[TrialResult]:
    return [trial for trial in result.trials if trial.status == COMPLETED]


RULES = (
    trials_of_every_round,
    no_trial_fails,
    values_lie_in_the_space,
    no_configuration_is_tried_twice,
    trials_train_until_they_are_stopped,
    scores_are_of_the_best_epoch,
    the_best_of_a_round_go_on,
    trials_go_on_with_values_and_weights,
    the_best_trial_is_rebuilt,
)
