from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest

from rnn_suite.data import CORPORA
from rnn_suite.errors import InvalidExperimentError, UnknownNameError
from rnn_suite.experiment import (
    PROFILES,
    CorpusConfig,
    Experiment,
    ModelConfig,
    TrainingConfig,
    differing_fields,
    profile_experiment,
)
from rnn_suite.models import CELLS

SOUND = Experiment(profile="tiny")


def with_field(name: str, value: Any) -> Experiment:
    part, _, field = name.partition(".")
    if not field:
        return replace(SOUND, **{part: value})
    return replace(SOUND, **{part: replace(getattr(SOUND, part), **{field: value})})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("corpus.num_words", 3),
        ("corpus.skip_top", -1),
        ("corpus.maxlen", 0),
        ("corpus.start_char", -1),
        ("corpus.oov_char", -1),
        ("corpus.index_from", -1),
        ("corpus.shuffle_seed", -1),
        ("corpus.shuffle_seed", 2**32),
        ("corpus.train_samples", 1),
        ("corpus.test_samples", 0),
        ("model.units", 0),
        ("model.embedding_dim", 0),
        ("model.layers", 0),
        ("model.dropout", -0.1),
        ("model.dropout", 1.0),
        ("model.dropout", math.nan),
        ("model.recurrent_dropout", -0.1),
        ("model.recurrent_dropout", 1.0),
        ("training.batch_size", 0),
        ("training.epochs", 0),
        ("training.learning_rate", 0.0),
        ("training.learning_rate", -1e-3),
        ("training.learning_rate", math.inf),
        ("training.learning_rate", math.nan),
        ("training.validation_split", 0.0),
        ("training.validation_split", 1.0),
        ("seeds", ()),
        ("seeds", (1, 1)),
        ("seeds", (-1,)),
        ("seeds", (2**32,)),
    ],
)
def test_a_field_outside_its_range_is_refused_by_name_and_value(name: str, value: Any) -> None:
    with pytest.raises(InvalidExperimentError) as caught:
        with_field(name, value)
    first, second, third = str(caught.value).split("\n")
    assert first == f"Invalid experiment field {name}."
    assert second.startswith("Expected: ")
    assert third == f"Received: {value!r}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("corpus.num_words", 4),
        ("corpus.maxlen", 1),
        ("corpus.shuffle_seed", 2**32 - 1),
        ("corpus.train_samples", 2),
        ("model.units", 1),
        ("model.dropout", 0.999),
        ("training.epochs", 1),
        ("training.validation_split", 0.999),
        ("seeds", (0, 2**32 - 1)),
    ],
)
def test_the_edge_of_a_fields_range_is_allowed(name: str, value: Any) -> None:
    value_now: Any = with_field(name, value)
    for part in name.split("."):
        value_now = getattr(value_now, part)
    assert value_now == value


def test_a_vocabulary_must_be_larger_than_the_reserved_tokens() -> None:
    with pytest.raises(InvalidExperimentError, match="more than the reserved 7"):
        Experiment(profile="tiny", corpus=CorpusConfig(num_words=7, oov_char=7))


def test_an_unknown_profile_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownNameError) as caught:
        profile_experiment("smoek", corpus="imdb", cell="lstm")
    assert str(caught.value) == (
        "Unknown profile.\nExpected: one of full, smoke\nReceived: 'smoek'"
    )


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("corpus", CORPORA)
@pytest.mark.parametrize("cell", CELLS)
def test_every_profile_takes_every_corpus_and_cell(profile: str, corpus: str, cell: str) -> None:
    made = profile_experiment(profile, corpus=corpus, cell=cell)
    assert (made.profile, made.corpus.name, made.cell) == (profile, corpus, cell)
    assert made.seeds == PROFILES[profile].gate_seeds


@pytest.mark.parametrize("profile", PROFILES)
def test_no_seed_of_a_gate_is_a_seed_of_a_baseline_at_any_look(profile: str) -> None:
    from rnn_suite.looks import with_more_seeds
    from rnn_suite.questions.accuracy import LOOKS

    experiment = profile_experiment(profile, corpus="imdb", cell="lstm")
    seeds = with_more_seeds(experiment, LOOKS).seeds
    assert set(seeds).isdisjoint(PROFILES[profile].baseline_seeds)


def test_the_full_profile_is_the_notebooks_setting() -> None:
    made = profile_experiment("full", corpus="imdb", cell="gru")
    assert made.corpus == CorpusConfig(name="imdb", num_words=10_000, maxlen=500)
    assert made.model == ModelConfig(cell="gru", units=128, embedding_dim=128)
    assert made.training == TrainingConfig(
        batch_size=32, epochs=5, learning_rate=1e-3, validation_split=0.2
    )


def test_equal_experiments_differ_in_nothing() -> None:
    assert differing_fields(SOUND, replace(SOUND)) == []


def test_every_differing_field_is_named_with_both_values() -> None:
    theirs = replace(
        SOUND, seeds=(1,), model=replace(SOUND.model, units=64), corpus=CorpusConfig(maxlen=100)
    )
    assert differing_fields(SOUND, theirs) == [
        "corpus.maxlen: 500 / 100",
        "model.units: 128 / 64",
        "seeds: (0,) / (1,)",
    ]


def test_no_field_of_an_experiment_escapes_the_comparison() -> None:
    def leaves(value: Any, prefix: str = "") -> list[str]:
        names = []
        for field in fields(value):
            inner = getattr(value, field.name)
            name = f"{prefix}{field.name}"
            names += leaves(inner, f"{name}.") if is_dataclass(inner) else [name]
        return names

    others: dict[type, Callable[[Any], Any]] = {
        str: lambda value: value + "x",
        bool: lambda value: not value,
        int: lambda value: value + 1,
        float: lambda value: value / 2 + 0.01,
        tuple: lambda value: (*value, 99),
        type(None): lambda _value: 2,
    }
    for name in leaves(SOUND):
        old: Any = SOUND
        for part in name.split("."):
            old = getattr(old, part)
        changed = with_field(name, others[type(old)](old))
        assert [line.split(":")[0] for line in differing_fields(SOUND, changed)] == [name]
