"""Searches: did the tuner do what its arithmetic says, and is the best it finds no worse than it was?

`search_structure` holds each search to rules without noise; see `rnn_suite.checks.searches`. `search` holds
the best validation accuracy over searches to the baseline's, as accuracies of trainings are held: null,
effect and error rates are those of `rnn_suite.questions.accuracy`, and the replicate is a whole search.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from rnn_suite.questions.accuracy import LOOKS, AccuracyGate, judge_accuracies, mean_accuracy
from rnn_suite.questions.accuracy import propose_gate as propose_accuracy_gate
from rnn_suite.questions.question import Pair, Question, SameCorpus, each
from rnn_suite.questions.rules import RuleFindings, RuleGate, judge_rules, worst_share
from rnn_suite.search import Search
from rnn_suite.trials import SearchResult, TrialResult
from rnn_suite.verdicts import Judgement, Outcome

FIRST_LOOK_SEARCHES = 1
"""Searches of the first look, which a proposed gate is laid out for."""

KIND = "rnn_type"
"""The hyperparameter whose winner is gated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Searches:
    """Whole searches, a seed each, with every trial."""

    searches: tuple[SearchResult, ...]

    def __post_init__(self) -> None:
        seeds = [search.seed for search in self.searches]
        if not seeds or len(set(seeds)) != len(seeds):
            raise ValueError(f"expected one search or more, a seed each, received {seeds}")

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds."""
        return tuple(search.seed for search in self.searches)

    @property
    def accuracy_fraction(self) -> tuple[float, ...]:
        """Best validation accuracy of each search; 0 where the tuner gave up."""
        return tuple(0.0 if s.best is None else s.best.score for s in self.searches)

    @property
    def winners(self) -> tuple[str, ...]:
        """Kind of cell of each search's best trial; nothing where there is none."""
        return tuple(
            next(
                (t.values.get(KIND, "") for t in s.trials if s.best and t.trial == s.best.trial), ""
            )
            for s in self.searches
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchGate(AccuracyGate):
    """Limits of the outcome of a search: those of an accuracy, and what may win."""

    accepted_winners: tuple[str, ...]
    """Kinds of cell that may be the best."""


def _propose_gate(measured: Searches) -> SearchGate:
    """Return a starting gate: winners are the kinds that came within the allowed drop of the best."""
    gate = propose_accuracy_gate(measured, first_look_seeds=FIRST_LOOK_SEARCHES)
    near = {
        trial.values.get(KIND, "")
        for search in measured.searches
        for trial in search.trials
        if search.best and trial.score is not None
        if trial.score >= search.best.score - gate.allowed_drop_fraction
    }
    return SearchGate(
        **{f.name: getattr(gate, f.name) for f in fields(AccuracyGate)},
        accepted_winners=tuple(sorted(near)),
    )


def _judge(pairs: Sequence[Pair]) -> list[Judgement]:
    judged = judge_accuracies(
        pairs,
        of="best validation accuracy of a search",
        cause="look at search_structure and tuner_decisions first: they tell the tuner's choices from its "
        "trainings; then at the accuracy of the cells",
    )
    return [_with_winners(pair, judgement) for pair, judgement in zip(pairs, judged, strict=True)]


def _with_winners(pair: Pair, judgement: Judgement) -> Judgement:
    searches: Searches = pair.new
    accepted: tuple[str, ...] = pair.gate.accepted_winners
    notes = tuple(
        _told(search, winner)
        for search, winner in zip(searches.searches, searches.winners, strict=True)
    )
    strange = [winner for winner in searches.winners if winner and winner not in accepted]
    judgement = replace(
        judgement,
        expected=f"{judgement.expected}; the best is one of {', '.join(accepted)}",
        received=f"{judgement.received}; the best: {', '.join(filter(None, searches.winners)) or 'none'}",
        notes=notes,
    )
    if 2 * len(strange) > len(searches.winners) and judgement.outcome is not Outcome.REGRESSED:
        # One search may end so by chance: never seen in n others, it still does once in n + 1.
        every_look = len(strange) == len(searches.winners) >= LOOKS
        return replace(
            judgement,
            outcome=Outcome.REGRESSED if every_look else Outcome.INCONCLUSIVE,
            next_step=f"{', '.join(dict.fromkeys(strange))} never came near the best where the baseline was "
            "recorded; look at the accuracy of the other cells, and add it to accepted_winners if it is as "
            "good now",
        )
    return judgement


def _told(search: SearchResult, winner: str) -> str:
    trained = sum(trial.trained_epochs for trial in search.trials)
    line = (
        f"seed {search.seed}: {len(search.trials)} trials, {trained} epochs, {search.seconds:.0f} s"
    )
    if search.tuner_seconds is not None:
        line += f", of which the tuner's own {search.tuner_seconds:.1f} s a trial"
    if search.best is None:
        return f"{line}; it gave up: {search.trials[-1].fault if search.trials else 'no trial'}"
    return (
        f"{line}; best {search.best.score:.4f} ({winner}), rebuilt model's test accuracy "
        f"{search.best.test_accuracy:.4f}; order of the cells: {' > '.join(_order(search.trials))}"
    )


def _order(trials: Sequence[TrialResult]) -> list[str]:
    """Return the kinds of cell, the one with the best trial first."""
    best: dict[str, float] = {}
    for trial in trials:
        if trial.score is not None:
            kind = trial.values.get(KIND, "")
            best[kind] = max(best.get(kind, 0.0), trial.score)
    return sorted(best, key=lambda kind: -best[kind])


SEARCH = Question(
    name="search",
    measured=Searches,
    gate=SearchGate,
    propose_gate=_propose_gate,
    judge=_judge,
    same_corpus=SameCorpus.REVIEWS,
    experiment=Search,
    amount=mean_accuracy,
    unit="fraction",
    higher_is_better=True,
)

SEARCH_STRUCTURE = Question(
    name="search_structure",
    measured=RuleFindings,
    gate=RuleGate,
    propose_gate=lambda _measured: RuleGate(known_faults=()),
    judge=each(judge_rules),
    same_corpus=SameCorpus.ANY,
    experiment=Search,
    amount=worst_share,
    unit="share of bound",
)
