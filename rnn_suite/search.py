"""What is searched: a frozen description of space, tuner, budget and seeds, and the named profiles.

A `Search` is plain data, as an `Experiment` is. Another space or another tuner is another value of a field.
"""

from __future__ import annotations

import dataclasses
import math
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rnn_suite.errors import InvalidExperimentError, UnknownNameError
from rnn_suite.experiment import CorpusConfig, Experiment, ModelConfig, TrainingConfig
from rnn_suite.hyperband import epochs_trained, rounds, trials_begun
from rnn_suite.models import CELLS, HEADS

Value = int | float | str
"""Value of a hyperparameter."""

TUNER_NAMES = ("hyperband", "random", "bayesian", "grid")
"""Names of tuners; `rnn_suite.tuning.tuners` has what each is, and needs Keras Tuner to make it."""

_KINDS: dict[type, tuple[tuple[type, ...], str]] = {
    bool: ((bool, int), "0 or 1, as an IntRange gives"),
    int: ((int,), "a whole number, as an IntRange gives"),
    float: ((float, int), "a number, as Numbers gives"),
    str: ((str,), "a name, as Names gives"),
}
"""From the type of a field to those of the values it takes, and in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntRange:
    """Whole numbers from `low` to `high`, both included, by `step`."""

    name: str
    """Name of the hyperparameter."""
    field: str
    """Field of an `Experiment` that it sets, with dots, such as `model.units`."""
    low: int
    high: int
    step: int

    def __post_init__(self) -> None:
        if self.step < 1:
            raise InvalidExperimentError(
                f"Invalid step of hyperparameter {self.name}.\nExpected: 1 or more\n"
                f"Received: {self.step!r}"
            )

    @property
    def values(self) -> tuple[int, ...]:
        """Every value, in order."""
        return tuple(range(self.low, self.high + 1, self.step))


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """One of several names, such as those of cells."""

    name: str
    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """One of several numbers."""

    name: str
    field: str
    values: tuple[float, ...]


Parameter = IntRange | Names | Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSpace:
    """Hyperparameters, in the order in which a tuner is told of them: a seed's draws depend on it."""

    ranges: tuple[IntRange, ...] = ()
    names: tuple[Names, ...] = ()
    numbers: tuple[Numbers, ...] = ()

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Every hyperparameter."""
        return (*self.ranges, *self.names, *self.numbers)

    @property
    def points(self) -> int:
        """How many combinations of values there are."""
        return math.prod(len(parameter.values) for parameter in self.parameters)


NOTEBOOK_SPACE = SearchSpace(
    ranges=(IntRange(name="units", field="model.units", low=32, high=512, step=32),),
    names=(Names(name="rnn_type", field="model.cell", values=("simple_rnn", "lstm", "gru")),),
    numbers=(
        Numbers(name="learning_rate", field="training.learning_rate", values=(1e-2, 1e-3, 1e-4)),
        Numbers(name="dropout", field="model.dropout", values=(0.0, 0.1, 0.2, 0.3, 0.4, 0.5)),
    ),
)
"""The teaching notebook's space, with the dropout that its prose promises."""

SMALL_SPACE = SearchSpace(
    ranges=(IntRange(name="units", field="model.units", low=16, high=32, step=16),),
    names=NOTEBOOK_SPACE.names,
    numbers=(
        Numbers(name="learning_rate", field="training.learning_rate", values=(1e-2, 3e-3)),
        Numbers(name="dropout", field="model.dropout", values=(0.0, 0.2)),
    ),
)
"""A space of which every value learns something within an epoch of smoke."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """One search for hyperparameters, repeated over seeds; each whole search is one replicate."""

    profile: str
    """Name of the profile it was made from: a row of `SEARCHES`."""
    corpus: CorpusConfig = field(default_factory=CorpusConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    """What the space does not set."""
    training: TrainingConfig = field(default_factory=lambda: TrainingConfig(epochs=10))
    """What the space does not set; `epochs` is how long the model is trained that is rebuilt in the end."""
    space: SearchSpace = NOTEBOOK_SPACE
    tuner: str = "hyperband"
    """Which tuner: one of `TUNER_NAMES`."""
    objective: str = "val_accuracy"
    """What is best in the best trial; `rnn_suite.tuning.folder.ask` takes accuracies alone."""
    max_epochs: int = 10
    """Epochs of the longest trial; of every trial, where the tuner is not Hyperband."""
    factor: int = 3
    """Hyperband keeps one trial in so many from round to round."""
    iterations: int = 1
    """Times that Hyperband goes through all its brackets."""
    max_trials: int = 10
    """Trials of the other tuners."""
    patience: int = 5
    """Epochs without a lower `val_loss` after which a trial is stopped."""
    seeds: tuple[int, ...] = (1,)
    """Seeds of the draws and of the trainings."""

    def __post_init__(self) -> None:
        for name, valid, expected in _rules(self):
            if not valid:
                raise InvalidExperimentError(
                    f"Invalid search field {name}.\nExpected: {expected}\n"
                    f"Received: {getattr(self, name.partition('.')[0])!r}"
                )
        for parameter in self.space.parameters:
            # Each value must make a valid experiment before hours are spent on the others.
            for value in parameter.values:
                self.experiment({parameter.name: value})

    @property
    def cell(self) -> str:
        """What baselines call the subject: a search is about all cells."""
        return "all"

    @property
    def planned_trials(self) -> int:
        """How many trials a whole search has."""
        if self.tuner == "hyperband":
            return trials_begun(rounds(self.max_epochs, self.factor, self.iterations))
        return min(self.max_trials, self.space.points)

    @property
    def planned_epochs(self) -> int:
        """How many epochs its trials train together, where none is stopped early."""
        if self.tuner == "hyperband":
            return epochs_trained(rounds(self.max_epochs, self.factor, self.iterations))
        return self.planned_trials * self.max_epochs

    def experiment(self, values: Mapping[str, Value], *, seed: int = 1) -> Experiment:
        """Return the experiment that is trained with these hyperparameters.

        Args:
            values: by name; what is missing stays as it is in the search.
            seed: the seed it is trained from.

        Raises:
            InvalidExperimentError: if a name is not in the space, or a value makes no valid experiment.
        """
        parameters = {parameter.name: parameter for parameter in self.space.parameters}
        parts: dict[str, Any] = {"model": self.model, "training": self.training}
        for name, value in values.items():
            if name not in parameters:
                raise InvalidExperimentError(
                    f"Unknown hyperparameter.\nExpected: {', '.join(parameters)}\nReceived: {name!r}"
                )
            part, _, attribute = parameters[name].field.partition(".")
            if part not in parts or attribute not in parts[part].__dataclass_fields__:
                raise InvalidExperimentError(
                    f"Hyperparameter {name} sets no field of an experiment.\n"
                    "Expected: a field of model or training, such as model.units\n"
                    f"Received: {parameters[name].field!r}"
                )
            kinds, told = _KINDS[typing.get_type_hints(type(parts[part]))[attribute]]
            if type(value) not in kinds:
                raise InvalidExperimentError(
                    f"Invalid value of hyperparameter {name}, which sets {parameters[name].field}.\n"
                    f"Expected: {told}\nReceived: {value!r}"
                )
            parts[part] = dataclasses.replace(parts[part], **{attribute: value})
        _check_names(parts["model"])
        return Experiment(profile=self.profile, corpus=self.corpus, seeds=(seed,), **parts)


def _check_names(model: ModelConfig) -> None:
    # An experiment looks them up where its model is built: a search would, in the first trial that has them.
    for name, known in (("cell", tuple(CELLS)), ("head", tuple(HEADS))):
        received = getattr(model, name)
        if received not in known:
            raise InvalidExperimentError(
                f"Invalid experiment field model.{name}.\nExpected: one of {', '.join(known)}\n"
                f"Received: {received!r}"
            )


def _rules(search: Search) -> list[tuple[str, bool, str]]:
    names = [parameter.name for parameter in search.space.parameters]
    return [
        ("space", len(names) >= 1, "one hyperparameter or more"),
        ("space", len(set(names)) == len(names), "no name twice"),
        ("space", all(p.values for p in search.space.parameters), "one value or more for each"),
        ("tuner", search.tuner in TUNER_NAMES, f"one of {', '.join(TUNER_NAMES)}"),
        ("max_epochs", search.max_epochs >= 1, "1 or more"),
        ("factor", search.factor >= 2, "2 or more"),
        ("iterations", search.iterations >= 1, "1 or more"),
        ("max_trials", search.max_trials >= 1, "1 or more"),
        ("patience", search.patience >= 0, "0 or more"),
        ("seeds", len(search.seeds) >= 1, "one seed or more"),
        ("seeds", len(set(search.seeds)) == len(search.seeds), "no seed twice"),
        (
            "seeds",
            all(1 <= seed < 2**31 for seed in search.seeds),
            "1 to 2**31 - 1; Keras Tuner takes 0 for no seed and draws one",
        ),
    ]


def _smoke(corpus: str) -> Search:
    return Search(
        profile="smoke",
        corpus=CorpusConfig(name=corpus, maxlen=80, train_samples=4_000, test_samples=2_000),
        model=ModelConfig(embedding_dim=32),
        training=TrainingConfig(batch_size=64, epochs=3),
        space=SMALL_SPACE,
        max_epochs=3,
    )


def _reduced(corpus: str) -> Search:
    return Search(
        profile="reduced",
        corpus=CorpusConfig(name=corpus, maxlen=50, train_samples=2_500, test_samples=2_500),
        model=ModelConfig(embedding_dim=32),
        training=TrainingConfig(batch_size=64, epochs=10),
    )


def _full(corpus: str) -> Search:
    """The teaching notebook's search, unchanged."""
    return Search(profile="full", corpus=CorpusConfig(name=corpus))


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchProfile:
    """A named setting: a search for each corpus, and the seeds it is run from."""

    make: Callable[[str], Search]
    """From the corpus to the search."""
    gate_seeds: tuple[int, ...]
    """Seeds of a gate; none of them is a baseline's, so that the two are independent."""
    baseline_seeds: tuple[int, ...]
    """Seeds a baseline is recorded from."""


SEARCHES: dict[str, SearchProfile] = {
    "smoke": SearchProfile(make=_smoke, gate_seeds=(101,), baseline_seeds=tuple(range(1, 13))),
    "reduced": SearchProfile(make=_reduced, gate_seeds=(101,), baseline_seeds=(1, 2, 3)),
    "full": SearchProfile(make=_full, gate_seeds=(101,), baseline_seeds=(1, 2, 3)),
}
"""Named profiles."""


def profile_search(profile: str, *, corpus: str) -> Search:
    """Return the search that `profile` gates `corpus` with.

    Raises:
        UnknownNameError: if there is no such profile. The corpus is looked up where it is used.
    """
    try:
        row = SEARCHES[profile]
    except KeyError:
        raise UnknownNameError("search profile", profile, sorted(SEARCHES)) from None
    return dataclasses.replace(row.make(corpus), seeds=row.gate_seeds)
