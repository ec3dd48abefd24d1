"""A finished search by Hyperband, made by hand: max_epochs 3, factor 3, six trials."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rnn_suite.experiment import CorpusConfig, TrainingConfig
from rnn_suite.search import SMALL_SPACE, Search
from rnn_suite.trials import RebuiltModel, SearchResult, TrialResult

SEARCH = Search(
    profile="tiny",
    corpus=CorpusConfig(name="standin"),
    training=TrainingConfig(epochs=2),
    space=SMALL_SPACE,
    max_epochs=3,
)

CELLS = ("gru", "lstm", "simple_rnn")


def trial(
    number: int, accuracies: tuple[float, ...], *, bracket: int, epochs: int, **changed: Any
) -> TrialResult:
    losses = tuple(round(1 - accuracy, 4) for accuracy in accuracies)
    made = TrialResult(
        trial=f"{number:04d}",
        status="COMPLETED",
        values={
            "units": str(16 + 16 * (number // 3)),
            "rnn_type": CELLS[number % 3],
            "learning_rate": "0.01",
            "dropout": "0.0",
        },
        bracket=bracket,
        round=0,
        initial_epoch=0,
        epochs=epochs,
        parent="",
        score=max(accuracies),
        history={"loss": losses, "val_loss": losses, "val_accuracy": accuracies},
        first_loss=None,
        seconds=2.0,
        fit_seconds=1.5,
        fault="",
    )
    return replace(made, **changed)


def searched(seed: int = 1, *, gain: float = 0.0) -> SearchResult:
    """Return a search that keeps every rule; all its accuracies are higher by `gain`."""

    def up(*accuracies: float) -> tuple[float, ...]:
        return tuple(round(accuracy + gain, 4) for accuracy in accuracies)

    trials = [
        trial(0, up(0.70), bracket=1, epochs=1),
        trial(1, up(0.75), bracket=1, epochs=1),
        trial(2, up(0.60), bracket=1, epochs=1),
    ]
    parent = trials[1]
    trials.append(
        trial(
            3,
            up(0.80, 0.79),
            bracket=1,
            epochs=3,
            round=1,
            initial_epoch=1,
            parent=parent.trial,
            values=parent.values,
            first_loss=parent.history["val_loss"][0],
        )
    )
    trials.append(trial(4, up(0.65, 0.66, 0.64), bracket=0, epochs=3))
    trials.append(trial(5, up(0.55, 0.56, 0.57), bracket=0, epochs=3))
    best = trials[3]
    assert best.score is not None
    return SearchResult(
        seed=seed,
        trials=tuple(trials),
        best=RebuiltModel(
            trial=best.trial,
            score=best.score,
            history={"loss": (0.5, 0.4), "val_accuracy": up(0.7, 0.75)},
            test_loss=0.5,
            test_accuracy=0.76,
        ),
        seconds=14.0,
        workers=1,
    )


def with_trial(result: SearchResult, number: int, **changed: Any) -> SearchResult:
    """Return `result` with one trial changed."""
    trials = list(result.trials)
    trials[number] = replace(trials[number], **changed)
    return replace(result, trials=tuple(trials))
