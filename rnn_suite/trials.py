"""What a search found: frozen, raw, with units in the names; a trial each, in the order they were begun."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean

COMPLETED, RUNNING, FAILED = "COMPLETED", "RUNNING", "FAILED"
"""Keras Tuner's words for how a trial stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialResult:
    """One trial: hyperparameters that were tried, and what their training gave."""

    trial: str
    """Keras Tuner's name of it, such as `0003`."""
    status: str
    """`COMPLETED`, or how else it ended in Keras Tuner's words."""
    values: dict[str, str]
    """Hyperparameters by name, as Python writes them."""
    bracket: int
    """Hyperband's bracket, counted down from the most selective; 0 with other tuners."""
    round: int
    """Hyperband's round within the bracket; 0 with other tuners."""
    initial_epoch: int
    """Epochs that the trial it goes on from had trained."""
    epochs: int
    """Epochs after which it ends, those of the trial it goes on from included."""
    parent: str
    """The trial it goes on from, or nothing."""
    score: float | None
    """The objective at its best epoch; None where the trial failed."""
    history: dict[str, tuple[float, ...]]
    """Keras's figures of each epoch that this trial trained itself; empty where it failed."""
    first_loss: float | None
    """Validation loss before its first step: what it begins from. None where it could not be had."""
    seconds: float
    """Wall time of the trial."""
    fit_seconds: float
    """Wall time of `fit` in it; what is left is the tuner's own."""
    fault: str
    """Last line of what went wrong, or nothing."""

    @property
    def trained_epochs(self) -> int:
        """How many epochs it trained itself; early stopping makes them fewer than asked for."""
        return len(self.history.get("loss", ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuiltModel:
    """The model that was built anew with the best values and trained, as the notebook does in the end."""

    trial: str
    """The trial whose values were taken: the best, in Keras Tuner's answer."""
    score: float
    """Objective of that trial."""
    history: dict[str, tuple[float, ...]]
    """Keras's figures of each epoch of the new training."""
    test_loss: float
    """Test loss after the last epoch."""
    test_accuracy: float
    """Test accuracy after the last epoch, a fraction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """One whole search from one seed."""

    seed: int
    trials: tuple[TrialResult, ...]
    best: RebuiltModel | None
    """None where no trial completed, or Keras Tuner gave up because one after the other failed."""
    seconds: float
    """Wall time of the search, without the rebuilt model; of one that was taken up, of its last part."""
    workers: int
    """Processes that trained trials at the same time."""

    @property
    def tuner_seconds(self) -> float | None:
        """What the tuner itself took of a trial, a mean; None if none completed.

        Of a trial that failed the time of `fit` is not known.
        """
        own = [t.seconds - t.fit_seconds for t in self.trials if t.status == COMPLETED]
        return fmean(own) if own else None
