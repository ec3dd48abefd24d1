from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from rnn_suite.errors import InvalidExperimentError, UnknownNameError
from rnn_suite.experiment import Experiment, ModelConfig, TrainingConfig
from rnn_suite.jsonable import from_jsonable, to_jsonable
from rnn_suite.search import (
    NOTEBOOK_SPACE,
    SEARCHES,
    TUNER_NAMES,
    IntRange,
    Names,
    Numbers,
    Search,
    SearchSpace,
    profile_search,
)
from rnn_suite.tuning.tuners import TUNERS, draw_seed


def test_the_full_search_is_the_notebooks() -> None:
    search = profile_search("full", corpus="imdb")
    units, kinds, rates, dropouts = search.space.parameters
    assert (units.name, units.values) == ("units", tuple(range(32, 513, 32)))
    assert (kinds.name, kinds.values) == ("rnn_type", ("simple_rnn", "lstm", "gru"))
    assert (rates.name, rates.values) == ("learning_rate", (1e-2, 1e-3, 1e-4))
    assert dropouts.name == "dropout"
    assert (search.tuner, search.objective) == ("hyperband", "val_accuracy")
    assert (search.max_epochs, search.factor, search.patience) == (10, 3, 5)
    assert search.training.epochs == 10
    assert (search.corpus.num_words, search.corpus.maxlen) == (10_000, 500)
    assert (search.training.batch_size, search.training.validation_split) == (32, 0.2)


def test_the_reduced_search_has_the_notebooks_space() -> None:
    assert profile_search("reduced", corpus="imdb").space == NOTEBOOK_SPACE


@pytest.mark.parametrize("profile", SEARCHES)
def test_no_seed_of_a_gate_is_a_baselines(profile: str) -> None:
    row = SEARCHES[profile]
    assert not set(row.gate_seeds) & set(row.baseline_seeds)


@pytest.mark.parametrize("profile", SEARCHES)
def test_no_two_searches_of_a_profile_draw_the_same_values(profile: str) -> None:
    row = SEARCHES[profile]
    later_looks = [seed + 1 + more for seed in row.gate_seeds for more in range(2)]
    drawn = sorted(draw_seed(seed) for seed in (*row.baseline_seeds, *row.gate_seeds, *later_looks))
    # A search draws one value after the other, each from the next seed.
    assert all(after - before > 10_000 for before, after in pairwise(drawn))
    assert all(1 <= seed < 2**31 for seed in drawn)


def test_values_become_the_fields_of_an_experiment() -> None:
    search = Search(profile="tiny")
    made = search.experiment(
        {"units": 64, "rnn_type": "gru", "learning_rate": 0.01, "dropout": 0.5}, seed=3
    )
    assert isinstance(made, Experiment)
    assert (made.model.units, made.model.cell, made.model.dropout) == (64, "gru", 0.5)
    assert (made.training.learning_rate, made.seeds) == (0.01, (3,))
    assert made.corpus == search.corpus


def test_every_name_of_a_tuner_is_a_tuner() -> None:
    assert tuple(TUNERS) == TUNER_NAMES


def test_a_whole_number_and_a_fraction_are_numbers_to_a_field_that_takes_fractions() -> None:
    space = SearchSpace(numbers=(Numbers(name="d", field="model.dropout", values=(0, 0.5)),))
    Search(profile="tiny", model=ModelConfig(dropout=0), space=space)
    Search(profile="tiny", training=TrainingConfig(learning_rate=1))


def test_either_direction_may_be_searched() -> None:
    both = IntRange(name="b", field="model.bidirectional", low=0, high=1, step=1)
    search = Search(profile="tiny", space=SearchSpace(ranges=(both,)))
    assert search.experiment({"b": 1}).model.bidirectional


def test_a_search_knows_its_trials_and_epochs_beforehand() -> None:
    smoke = profile_search("smoke", corpus="standin")
    assert (smoke.planned_trials, smoke.planned_epochs) == (6, 11)
    drawn = replace(smoke, tuner="random", max_trials=4)
    assert (drawn.planned_trials, drawn.planned_epochs) == (4, 12)
    assert replace(drawn, max_trials=1_000).planned_trials == drawn.space.points


def test_a_value_outside_the_space_is_named() -> None:
    with pytest.raises(InvalidExperimentError, match="Received: 'depth'"):
        Search(profile="tiny").experiment({"depth": 2})


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"seeds": (0,)}, "Keras Tuner takes 0 for no seed"),
        ({"seeds": ()}, "one seed or more"),
        ({"seeds": (1, 1)}, "no seed twice"),
        ({"factor": 1}, "2 or more"),
        ({"max_epochs": 0}, "1 or more"),
        ({"iterations": 0}, "1 or more"),
        ({"max_trials": 0}, "1 or more"),
        ({"patience": -1}, "0 or more"),
        (
            {"tuner": "hyperbnad"},
            r"field tuner\.\nExpected: one of hyperband, random, bayesian, grid\nReceived: 'hyperbnad'",
        ),
        (
            {"model": ModelConfig(cell="lstn")},
            r"field model\.cell\.\nExpected: one of simple_rnn, lstm, gru\nReceived: 'lstn'",
        ),
        ({"model": ModelConfig(head="none")}, r"field model\.head\.\nExpected: one of binary\n"),
        (
            {
                "space": SearchSpace(
                    names=(Names(name="c", field="model.cell", values=("gru", "lstn")),)
                )
            },
            r"field model\.cell\.\nExpected: one of simple_rnn, lstm, gru\nReceived: 'lstn'",
        ),
        (
            {
                "space": SearchSpace(
                    numbers=(Numbers(name="u", field="model.units", values=(16.0, 32.0)),)
                )
            },
            r"hyperparameter u, which sets model\.units\.\nExpected: a whole number.*\nReceived: 16\.0",
        ),
        (
            {"space": SearchSpace(names=(Names(name="u", field="model.units", values=("16",)),))},
            r"hyperparameter u, .*\nExpected: a whole number.*\nReceived: '16'",
        ),
        ({"space": SearchSpace()}, "one hyperparameter or more"),
        ({"space": SearchSpace(numbers=NOTEBOOK_SPACE.numbers * 2)}, "no name twice"),
        (
            {"space": SearchSpace(numbers=(Numbers(name="d", field="model.dropout", values=()),))},
            "one value or more for each",
        ),
        (
            {
                "space": SearchSpace(
                    numbers=(Numbers(name="d", field="model.depth", values=(1.0,)),)
                )
            },
            "a field of model or training",
        ),
        (
            {
                "space": SearchSpace(
                    numbers=(Numbers(name="d", field="model.dropout", values=(2.0,)),)
                )
            },
            "0 or more and below 1",
        ),
    ],
)
def test_a_search_that_cannot_be_made_is_refused(changed: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidExperimentError, match=named):
        replace(Search(profile="tiny"), **changed)


def test_a_range_that_stands_still_is_refused() -> None:
    with pytest.raises(InvalidExperimentError, match=r"hyperparameter u\.\nExpected: 1 or more"):
        IntRange(name="u", field="model.units", low=16, high=32, step=0)


def test_a_profile_that_is_unknown_is_named() -> None:
    with pytest.raises(UnknownNameError, match="Unknown search profile"):
        profile_search("ful", corpus="imdb")


@pytest.mark.parametrize("profile", SEARCHES)
def test_a_search_comes_back_from_json_as_it_was(profile: str) -> None:
    search = profile_search(profile, corpus="imdb")
    assert from_jsonable(Search, to_jsonable(search), where="here") == search
