"""From raw reviews to the arrays a model is given: Keras's arithmetic, a whole split at a time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from rnn_suite.data.dataset import Dataset
from rnn_suite.data.reviews import Reviews, Split
from rnn_suite.errors import CorpusError
from rnn_suite.experiment import CorpusConfig


def prepare(reviews: Reviews, config: CorpusConfig, *, source: str) -> Dataset:
    """Shuffle, choose, encode and pad both splits as Keras does.

    The same as `keras.datasets.imdb.load_data` with the configuration's arguments, then
    `pad_sequences(..., maxlen)` on the first `train_samples` and `test_samples` reviews;
    `load_data` is not given `maxlen`, which there would drop long reviews.

    Args:
        reviews: raw reviews.
        config: vocabulary, length, reserved tokens, shuffle and sample counts.
        source: where the reviews came from, in words for a person.

    Returns:
        Read-only `int32[n, maxlen]` and `int64[n]` for training and for test.

    Raises:
        CorpusError: if more reviews are asked for than there are.
    """
    # One stream for both splits, training first: that is the order load_data draws in.
    shuffle = np.random.RandomState(config.shuffle_seed)
    x_train, y_train = _prepare_split(
        reviews.train, config, shuffle, field="train_samples", samples=config.train_samples
    )
    x_test, y_test = _prepare_split(
        reviews.test, config, shuffle, field="test_samples", samples=config.test_samples
    )
    return Dataset(
        x_train=x_train,
        y_train=y_train,
        x_test=x_test,
        y_test=y_test,
        identity=reviews.identity,
        source=source,
    )


def _prepare_split(
    split: Split,
    config: CorpusConfig,
    shuffle: np.random.RandomState,
    *,
    field: str,
    samples: int | None,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    if samples is not None and samples > len(split):
        raise CorpusError(
            f"Corpus {config.name}: {field} asks for more reviews than there are.\n"
            f"Expected: at most {len(split)}, or None for all\nReceived: {samples}"
        )
    order = np.arange(len(split))
    shuffle.shuffle(order)
    chosen = order[:samples]
    x, y = _encode(split, chosen, config), split.labels[chosen]
    x.flags.writeable = y.flags.writeable = False
    return x, y


def _encode(
    split: Split, chosen: npt.NDArray[np.int64], config: CorpusConfig
) -> npt.NDArray[np.int32]:
    """Return the chosen reviews as `int32[n, maxlen]`, padded and truncated at the front."""
    maxlen = config.maxlen
    ends, lengths = split.offsets[1:][chosen], np.diff(split.offsets)[chosen]

    # With maxlen zeros in front, the last maxlen tokens of every review are a window of this array.
    words = np.zeros(maxlen + len(split.tokens), np.int32)
    known = words[maxlen:]
    np.add(split.tokens, config.index_from, out=known)
    known[(known < config.skip_top) | (known >= config.num_words)] = config.oov_char
    rows = sliding_window_view(words, maxlen)[ends]

    # What a window holds of the review before becomes padding; the start token stands between.
    rows[np.arange(maxlen) < (maxlen - lengths)[:, None]] = 0
    short = np.flatnonzero(lengths < maxlen)
    in_vocabulary = config.skip_top <= config.start_char < config.num_words
    start = config.start_char if in_vocabulary else config.oov_char
    rows[short, maxlen - 1 - lengths[short]] = start
    return rows
