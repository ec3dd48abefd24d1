from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnn_suite.data import imdb
from rnn_suite.data.dataset import Dataset
from rnn_suite.errors import CorpusError
from rnn_suite.experiment import CorpusConfig

KerasLoad = Callable[[Path, CorpusConfig], tuple[Any, Any, Any, Any]]


@pytest.fixture
def keras_load(monkeypatch: pytest.MonkeyPatch) -> KerasLoad:
    """Return a function that does with Keras's own functions what we do with ours."""
    import keras
    import keras.src.datasets.imdb as keras_imdb

    def load(path: Path, config: CorpusConfig) -> tuple[Any, Any, Any, Any]:
        monkeypatch.setattr(keras_imdb, "get_file", lambda **_: str(path))
        train, test = keras.datasets.imdb.load_data(
            num_words=config.num_words,
            skip_top=config.skip_top,
            seed=config.shuffle_seed,
            start_char=config.start_char,
            oov_char=config.oov_char,
            index_from=config.index_from,
        )
        arrays: list[Any] = []
        for (x, y), kept in ((train, config.train_samples), (test, config.test_samples)):
            arrays += [
                keras.utils.pad_sequences(x[:kept], maxlen=config.maxlen),
                y[:kept],
            ]
        x_train, y_train, x_test, y_test = arrays
        return x_train, y_train, x_test, y_test

    return load


def assert_same(ours: Dataset, theirs: tuple[Any, Any, Any, Any]) -> None:
    names = ("x_train", "y_train", "x_test", "y_test")
    for name, other in zip(names, theirs, strict=True):
        mine = getattr(ours, name)
        assert mine.dtype == other.dtype
        np.testing.assert_array_equal(mine, other)


def some_config(case: int) -> CorpusConfig:
    random = np.random.RandomState(case)

    def pick(*values: Any) -> Any:
        return values[random.randint(len(values))]

    start, oov, index_from = pick(1, 0, 5), pick(2, 0, 7), pick(3, 0, 1, 10)
    return CorpusConfig(
        num_words=max(start, oov, index_from) + pick(1, 5, 20, 60, 10_000),
        skip_top=pick(0, 0, 1, 2, 8, 30),
        maxlen=pick(1, 2, 5, 15, 29, 30, 31, 32, 80),
        start_char=start,
        oov_char=oov,
        index_from=index_from,
        shuffle_seed=pick(113, 0, 7, 2**32 - 1),
        train_samples=pick(None, 2, 17, 40),
        test_samples=pick(None, 2, 30),
    )


@pytest.mark.parametrize("case", range(120))
def test_arrays_equal_keras_own_for_many_configurations(
    imdb_file: Path, keras_load: KerasLoad, case: int
) -> None:
    config = some_config(case)
    assert_same(imdb.load(config), keras_load(imdb_file, config))


@pytest.mark.parametrize(
    "config",
    [
        CorpusConfig(),
        CorpusConfig(maxlen=100, train_samples=8_000, test_samples=4_000),
        CorpusConfig(num_words=500, skip_top=20, maxlen=37, shuffle_seed=5, index_from=2),
    ],
    ids=["full", "smoke", "other"],
)
def test_arrays_equal_keras_own_on_the_real_file(
    real_imdb: Path, keras_load: KerasLoad, config: CorpusConfig
) -> None:
    assert_same(imdb.load(config), keras_load(real_imdb, config))


@pytest.mark.usefixtures("imdb_file")
@pytest.mark.parametrize("name", ["x_train", "y_train", "x_test", "y_test"])
def test_arrays_are_read_only(name: str) -> None:
    array = getattr(imdb.load(CorpusConfig()), name)
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1


@pytest.mark.usefixtures("imdb_file")
@pytest.mark.parametrize(
    ("config", "field", "there"),
    [
        (CorpusConfig(train_samples=41), "train_samples", "at most 40"),
        (CorpusConfig(test_samples=31), "test_samples", "at most 30"),
    ],
)
def test_asking_for_more_reviews_than_there_are_is_an_error(
    config: CorpusConfig, field: str, there: str
) -> None:
    with pytest.raises(CorpusError, match=rf"(?s){field}.*{there}.*Received: (41|31)"):
        imdb.load(config)
