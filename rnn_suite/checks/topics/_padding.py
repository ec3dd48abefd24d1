"""The rules of padding: what a mask hides has no effect, and who hands the mask on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from rnn_suite.checks.parts.drawn_layers import (
    BATCH,
    INPUTS,
    MAKERS,
    STEPS,
    UNITS,
    both_directions,
    called,
    drawn,
    flat,
    parts,
    recurrent,
    sequences,
)
from rnn_suite.checks.parts.parity import Draws
from rnn_suite.checks.parts.tensors import numbers
from rnn_suite.findings import Finding, equal
from rnn_suite.models import cell_layer
from rnn_suite.oracle.functions import Array

WORDS = 9
_ENDS = np.array([3, 2, 1, 0])[:, np.newaxis]
"""Real steps of each row of a batch."""
MASKS: dict[str, Array] = {
    "padded behind": np.arange(STEPS) < _ENDS,
    "padded in front": np.arange(STEPS) >= STEPS - _ENDS,
    "holes": np.arange(BATCH * STEPS).reshape(BATCH, STEPS) % 4 != 1,
}


def masked_steps_change_nothing(cell: str) -> Iterator[Finding]:
    """Replace what is masked by other, large numbers, and compare bit by bit."""
    # All of them as rows of one batch.
    mask = np.concatenate(list(MASKS.values()))
    inputs, others = (np.tile(sequences(number), (len(MASKS), 1, 1)) for number in (0, 1))
    replaced = np.where(mask[..., np.newaxis], inputs, 1e3 * others)
    for side, (make, directions) in MAKERS.items():
        layer = make(cell, return_sequences=True, return_state=True)
        expected, received = (called(layer, x, mask=mask) for x in (inputs, replaced))
        for part, ours, theirs in zip(
            parts(cell, directions=directions), received, expected, strict=True
        ):
            for place, name in enumerate(MASKS):
                rows = slice(place * BATCH, (place + 1) * BATCH)
                yield equal(f"{side}{name}, {part}", ours[rows], theirs[rows])


def the_vector_of_the_padding_word_changes_nothing(cell: str) -> Iterator[Finding]:
    """Give the padding word of an `Embedding` with `mask_zero` another vector."""
    tokens = keras.ops.convert_to_tensor(_tokens())
    for side, (make, _) in MAKERS.items():
        model = keras.Sequential([_embedding(mask_zero=True), make(cell, return_sequences=True)])
        before = numbers(model(tokens))
        vectors = model.layers[0].get_weights()[0]
        vectors[0] = 1e3
        model.layers[0].set_weights([vectors])
        yield equal(f"{side}output", numbers(model(tokens)), before)


def only_a_layer_with_sequences_hands_its_mask_on(cell: str) -> Iterator[Finding]:
    """Ask layers for the masks of what they return: steps have one, last outputs and states have none."""
    mask = MASKS["holes"]
    for side, (make, _) in MAKERS.items():
        for sequential, options in (("last output", {}), ("sequences", {"return_sequences": True})):
            expected = mask if options else None
            layer = make(cell, **options)
            yield equal(f"{side}{sequential}", _masks_of(layer, mask)[0], expected)
            layer = make(cell, return_state=True, **options)
            first, *others = _masks_of(layer, mask)
            yield equal(f"{side}{sequential} with states", first, expected)
            yield equal(f"{side}states with {sequential}", set(others) <= {None}, True)
    unmerged = both_directions(cell, merge_mode=None, return_sequences=True)
    for name, received in zip(("forward", "backward"), _masks_of(unmerged, mask), strict=True):
        yield equal(f"not merged, {name}", received, mask)


def a_mask_is_turned_round_with_its_steps(cell: str) -> Iterator[Finding]:
    """Ask a layer that goes backwards, and so returns the last step first, for the mask of its sequence."""
    mask = MASKS["padded behind"]
    layer = recurrent(cell, return_sequences=True, go_backwards=True)
    yield equal("sequences", _masks_of(layer, mask)[0], mask[:, ::-1])


def a_stack_masks_every_layer(cell: str) -> Iterator[Finding]:
    """Call two layers on embedded words, one by one with the mask, and as a stack that hands it on."""
    tokens = _tokens()
    for side, (make, directions) in MAKERS.items():
        embedding, first = _embedding(mask_zero=True), make(cell, return_sequences=True)
        second = drawn(cell_layer(cell)(UNITS), inputs=UNITS * directions)
        received = keras.Sequential([embedding, first, second])(keras.ops.convert_to_tensor(tokens))
        vectors = embedding.get_weights()[0][tokens]
        between = called(first, vectors, mask=tokens != 0)[0]
        expected, unmasked = (called(second, between, mask=mask)[0] for mask in (tokens != 0, None))
        yield equal(f"{side}output", numbers(received), expected)
        yield equal(f"{side}mask has no effect", bool(np.array_equal(expected, unmasked)), False)


def an_embedding_masks_the_word_0(cell: str) -> Iterator[Finding]:
    """Ask `Embedding` for its mask, with `mask_zero` and without."""
    del cell
    tokens = _tokens()
    for mask_zero, expected in ((True, tokens != 0), (False, None)):
        mask = _embedding(mask_zero=mask_zero).compute_mask(keras.ops.convert_to_tensor(tokens))
        yield equal(f"mask_zero={mask_zero}", None if mask is None else numbers(mask), expected)


def _masks_of(layer: Any, mask: Array) -> list[Array | None]:
    """Return the masks of all that `layer` returns when it is given `mask`."""
    inputs, mask = keras.ops.convert_to_tensor(sequences(0)), keras.ops.convert_to_tensor(mask)
    return [
        None if each is None else numbers(each) for each in flat(layer.compute_mask(inputs, mask))
    ]


def _tokens() -> Array:
    """Return int32[batch, steps] with words from 1 on, padded behind with 0."""
    words = 1 + Draws(610).tokens(WORDS - 1, BATCH, STEPS)
    return np.where(MASKS["padded behind"], words, 0).astype("int32")


def _embedding(*, mask_zero: bool) -> Any:
    layer = keras.layers.Embedding(WORDS, INPUTS, mask_zero=mask_zero)
    layer.build((BATCH, STEPS))
    layer.set_weights([Draws(611).normal(WORDS, INPUTS)])
    return layer


PADDING = (
    masked_steps_change_nothing,
    the_vector_of_the_padding_word_changes_nothing,
    only_a_layer_with_sequences_hands_its_mask_on,
    a_mask_is_turned_round_with_its_steps,
    a_stack_masks_every_layer,
    an_embedding_masks_the_word_0,
)
