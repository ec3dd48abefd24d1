from __future__ import annotations

import hashlib
import math
from typing import Any

import numpy as np
import pytest

from rnn_suite.data import standin
from rnn_suite.data.reviews import Split
from rnn_suite.data.standin import BAG_OF_WORDS_CAP, BEST_ACCURACY
from rnn_suite.experiment import CorpusConfig

SMOKE = CorpusConfig(name="standin", maxlen=100, train_samples=8_000, test_samples=4_000)


def sampling_error(accuracy: float, reviews: int) -> float:
    """Return one standard deviation of an accuracy measured on `reviews` reviews."""
    return math.sqrt(accuracy * (1 - accuracy) / reviews)


def counts(split: Split, word: int, words: int) -> Any:
    """Return how often each review holds a rank from `word` to `word + words - 1`."""
    among = (split.tokens >= word) & (split.tokens < word + words)
    return np.add.reduceat(among.astype(np.int64), split.offsets[:-1])


def test_a_small_corpus_is_pinned_to_the_bit() -> None:
    train = standin.generate(50, seed=113, stream=0)
    test = standin.generate(20, seed=113, stream=1)
    digest = hashlib.sha256()
    for split in (train, test):
        for array, dtype in ((split.tokens, "<i4"), (split.offsets, "<i8"), (split.labels, "<i8")):
            digest.update(np.ascontiguousarray(array, dtype=dtype).data)
    assert digest.hexdigest() == (
        "b69b6aee46bef55c524df71a34658aee811660857403772dbccfbdede684ccdc"
    )


def test_the_same_configuration_gives_the_same_arrays_and_another_seed_others() -> None:
    small = CorpusConfig(name="standin", maxlen=60, train_samples=30, test_samples=20)
    other = CorpusConfig(
        name="standin", maxlen=60, train_samples=30, test_samples=20, shuffle_seed=114
    )
    assert np.array_equal(standin.load(small).x_train, standin.load(small).x_train)
    assert standin.load(small).identity == standin.load(small).identity
    assert standin.load(small).identity != standin.load(other).identity


def test_training_and_test_reviews_differ() -> None:
    dataset = standin.load(SMOKE)
    train = {row.tobytes() for row in dataset.x_train}
    assert not any(row.tobytes() in train for row in dataset.x_test)


def test_lengths_and_frequencies_are_like_those_of_imdb() -> None:
    split = standin.generate(8_000, seed=113, stream=0)
    lengths = np.diff(split.offsets)
    assert lengths.mean() == pytest.approx(239, rel=0.05)
    assert lengths.std() == pytest.approx(176, rel=0.05)
    assert lengths.min() >= 11
    frequencies = np.bincount(split.tokens) / len(split.tokens)
    assert frequencies[0] == 0
    # Zipf-Mandelbrot: frequency times (rank + 2.7) is the same at every rank.
    constant = frequencies[[1, 10, 100, 1_000]] * (np.array([1, 10, 100, 1_000]) + 2.7)
    assert constant == pytest.approx(np.full(4, constant.mean()), rel=0.1)


def test_labels_are_balanced() -> None:
    labels = standin.generate(8_000, seed=113, stream=0).labels
    assert abs(labels.mean() - 0.5) < 3 * sampling_error(0.5, 8_000)


def test_rows_are_laid_out_like_prepared_imdb_rows() -> None:
    dataset = standin.load(SMOKE)
    assert dataset.x_train.min() == 0
    assert dataset.x_train.max() == 9_999
    short = dataset.x_train[dataset.x_train[:, 0] == 0]
    first = (short != 0).argmax(axis=1)
    assert len(short) > 500
    assert (short[np.arange(len(short)), first] == 1).all()
    assert 0.05 < (dataset.x_train == 2).mean() < 0.2


@pytest.mark.parametrize("distance", [1, 3, 8])
def test_reading_the_statements_in_order_reaches_the_best_accuracy(distance: int) -> None:
    split = standin.generate(4_000, seed=5, stream=0, distance=distance)
    negator = split.tokens == standin.NEGATOR
    positive = (split.tokens >= standin.POSITIVE_CUES) & (split.tokens < standin.NEGATIVE_CUES)
    cue = (split.tokens >= standin.POSITIVE_CUES) & (
        split.tokens < standin.NEGATIVE_CUES + standin.CUES
    )
    flipped = np.zeros_like(negator)
    flipped[distance:] = negator[:-distance]
    votes = np.where(cue, np.where(positive ^ flipped, 1, -1), 0)
    votes = np.add.reduceat(votes, split.offsets[:-1])
    assert np.array_equal(np.abs(votes), counts(split, standin.NEGATOR, 1))  # all of one mind
    accuracy = ((votes > 0) == split.labels).mean()
    assert abs(accuracy - BEST_ACCURACY) < 3 * sampling_error(BEST_ACCURACY, 4_000)


def test_no_function_of_the_counts_passes_the_cap() -> None:
    train = standin.generate(40_000, seed=1, stream=0)
    test = standin.generate(40_000, seed=1, stream=1)

    def bags(split: Split) -> Any:
        negators = counts(split, standin.NEGATOR, 1)
        positive = counts(split, standin.POSITIVE_CUES, standin.CUES)
        negative = counts(split, standin.NEGATIVE_CUES, standin.CUES)
        return (negators * 10 + positive) * 10 + negative

    # The best rule there is: for each bag, the label that most training reviews with it have.
    tally = np.zeros((1_000, 2))
    np.add.at(tally, (bags(train), train.labels), 1)
    accuracy = (tally.argmax(axis=1)[bags(test)] == test.labels).mean()
    assert abs(accuracy - BAG_OF_WORDS_CAP) < 0.01


def test_a_logistic_regression_on_all_word_counts_stays_under_the_cap() -> None:
    from scipy.optimize import minimize
    from scipy.sparse import csr_matrix

    dataset = standin.load(SMOKE)

    def bag(x: Any) -> Any:
        rows = np.repeat(np.arange(len(x)), x.shape[1])
        return csr_matrix((np.ones(x.size), (rows, x.ravel())), shape=(len(x), SMOKE.num_words))

    train, test, signs = bag(dataset.x_train), bag(dataset.x_test), 2 * dataset.y_train - 1

    def loss(weights: Any, penalty: float) -> tuple[float, Any]:
        margins = signs * (train @ weights)
        slopes = -signs / (1 + np.exp(margins))
        value = np.logaddexp(0, -margins).sum() + penalty * weights @ weights / 2
        return value, train.T @ slopes + penalty * weights

    best = 0.0
    for penalty in (30.0, 100.0):
        fit = minimize(loss, np.zeros(SMOKE.num_words), (penalty,), "L-BFGS-B", jac=True)
        best = max(best, ((test @ fit.x > 0) == dataset.y_test).mean())
    cap = BAG_OF_WORDS_CAP + 3 * sampling_error(BAG_OF_WORDS_CAP, 4_000)
    assert 0.6 < best < cap


@pytest.mark.parametrize("cell", ["LSTM", "GRU"])
def test_a_gated_layer_passes_the_cap_by_far_in_two_epochs(cell: str) -> None:
    import keras

    dataset = standin.load(SMOKE)
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((SMOKE.maxlen,), dtype="int32"),
            keras.layers.Embedding(SMOKE.num_words, 32),
            getattr(keras.layers, cell)(32),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(keras.optimizers.Adam(3e-3), "binary_crossentropy", metrics=["accuracy"])
    model.fit(
        dataset.x_train,
        dataset.y_train,
        batch_size=64,
        epochs=2,
        validation_split=0.2,
        verbose=0,
    )
    accuracy = model.evaluate(dataset.x_test, dataset.y_test, verbose=0)[1]
    assert accuracy > BAG_OF_WORDS_CAP + 0.15
    assert accuracy < BEST_ACCURACY + 3 * sampling_error(BEST_ACCURACY, 4_000)
