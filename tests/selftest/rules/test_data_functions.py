"""Planted faults in Keras's data functions, and the rules that see them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from tests.selftest.planted import broken_rules, in_an_error, wrap

pytestmark = pytest.mark.selftest

PADDED = "pad_sequences_fills_and_cuts_as_asked"
ENCODED = "load_data_encodes_and_shuffles_as_asked"
ALL_WORDS = "load_data_keeps_all_words_where_no_number_is_given"
TYPES = "load_data_gives_lists_of_python_integers"
MAXLEN = "load_data_keeps_reviews_that_are_shorter_than_maxlen"
WORDS = "words_reach_the_embedding_unchanged"
HALF = "words_survive_half_precision_without_an_input_layer"

KNOWN = {ALL_WORDS, HALF}
"""Broken by Keras 3.15.1 itself."""


def change_padding(patch: pytest.MonkeyPatch, change: Callable[[dict[str, Any]], None]) -> None:
    original = keras.utils.pad_sequences

    def wounded(sequences: Any, **given: Any) -> Any:
        change(given)
        return original(sequences, **given)

    patch.setattr(keras.utils, "pad_sequences", wounded)


def filled_at_the_end_by_default(patch: pytest.MonkeyPatch) -> None:
    change_padding(patch, lambda given: given.setdefault("padding", "post"))


def cut_at_the_end_by_default(patch: pytest.MonkeyPatch) -> None:
    change_padding(patch, lambda given: given.setdefault("truncating", "post"))


def filled_with_ones_by_default(patch: pytest.MonkeyPatch) -> None:
    change_padding(patch, lambda given: given.setdefault("value", 1))


def wide_integers_by_default(patch: pytest.MonkeyPatch) -> None:
    change_padding(patch, lambda given: given.setdefault("dtype", "int64"))


def one_word_too_many(patch: pytest.MonkeyPatch) -> None:
    def longer(given: dict[str, Any]) -> None:
        if given.get("maxlen") == 8:
            given["maxlen"] = 9

    change_padding(patch, longer)


def change_loading(patch: pytest.MonkeyPatch, change: Callable[[dict[str, Any]], None]) -> None:
    original = keras.datasets.imdb.load_data

    def wounded(**given: Any) -> Any:
        change(given)
        return original(**given)

    wounded.__module__ = original.__module__
    patch.setattr(keras.datasets.imdb, "load_data", wounded)


def another_seed_by_default(patch: pytest.MonkeyPatch) -> None:
    change_loading(patch, lambda given: given.setdefault("seed", 114))


def index_from_two_by_default(patch: pytest.MonkeyPatch) -> None:
    change_loading(patch, lambda given: given.setdefault("index_from", 2))


def a_word_less(patch: pytest.MonkeyPatch) -> None:
    def fewer(given: dict[str, Any]) -> None:
        if given.get("num_words"):
            given["num_words"] -= 1

    change_loading(patch, fewer)


def skip_top_ignored(patch: pytest.MonkeyPatch) -> None:
    change_loading(patch, lambda given: given.pop("skip_top", None))


def unknown_words_always_kept(patch: pytest.MonkeyPatch) -> None:
    def kept(given: dict[str, Any]) -> None:
        if "oov_char" in given and given["oov_char"] is None:
            given["oov_char"] = 2

    change_loading(patch, kept)


def change_loaded(patch: pytest.MonkeyPatch, change: Callable[[Any, Any], Any]) -> None:
    original = keras.datasets.imdb.load_data

    def wounded(**given: Any) -> Any:
        return tuple(change(x, y) for x, y in original(**given))

    wounded.__module__ = original.__module__
    patch.setattr(keras.datasets.imdb, "load_data", wounded)


def numbers_of_numpy(patch: pytest.MonkeyPatch) -> None:
    def converted(x: Any, y: Any) -> Any:
        for place, review in enumerate(x):
            x[place] = [np.int64(word) for word in review]
        return x, y

    change_loaded(patch, converted)


def arrays_instead_of_lists(patch: pytest.MonkeyPatch) -> None:
    def converted(x: Any, y: Any) -> Any:
        return list(x), y

    change_loaded(patch, converted)


def narrow_labels(patch: pytest.MonkeyPatch) -> None:
    change_loaded(patch, lambda x, y: (x, y.astype("int32")))


def labels_of_other_reviews(patch: pytest.MonkeyPatch) -> None:
    change_loaded(patch, lambda x, y: (x, y[::-1]))


def maxlen_ignored(patch: pytest.MonkeyPatch) -> None:
    change_loading(patch, lambda given: given.pop("maxlen", None))


def maxlen_one_less(patch: pytest.MonkeyPatch) -> None:
    def shorter(given: dict[str, Any]) -> None:
        if given.get("maxlen"):
            given["maxlen"] -= 1

    change_loading(patch, shorter)


def words_rounded(patch: pytest.MonkeyPatch) -> None:
    def rounded(original: Any, layer: Any, inputs: Any) -> Any:
        return original(layer, keras.ops.cast(keras.ops.cast(inputs, "float16"), "int32"))

    wrap(patch, keras.layers.Embedding, "call", rounded)


def half_precision_inputs(patch: pytest.MonkeyPatch) -> None:
    original = keras.Input

    def narrow(*args: Any, **given: Any) -> Any:
        if keras.config.dtype_policy().compute_dtype != "float32":
            given.setdefault("dtype", keras.config.dtype_policy().compute_dtype)
        return original(*args, **given)

    patch.setattr(keras, "Input", narrow)


def test_unwounded_libraries_keep_every_rule_but_the_known_ones() -> None:
    assert broken_rules("data_functions") == KNOWN


@pytest.mark.parametrize(
    ("fault", "broken"),
    [
        (filled_at_the_end_by_default, {PADDED}),
        (cut_at_the_end_by_default, {PADDED}),
        (filled_with_ones_by_default, {PADDED}),
        (wide_integers_by_default, {PADDED}),
        (one_word_too_many, {PADDED}),
        (another_seed_by_default, {ENCODED}),
        (index_from_two_by_default, {ENCODED, MAXLEN}),
        (a_word_less, {ENCODED}),
        (skip_top_ignored, {ENCODED}),
        (unknown_words_always_kept, {ENCODED}),
        (numbers_of_numpy, {TYPES}),
        (arrays_instead_of_lists, in_an_error(TYPES)),
        (narrow_labels, {ENCODED, MAXLEN}),
        (labels_of_other_reviews, {ENCODED, MAXLEN}),
        (maxlen_ignored, {MAXLEN}),
        (maxlen_one_less, {MAXLEN}),
        (words_rounded, {WORDS}),
        (half_precision_inputs, {WORDS}),
    ],
)
def test_a_planted_fault_breaks_exactly_the_rules_that_should_see_it(
    fault: Callable[[pytest.MonkeyPatch], None],
    broken: set[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fault(monkeypatch)
    assert broken_rules("data_functions") == broken | KNOWN


def test_an_embedding_that_is_always_fed_integers_keeps_every_rule(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    original = keras.Sequential

    def fed_integers(layers: Any) -> Any:
        if isinstance(layers[0], keras.layers.Embedding):
            layers = [keras.Input((100,), dtype="int32"), *layers]
        return original(layers)

    monkeypatch.setattr(keras, "Sequential", fed_integers)
    assert broken_rules("data_functions") == {ALL_WORDS}


def test_a_loader_that_knows_no_largest_word_keeps_every_rule(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    change_loading(monkeypatch, lambda given: given.setdefault("num_words", 1_000))
    assert broken_rules("data_functions") == {HALF}
