"""What is run: a frozen description of corpus, model, training and seeds, and the named profiles.

An `Experiment` is plain data. Two results are compared only when their experiments are equal but for
the seeds, and `differing_fields` names what differs when they are not.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rnn_suite.errors import InvalidExperimentError, UnknownNameError


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusConfig:
    """Which reviews are read, and how they become `int32[n, maxlen]`.

    The fields from `num_words` to `shuffle_seed` mean what the arguments of
    `keras.datasets.imdb.load_data` mean; `maxlen` is the length `pad_sequences` pads and truncates to.
    """

    name: str = "imdb"
    """Name of the corpus: a row of `rnn_suite.data.CORPORA`."""
    num_words: int = 10_000
    """Vocabulary size: ranks at or above it become `oov_char`."""
    skip_top: int = 0
    """Ranks below it become `oov_char`."""
    maxlen: int = 500
    """Tokens a review after padding and truncation, both at the front."""
    start_char: int = 1
    """Token put before every review."""
    oov_char: int = 2
    """Token that stands for a word outside the vocabulary."""
    index_from: int = 3
    """Offset added to every word rank."""
    shuffle_seed: int = 113
    """Seed of the shuffle of the reviews."""
    train_samples: int | None = None
    """Reviews kept for training and validation, after the shuffle; None keeps all."""
    test_samples: int | None = None
    """Reviews kept for the test, after the shuffle; None keeps all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelConfig:
    """The model: `Embedding`, one or more recurrent layers, and a head."""

    cell: str = "lstm"
    """Recurrent cell: a row of `rnn_suite.models.CELLS`."""
    units: int = 128
    """Width of the recurrent state."""
    embedding_dim: int = 128
    """Width of the word vectors."""
    layers: int = 1
    """Recurrent layers on top of each other."""
    bidirectional: bool = False
    """Whether each recurrent layer reads in both directions (outputs concatenated)."""
    dropout: float = 0.0
    """Fraction of the recurrent layer's inputs dropped in training."""
    recurrent_dropout: float = 0.0
    """Fraction of the recurrent state dropped in training."""
    head: str = "binary"
    """Output layer, loss and metric: a row of `rnn_suite.models.HEADS`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingConfig:
    """How the model is trained: Adam on mini-batches, the tail of the reviews held out for validation."""

    batch_size: int = 32
    epochs: int = 5
    learning_rate: float = 1e-3
    validation_split: float = 0.2
    """Fraction of the training reviews, taken from the end, that is held out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """One question's subject: a corpus, a model, a training and the seeds it is repeated over."""

    profile: str
    """Name of the profile it was made from: a row of `PROFILES`."""
    corpus: CorpusConfig = field(default_factory=CorpusConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    seeds: tuple[int, ...] = (0,)
    """Seeds for initial weights and batch order; each is one replicate."""

    def __post_init__(self) -> None:
        for name, valid, expected in _rules(self):
            if not valid:
                value: Any = self
                for part in name.split("."):
                    value = getattr(value, part)
                raise InvalidExperimentError(
                    f"Invalid experiment field {name}.\nExpected: {expected}\nReceived: {value!r}"
                )

    @property
    def cell(self) -> str:
        """The recurrent cell's name."""
        return self.model.cell


def _rules(experiment: Experiment) -> list[tuple[str, bool, str]]:
    corpus, model, training = experiment.corpus, experiment.model, experiment.training
    reserved = max(corpus.start_char, corpus.oov_char, corpus.index_from)
    rules = [
        ("corpus.num_words", corpus.num_words > reserved, f"more than the reserved {reserved}"),
        ("corpus.skip_top", corpus.skip_top >= 0, "0 or more"),
        ("corpus.maxlen", corpus.maxlen >= 1, "1 or more"),
        ("corpus.start_char", corpus.start_char >= 0, "0 or more"),
        ("corpus.oov_char", corpus.oov_char >= 0, "0 or more"),
        ("corpus.index_from", corpus.index_from >= 0, "0 or more"),
        ("corpus.shuffle_seed", 0 <= corpus.shuffle_seed < 2**32, "0 to 2**32 - 1"),
        ("model.units", model.units >= 1, "1 or more"),
        ("model.embedding_dim", model.embedding_dim >= 1, "1 or more"),
        ("model.layers", model.layers >= 1, "1 or more"),
        ("model.dropout", 0 <= model.dropout < 1, "0 or more and below 1"),
        ("model.recurrent_dropout", 0 <= model.recurrent_dropout < 1, "0 or more and below 1"),
        ("training.batch_size", training.batch_size >= 1, "1 or more"),
        ("training.epochs", training.epochs >= 1, "1 or more"),
        ("training.learning_rate", 0 < training.learning_rate < float("inf"), "above 0"),
        ("training.validation_split", 0 < training.validation_split < 1, "above 0 and below 1"),
        ("seeds", len(experiment.seeds) >= 1, "one or more seeds"),
        ("seeds", len(set(experiment.seeds)) == len(experiment.seeds), "no seed twice"),
        ("seeds", all(0 <= seed < 2**32 for seed in experiment.seeds), "0 to 2**32 - 1"),
    ]
    for name in ("train_samples", "test_samples"):
        samples = getattr(corpus, name)
        rules.append((f"corpus.{name}", samples is None or samples >= 2, "2 or more, or None"))
    return rules


def _smoke(corpus: str, cell: str) -> Experiment:
    return Experiment(
        profile="smoke",
        corpus=CorpusConfig(name=corpus, maxlen=100, train_samples=8_000, test_samples=4_000),
        model=ModelConfig(cell=cell, units=32, embedding_dim=32),
        training=TrainingConfig(batch_size=64, epochs=3, learning_rate=2e-3),
    )


def _full(corpus: str, cell: str) -> Experiment:
    """The teaching notebook's setting, unchanged."""
    return Experiment(
        profile="full",
        corpus=CorpusConfig(name=corpus),
        model=ModelConfig(cell=cell),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A named setting: one experiment for each corpus and cell, and the seeds it is run from."""

    make: Callable[[str, str], Experiment]
    """From corpus and cell to the experiment."""
    gate_seeds: tuple[int, ...]
    """Seeds of a gate's first look; none of them is a baseline's, so that the two are independent."""
    baseline_seeds: tuple[int, ...]
    """Seeds a baseline is recorded from."""


PROFILES: dict[str, Profile] = {
    "smoke": Profile(make=_smoke, gate_seeds=(100, 101, 102), baseline_seeds=tuple(range(40))),
    "full": Profile(make=_full, gate_seeds=(100, 101, 102), baseline_seeds=tuple(range(3))),
}
"""Named profiles."""


def profile_experiment(profile: str, *, corpus: str, cell: str) -> Experiment:
    """Return the experiment that `profile` gates `corpus` and `cell` with.

    Raises:
        UnknownNameError: if there is no such profile. Corpus and cell are looked up where they are used.
    """
    try:
        row = PROFILES[profile]
    except KeyError:
        raise UnknownNameError("profile", profile, sorted(PROFILES)) from None
    return dataclasses.replace(row.make(corpus, cell), seeds=row.gate_seeds)


def differing_fields(ours: Any, theirs: Any, *, prefix: str = "") -> list[str]:
    """Return `name: ours / theirs` for every field in which two dataclasses of one type differ.

    Nested dataclasses are entered; their fields are named with dots.
    """
    differences = []
    for item in dataclasses.fields(ours):
        mine, other = getattr(ours, item.name), getattr(theirs, item.name)
        name = f"{prefix}{item.name}"
        if dataclasses.is_dataclass(mine) and type(mine) is type(other):
            differences += differing_fields(mine, other, prefix=f"{name}.")
        elif mine != other:
            differences.append(f"{name}: {mine!r} / {other!r}")
    return differences
