"""`pad_sequences`, `imdb.load_data` and what becomes of words on their way into `Embedding`.

The arrays of the recorded corpus are another question's; here a small hand-made file and other arguments than
the notebook's are asked, and everything is computed a second time in plain Python.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import keras
import numpy as np

from rnn_suite.findings import Finding, equal
from rnn_suite.oracle.functions import Array

Reviews = list[list[int]]

SEQUENCES: Reviews = [[1, 2, 3], [4], [], [5, 6, 7, 8, 9], [10, 11]]
PADDINGS: dict[str, dict[str, Any]] = {
    "by default": {},
    "to 3": {"maxlen": 3},
    "to 1": {"maxlen": 1},
    "to 8": {"maxlen": 8},
    "to 3, cut at the end": {"maxlen": 3, "truncating": "post"},
    "to 3, filled at the end": {"maxlen": 3, "padding": "post"},
    "to 3, both at the end": {"maxlen": 3, "padding": "post", "truncating": "post"},
    "to the longest, filled at the end": {"padding": "post"},
    "with -1": {"maxlen": 3, "value": -1},
    "to float32 with 0.5": {"dtype": "float32", "value": 0.5},
    "to int64": {"dtype": "int64"},
}

TRAIN: Reviews = [
    [9, 4, 30],
    [1],
    [25, 2, 3, 8, 40, 7, 6],
    [5, 5],
    [31, 1, 12, 2],
    [3, 18, 2, 1, 50],
]
TEST: Reviews = [[7, 2], [60, 1, 4, 4, 20, 3], [2], [11, 33, 1, 6], [8, 29, 5]]
LOADINGS: dict[str, dict[str, Any]] = {
    "num_words": {"num_words": 20},
    "num_words above all": {"num_words": 100},
    "num_words and skip_top": {"num_words": 20, "skip_top": 5},
    "no start_char": {"num_words": 20, "start_char": None},
    "no start_char, index_from 0": {"num_words": 20, "start_char": None, "index_from": 0},
    "no oov_char": {"num_words": 20, "skip_top": 5, "oov_char": None},
    "index_from 10": {"index_from": 10, "num_words": 30},
    "another seed": {"num_words": 20, "seed": 7},
    "everything else": {
        "num_words": 35,
        "skip_top": 4,
        "seed": 3,
        "start_char": 6,
        "oov_char": 99,
        "index_from": 1,
    },
}

WORDS = np.arange(10_000, dtype="int32").reshape(100, 100)
"""All that the notebook keeps. float16 holds whole numbers up to 2,048, bfloat16 up to 256."""


def pad_sequences_fills_and_cuts_as_asked() -> Iterator[Finding]:
    """Pad lists, one of them empty; and arrays, and an array of lists, which is what `load_data` gives."""
    for name, asked in PADDINGS.items():
        received = keras.utils.pad_sequences(SEQUENCES, **asked)
        yield equal(name, received, _padded(SEQUENCES, **asked))
    expected = _padded(SEQUENCES, maxlen=3)
    arrays = [np.array(sequence, "int64") for sequence in SEQUENCES]
    yield equal("arrays", keras.utils.pad_sequences(arrays, maxlen=3), expected)
    yield equal(
        "an array of lists", keras.utils.pad_sequences(_ragged(SEQUENCES), maxlen=3), expected
    )
    nothing: Reviews = [[], []]
    yield equal(
        "nothing but empty",
        keras.utils.pad_sequences(nothing, maxlen=2),
        _padded(nothing, maxlen=2),
    )


def load_data_encodes_and_shuffles_as_asked() -> Iterator[Finding]:
    """Load with many arguments; words are moved by `index_from` before any limit is looked at."""
    labels = _labels(TRAIN), _labels(TEST)
    for name, asked in LOADINGS.items():
        received = _load(TRAIN, TEST, **asked)
        # One stream for both, training first.
        stream = np.random.RandomState(asked.get("seed", 113))
        for split, (x, y), reviews, label in zip(
            ("train", "test"), received, (TRAIN, TEST), labels, strict=True
        ):
            order = np.arange(len(reviews))
            stream.shuffle(order)
            expected = [_encoded(reviews[place], **asked) for place in order]
            yield equal(f"{name}, {split}, reviews", list(x), expected)
            yield equal(f"{name}, {split}, labels", y, label[order])


def load_data_keeps_all_words_where_no_number_is_given() -> Iterator[Finding]:
    """Load without `num_words`: "if None, all words are kept".

    Every Keras takes the largest word for the number and so leaves that one out, for the sake of models that
    were trained so (keras-team/keras#6114).
    """
    for split, (x, _), reviews in zip(
        ("train", "test"), _load(TRAIN, TEST), (TRAIN, TEST), strict=True
    ):
        received, expected = (
            {word for review in found for word in review} for found in (x, map(_encoded, reviews))
        )
        yield equal(split, sorted(received), sorted(expected))


def load_data_gives_lists_of_python_integers() -> Iterator[Finding]:
    """Look at the types, with words cut off and without."""
    for name, asked in (("by default", {}), ("20 words", {"num_words": 20})):
        for split, (x, _) in zip(("train", "test"), _load(TRAIN, TEST, **asked), strict=True):
            yield equal(f"{name}, {split}, array", (type(x), str(x.dtype)), (np.ndarray, "object"))
            yield equal(f"{name}, {split}, reviews", {type(review) for review in x}, {list})
            words = {type(word) for review in x for word in review}
            yield equal(f"{name}, {split}, words", words, {int})


def load_data_keeps_reviews_that_are_shorter_than_maxlen() -> Iterator[Finding]:
    """Load reviews that no two words have in common, so that each is known again.

    Asked for is only what the documentation (longer ones are cut) and every Keras 3 (they are left out, and
    those of just that length too) have in common: shorter ones come whole, and none is longer.
    """
    reviews = [[100 * number + place for place in range(1, 2 + number)] for number in range(8)]
    maxlen = 6
    for split, (x, y) in zip(
        ("train", "test"), _load(reviews, reviews, maxlen=maxlen, num_words=1_000), strict=True
    ):
        numbers = [(review[-1] - 3) // 100 for review in x]
        short = {
            number: _encoded(review)
            for number, review in enumerate(reviews)
            if len(_encoded(review)) < maxlen
        }
        received = {n: review for n, review in zip(numbers, x, strict=True) if n in short}
        yield equal(f"{split}, shorter ones", dict(sorted(received.items())), short)
        yield equal(f"{split}, none is longer", max(map(len, x)) <= maxlen, True)
        yield equal(f"{split}, labels", y, _labels(reviews)[numbers])


def words_reach_the_embedding_unchanged() -> Iterator[Finding]:
    """Look up every word through a model with an input of its own, in full and in half precision."""
    for policy in ("float32", "mixed_bfloat16", "mixed_float16"):
        for name, asked in (
            ("input of int32", {"dtype": "int32"}),
            ("input of Keras's own type", {}),
        ):
            yield equal(f"{policy}, {name}", _looked_up(policy, asked), WORDS)
    yield equal("float32, no input", _looked_up("float32"), WORDS)


def words_survive_half_precision_without_an_input_layer() -> Iterator[Finding]:
    """Look up every word through a `Sequential` that begins with `Embedding`, as the notebook's does."""
    for policy in ("mixed_bfloat16", "mixed_float16"):
        yield equal(policy, _looked_up(policy), WORDS)


def _padded(
    sequences: Reviews,
    *,
    maxlen: int | None = None,
    dtype: str = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: float = 0,
) -> Array:
    length = max(map(len, sequences)) if maxlen is None else maxlen
    rows = []
    for sequence in sequences:
        surplus = max(len(sequence) - length, 0)
        kept = sequence[surplus:] if truncating == "pre" else sequence[:length]
        filling = [value] * (length - len(kept))
        rows.append([*filling, *kept] if padding == "pre" else [*kept, *filling])
    return np.array(rows, dtype)


def _encoded(
    review: Sequence[int],
    *,
    num_words: int | None = None,
    skip_top: int = 0,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
    seed: int = 113,
) -> list[int]:
    del seed
    start = [] if start_char is None else [start_char]
    encoded = []
    for word in [*start, *(word + index_from for word in review)]:
        if word >= skip_top and (num_words is None or word < num_words):
            encoded.append(word)
        elif oov_char is not None:
            encoded.append(oov_char)
    return encoded


def _load(train: Reviews, test: Reviews, **asked: Any) -> Any:
    """Return what `load_data` makes of a file of these reviews, which it would not download."""
    # It accepts no file but its own, whose hash it knows.
    module = sys.modules[keras.datasets.imdb.load_data.__module__]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "imdb.npz")
        np.savez(
            path,
            x_train=_ragged(train),
            y_train=_labels(train),
            x_test=_ragged(test),
            y_test=_labels(test),
        )
        with mock.patch.object(module, "get_file", return_value=str(path)):
            return keras.datasets.imdb.load_data(path=str(path), **asked)


def _ragged(reviews: Reviews) -> Array:
    array = np.empty(len(reviews), dtype=object)
    array[:] = reviews
    return array


def _labels(reviews: Reviews) -> Array:
    return np.array([len(review) % 2 for review in reviews], "int64")


def _looked_up(policy: str, asked: dict[str, str] | None = None) -> Array:
    """Return the words that arrive at an `Embedding` under a policy, int32 of the shape of `WORDS`.

    Args:
        policy: of all layers.
        asked: arguments of an `Input` before it; without, the model begins with the `Embedding`.
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        # Wider than the vocabulary, as a word that is rounded up must still be found.
        embedding = keras.layers.Embedding(10_240, 2)
        head = [] if asked is None else [keras.Input((100,), **asked)]
        model = keras.Sequential([*head, embedding])
        embedding.build((None, 100))
        # Every format holds whole numbers up to 102.
        rows = np.arange(10_240)
        embedding.set_weights([np.stack([rows // 100, rows % 100], axis=1).astype("float32")])
        # A tensor: before Keras 3.4 layers cast the integers of NumPy to float.
        vectors = model(keras.ops.convert_to_tensor(WORDS))
    finally:
        keras.config.set_dtype_policy(before)
    digits = keras.ops.convert_to_numpy(keras.ops.cast(vectors, "float32"))
    words: Array = (100 * digits[..., 0] + digits[..., 1]).astype("int32")
    return words


RULES = (
    pad_sequences_fills_and_cuts_as_asked,
    load_data_encodes_and_shuffles_as_asked,
    load_data_keeps_all_words_where_no_number_is_given,
    load_data_gives_lists_of_python_integers,
    load_data_keeps_reviews_that_are_shorter_than_maxlen,
    words_reach_the_embedding_unchanged,
    words_survive_half_precision_without_an_input_layer,
)
