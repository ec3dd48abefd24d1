"""Models that were saved and read again: in this version, and as released versions wrote them.

`.keras`, legacy `.h5`, `.weights.h5` and SavedModel. What is read is held bit for bit against the model that
was saved, and its options against those that were asked for. Everything is read in safe mode.

Optimizer state is asked for only of `.keras`, as Keras's documentation promises it. A model from an `.h5`
keeps its settings, but Keras 3 (3.3.3 to 3.15.1) cannot train it on before it is compiled again: the
optimizer is rebuilt for the model's own variables, of which it has none ("Unknown variable").
"""

from __future__ import annotations

import contextlib
import functools
import io
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from rnn_suite.checks.parts.machine import machine_is_at_fault
from rnn_suite.checks.parts.parity import Draws
from rnn_suite.checks.parts.refusals import refused
from rnn_suite.checks.parts.small_models import (
    ADAM,
    ARCHITECTURES,
    STEPS,
    UNITS,
    Architecture,
    compiled,
    feed,
    flat,
    outputs,
    with_weights,
)
from rnn_suite.checks.topics._older_files import OLDER_FILES
from rnn_suite.findings import FLOAT32_EPSILON, Finding, close, equal
from rnn_suite.models import CELLS
from rnn_suite.oracle.functions import Array

FORMATS = (".keras", ".h5", ".weights.h5")
_ROUNDING = 16 * FLOAT32_EPSILON
"""An exported graph may add in another order: 1 epsilon was measured on Keras 3.3 to 3.15, all cells."""


def weights_are_kept(cell: str) -> Iterator[Finding]:
    """Hold the weights of what was read against those of what was saved, bit by bit."""
    for name, ending, saved, read in _round_trips(cell):
        yield equal(f"{name}{ending}", flat(read.get_weights()), flat(saved.get_weights()))


def outputs_are_kept(cell: str) -> Iterator[Finding]:
    """Call both models on the same tokens: the same operations on the same numbers, so no rounding."""
    tokens, _ = feed(Draws(500))
    for name in ARCHITECTURES:
        expected = _from_rest(_saved(cell, name), [tokens])[0]
        for ending in FORMATS:
            received = _from_rest(_read(cell, name, ending), [tokens])[0]
            yield equal(f"{name}{ending}", received, expected)


def options_are_kept(cell: str) -> Iterator[Finding]:
    """Hold layers, options and input shape of what was read against what was asked for."""
    for name, ending, _, read in _round_trips(cell):
        if ending == ".weights.h5":
            continue  # It has no configuration.
        asked = ARCHITECTURES[name]
        embedding, *recurrent, _ = read.layers
        wrapper = "Bidirectional" if asked.merge_mode else CELLS[cell].layer
        yield equal(
            f"{name}{ending}, layers",
            [type(layer).__name__ for layer in read.layers],
            ["Embedding", *[wrapper] * len(asked.layers), "Dense"],
        )
        yield equal(f"{name}{ending}, input shape", tuple(read.input_shape), asked.batch_shape)
        yield equal(f"{name}{ending}, mask_zero", embedding.mask_zero, asked.mask_zero)
        for depth, (layer, options) in enumerate(
            zip(recurrent, asked.options(cell), strict=True), start=1
        ):
            configs = {"": layer.get_config()}
            if asked.merge_mode:
                yield equal(f"{name}{ending}, merge_mode", layer.merge_mode, asked.merge_mode)
                configs = {
                    ", forward": layer.forward_layer.get_config(),
                    ", backward": layer.backward_layer.get_config(),
                }
            for side, config in configs.items():
                backwards = bool(options.get("go_backwards")) or side == ", backward"
                expected = {**options, "go_backwards": backwards}
                yield equal(
                    f"{name}{ending}, options of recurrent layer {depth}{side}",
                    {option: config.get(option) for option in expected},
                    expected,
                )


def state_is_carried_after_reading(cell: str) -> Iterator[Finding]:
    """Call stateful models on two pieces, one after the other, both from a state that was reset."""
    draws = Draws(501)
    pieces = [feed(draws)[0] for _ in range(2)]
    for ending in FORMATS:
        expected = _from_rest(_saved(cell, "stateful"), pieces)
        received = _from_rest(_read(cell, "stateful", ending), pieces)
        yield equal(f"{ending}, second piece", received[1], expected[1])


def compilation_is_kept(cell: str) -> Iterator[Finding]:
    """Look at the optimizer's settings, and hold loss and metric against NumPy on the model's outputs."""
    tokens, labels = feed(Draws(502))
    for ending in (".keras", ".h5"):
        read = _read(cell, "classifier", ending)
        settings = read.optimizer.get_config()
        yield equal(f"{ending}, optimizer", type(read.optimizer).__name__, "Adam")
        yield equal(
            f"{ending}, optimizer's settings",
            {name: _as_float32(settings[name]) for name in ADAM},
            {name: _as_float32(value) for name, value in ADAM.items()},
        )
        read.run_eagerly = True
        logs = read.test_on_batch(tokens, labels, return_dict=True)
        yield equal(f"{ending}, names of loss and metric", sorted(logs), ["accuracy", "loss"])
        chance = outputs(read, tokens).astype("float64")
        entropy = -np.mean(labels * np.log(chance) + (1 - labels) * np.log(1 - chance))
        # Keras clips the chance at 1e-7 and rounds it, its logarithm and their mean.
        yield close(f"{ending}, loss", logs.get("loss", np.nan), entropy, bound=_ROUNDING)
        yield close(
            f"{ending}, accuracy",
            logs.get("accuracy", np.nan),
            np.mean((chance > 0.5) == labels),
            bound=_ROUNDING,
        )


def losses_with_short_names_are_read(cell: str) -> Iterator[Finding]:
    """Save models that were compiled with a loss by its short name, and test what is read."""
    tokens, labels = feed(Draws(505))
    for ending in (".keras", ".h5"):
        for loss, power in (("mse", 2), ("mae", 1)):
            model = with_weights(ARCHITECTURES["classifier"].build(cell), Draws(510))
            model.compile("adam", loss)
            name = f"{ending}, {loss}"
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder, f"model{ending}")
                model.save(path)
                try:
                    read = keras.saving.load_model(path, safe_mode=True)
                except Exception as error:
                    if machine_is_at_fault(error):
                        raise
                    yield equal(name, f"{type(error).__name__}: {error}", "read")
                    continue
            read.run_eagerly = True
            expected = np.mean(np.abs(outputs(model, tokens).astype("float64") - labels) ** power)
            received = read.test_on_batch(tokens, labels)
            yield close(name, received, expected, bound=_ROUNDING)


def training_resumed_is_training_uninterrupted(cell: str) -> Iterator[Finding]:
    """Save after two steps of Adam, take two more, and take the same two with the model that was read."""
    draws = Draws(503)
    # Operation by operation: which steps are taken is asked here, not how they are run.
    model = compiled(with_weights(ARCHITECTURES["classifier"].build(cell), draws), eagerly=True)
    batches = [feed(draws) for _ in range(4)]
    _train(model, batches[:2])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.keras")
        model.save(path)
        resumed = keras.saving.load_model(path, safe_mode=True)
    expected, received = _train(model, batches[2:]), _train(resumed, batches[2:])
    yield equal("losses", np.array(received), np.array(expected))
    yield equal("weights", flat(resumed.get_weights()), flat(model.get_weights()))
    yield equal(
        "optimizer's state", flat(resumed.optimizer.variables), flat(model.optimizer.variables)
    )


def exported_models_give_the_same_outputs(cell: str) -> Iterator[Finding]:
    """Export as SavedModel and call what TensorFlow and `TFSMLayer` read."""
    draws = Draws(504)
    with tempfile.TemporaryDirectory() as folder:
        model, path = _saved(cell, "bidirectional"), str(Path(folder, "bidirectional"))
        _export(model, path)
        layer = keras.layers.TFSMLayer(path, call_endpoint="serve")
        # Held by name: its functions do not keep its variables alive.
        read = tf.saved_model.load(path)
        for steps in (STEPS, 1):
            tokens, _ = feed(draws, steps)
            expected = outputs(model, tokens[:2])
            for reader, call in (("TFSMLayer", layer), ("TensorFlow", read.serve)):
                name = f"bidirectional, {steps} steps, {reader}"
                yield _rounded(name, outputs(call, tokens[:2]), expected)

        model, path = _saved(cell, "stateful"), str(Path(folder, "stateful"))
        _reset_state(model)
        _export(model, path)
        read = tf.saved_model.load(path)
        pieces = [feed(draws)[0] for _ in range(2)]
        answers = [outputs(read.serve, piece) for piece in pieces]
        yield _rounded("stateful, second piece", answers[1], _from_rest(model, pieces)[1])


def safe_mode_refuses_python_code(cell: str) -> Iterator[Finding]:
    """Read files with a `Lambda` of Python code in them: it would run on the reader's machine."""
    model = ARCHITECTURES["classifier"].build(cell)
    model.add(keras.layers.Lambda(lambda chance: 1 - chance))
    with tempfile.TemporaryDirectory() as folder:
        for ending in (".keras", ".h5"):
            path = Path(folder, f"model{ending}")
            model.save(path)
            yield refused(ending, _reading(path))
            # So that it is the code that is refused, and not the file for something else.
            allowed = keras.saving.load_model(path, safe_mode=False)
            yield equal(f"{ending}, read where allowed", len(allowed.layers), len(model.layers))


def damaged_files_are_refused(cell: str) -> Iterator[Finding]:
    """Read files that were cut in half, and one with a changed byte among its weights."""
    model = _saved(cell, "classifier")
    with tempfile.TemporaryDirectory() as folder:
        for ending in FORMATS:
            path = Path(folder, f"model{ending}")
            _save(model, path)
            whole = path.read_bytes()
            path.write_bytes(whole[: len(whole) // 2])
            reading = _reading(path) if ending != ".weights.h5" else _loading(model, path)
            yield refused(f"{ending} cut in half", reading)
            if ending == ".keras":
                # Zip keeps a checksum, HDF5 does not.
                weights = flat(model.get_weights()[:1]).tobytes()
                changed = bytes(byte ^ 0xFF for byte in weights[:1]) + weights[1:]
                path.write_bytes(whole.replace(weights, changed))
                yield refused(f"{ending} with a changed byte", _reading(path))


def weights_of_another_model_are_refused(cell: str) -> Iterator[Finding]:
    """Load the `.weights.h5` of a classifier into models that have another size or one layer more."""
    wider = ARCHITECTURES["classifier"].build(cell, units=UNITS + 1)
    deeper = Architecture(layers=({"return_sequences": True}, {})).build(cell)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.weights.h5")
        _save(_saved(cell, "classifier"), path)
        yield refused("another size", _loading(wider, path))
        yield refused("a layer more", _loading(deeper, path))


@functools.cache
def _saved(cell: str, name: str) -> keras.Model:
    model = with_weights(ARCHITECTURES[name].build(cell), Draws(510))
    return compiled(model) if name == "classifier" else model


@functools.cache
def _read(cell: str, name: str, ending: str) -> keras.Model:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"model{ending}")
        _save(_saved(cell, name), path)
        if ending != ".weights.h5":
            return keras.saving.load_model(path, safe_mode=True)
        fresh = ARCHITECTURES[name].build(cell)
        fresh.load_weights(path)
        return fresh


def _round_trips(cell: str) -> Iterator[tuple[str, str, keras.Model, keras.Model]]:
    for name in ARCHITECTURES:
        for ending in FORMATS:
            yield name, ending, _saved(cell, name), _read(cell, name, ending)


def _save(model: keras.Model, path: Path) -> None:
    (model.save_weights if path.name.endswith(".weights.h5") else model.save)(path)


def _export(model: keras.Model, path: str) -> None:
    # It prints what it made; `verbose` is younger than Keras 3.3.
    with contextlib.redirect_stdout(io.StringIO()):
        model.export(path)


def _reset_state(model: keras.Model) -> None:
    for layer in model.layers:
        if getattr(layer, "stateful", False):
            layer.reset_state()


def _from_rest(model: keras.Model, pieces: list[Array]) -> list[Array]:
    _reset_state(model)
    return [outputs(model, piece) for piece in pieces]


def _train(model: keras.Model, batches: list[tuple[Array, Array]]) -> list[float]:
    losses = []
    for tokens, labels in batches:
        model.reset_metrics()
        losses.append(float(model.train_on_batch(tokens, labels, return_dict=True)["loss"]))
    return losses


def _reading(path: Path) -> Callable[[], Any]:
    return lambda: keras.saving.load_model(path, safe_mode=True)


def _loading(model: keras.Model, path: Path) -> Callable[[], Any]:
    return lambda: model.load_weights(path)


def _rounded(name: str, received: Array, expected: Array) -> Finding:
    return close(name, received, expected, bound=_ROUNDING, source="the exported model")


def _as_float32(value: float) -> float:
    return float(np.float32(value))


RULES = (
    weights_are_kept,
    outputs_are_kept,
    options_are_kept,
    state_is_carried_after_reading,
    compilation_is_kept,
    losses_with_short_names_are_read,
    training_resumed_is_training_uninterrupted,
    exported_models_give_the_same_outputs,
    safe_mode_refuses_python_code,
    damaged_files_are_refused,
    weights_of_another_model_are_refused,
    *OLDER_FILES,
)
