"""What is told of a search, trial by trial and model by model, and in what two searches differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_COMPARED = ("values", "statuses", "scores")


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A model in training: digests of all bits."""

    trial: str
    begins: bool
    """Whether this is before the first step of a run."""
    epochs: int
    """Epochs behind it, those of the trial it goes on from included."""
    weights: str
    optimizer: str
    """Of what the optimizer keeps: moments, count of steps, learning rate."""
    steps: int
    """Steps that the optimizer counts."""
    outputs: str
    """Of the model's outputs for `probe()`."""
    score: float
    """The objective after this epoch; 0 where it begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What Keras Tuner says of a search, and what was noted while it went."""

    fault: str
    """What Keras Tuner raised, or nothing."""
    values: dict[str, dict[str, str]]
    """By trial and hyperparameter, Hyperband's own included."""
    statuses: dict[str, str]
    scores: dict[str, str]
    """By trial, in hexadecimal: all bits; empty where there is none."""
    best: str
    """The best trial."""
    counted: dict[str, int]
    """By trial, how many runs Keras Tuner counts."""
    runs: tuple[str, ...]
    """Trials in the order they were run, those that were cut off included."""
    states: tuple[State, ...]
    """Of the models that were trained, in order."""


def nothing_told(fault: str) -> Told:
    """Return what is known of a search that raised `fault`."""
    return Told(
        fault=fault, values={}, statuses={}, scores={}, best="", counted={}, runs=(), states=()
    )


def differences(received: Told, expected: Told) -> str:
    """Return in what the two differ, apart from how often and in which order trials were run, or nothing."""
    if fault := received.fault or expected.fault:
        return fault
    told = {part: differing(getattr(received, part), getattr(expected, part)) for part in _COMPARED}
    ours, theirs = ({_when(state): state for state in each.states} for each in (received, expected))
    told["models"] = differing(ours, theirs)
    if received.best != expected.best:
        told["best"] = [f"{received.best} for {expected.best}"]
    return "; ".join(f"{part}: {', '.join(names)}" for part, names in told.items() if names)


def differing(ours: Mapping[str, object], theirs: Mapping[str, object]) -> list[str]:
    """Return the keys at which the two differ, those that only one has included."""
    return sorted(key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key))


def _when(state: State) -> str:
    return f"{state.trial} {'before' if state.begins else 'after'} epoch {state.epochs}"


def written(values: Mapping[str, object]) -> dict[str, str]:
    """Return hyperparameters as Python writes them."""
    return {name: repr(value) for name, value in sorted(values.items())}
