"""Faults in what a recurrent layer computes: its equations, gradients, masks, dropout, states and weights."""

from __future__ import annotations

from typing import Any

from tests.selftest.faults.plant import around, fault

ARITHMETIC = "arithmetic of a cell"
GRADIENTS = "gradients"
MASKS = "masks"
DROPOUT = "dropout"
STATES = "states"
INITIAL = "initial weights"


@fault(ARITHMETIC, "replay", "forward")
def sigmoid_for_tanh(_: float) -> None:
    """LSTM squashes its candidate and its output with the wrong function."""
    _after_build("LSTMCell", activation="sigmoid")


@fault(ARITHMETIC, "replay", "forward")
def hard_gates(_: float) -> None:
    """LSTM's gates are piecewise linear, as they were by default before Keras 2.3."""
    _after_build("LSTMCell", recurrent_activation="hard_sigmoid")


def _after_build(cell: str, **functions: str) -> None:
    import keras

    def built(original: Any, layer: Any, *args: Any) -> None:
        original(layer, *args)
        for name, function in functions.items():
            setattr(layer, name, keras.activations.get(function))

    around(getattr(keras.layers, cell), "build", built)


@fault(ARITHMETIC, "replay", "forward")
def gates_in_another_order(_: float) -> None:
    """LSTM reads its kernels in the order forget, input, candidate, output."""
    import keras

    def swapped(original: Any, cell: Any, z: Any, carry: Any) -> Any:
        return original(cell, (z[1], z[0], z[2], z[3]), carry)

    around(keras.layers.LSTMCell, "_compute_carry_and_output_fused", swapped)


@fault(
    ARITHMETIC,
    "replay",
    "forward",
    sizes=(1e-6, 1e-5, 1e-4, 1e-3, 1e-2),
    unit="of the carry a step",
)
def lstm_forgets(size: float) -> None:
    """LSTM loses a part of its carry at every time step."""
    import keras

    def leaky(original: Any, cell: Any, z: Any, carry: Any) -> Any:
        new, output = original(cell, z, carry)
        return (1 - size) * new, output

    around(keras.layers.LSTMCell, "_compute_carry_and_output_fused", leaky)


@fault(ARITHMETIC, "parameters", "forward", cell="gru")
def gru_of_2014(_: float) -> None:
    """GRU applies its reset gate before the matrix product, with one bias fewer."""
    import keras

    def built(original: Any, cell: Any, *args: Any) -> None:
        cell.reset_after = False
        original(cell, *args)

    around(keras.layers.GRUCell, "build", built)


@fault(ARITHMETIC, "replay", "forward", cell="simple_rnn")
def bias_left_out(_: float) -> None:
    """SimpleRNN has its bias and does not add it."""
    import keras

    def unbiased(original: Any, cell: Any, *args: Any, **kwargs: Any) -> Any:
        bias = cell.bias
        # Past Keras's own bookkeeping, in which the weight stays.
        object.__setattr__(cell, "bias", None)
        try:
            return original(cell, *args, **kwargs)
        finally:
            object.__setattr__(cell, "bias", bias)

    around(keras.layers.SimpleRNNCell, "call", unbiased)


@fault(ARITHMETIC, "replay", "forward", sizes=(22, 18, 14, 10), unit="bits kept", cell="gru")
def states_rounded(bits: float) -> None:
    """GRU keeps its state in fewer bits, as a faster kernel might."""
    import keras

    def rounded(original: Any, cell: Any, *args: Any, **kwargs: Any) -> Any:
        output, states = original(cell, *args, **kwargs)
        # In single precision: half of it has no number as large as 2.0**22.
        fine = keras.ops.cast(output, "float32")
        coarse = keras.ops.round(fine * 2.0**bits) / 2.0**bits
        lost = keras.ops.cast(coarse - fine, output.dtype)
        kept = output + keras.ops.stop_gradient(lost)
        return kept, [kept, *states[1:]]

    around(keras.layers.GRUCell, "call", rounded)


@fault(GRADIENTS, "replay", "gradients")
def no_gradient_through_time(_: float) -> None:
    """Backpropagation ends at the last time step."""
    import keras

    def cut(original: Any, cell: Any, inputs: Any, states: Any, **kwargs: Any) -> Any:
        return original(
            cell, inputs, [keras.ops.stop_gradient(state) for state in states], **kwargs
        )

    around(keras.layers.LSTMCell, "call", cut)


@fault(GRADIENTS, "replay", "gradients")
def embedding_not_trained(_: float) -> None:
    """The word vectors stay what they were."""
    import keras

    def frozen(original: Any, layer: Any, *args: Any, **kwargs: Any) -> None:
        original(layer, *args, **kwargs)
        layer._embeddings.trainable = False

    around(keras.layers.Embedding, "build", frozen)


@fault(GRADIENTS, "replay", "gradients", sizes=(1e-4, 1e-3, 1e-2, 0.1), unit="of the gradient")
def recurrent_gradient_too_small(size: float) -> None:
    """The gradient that flows back through LSTM's state is too small at every time step."""
    import keras

    def damped(original: Any, cell: Any, inputs: Any, states: Any, **kwargs: Any) -> Any:
        kept = [(1 - size) * s + size * keras.ops.stop_gradient(s) for s in states]
        return original(cell, inputs, kept, **kwargs)

    around(keras.layers.LSTMCell, "call", damped)


@fault(MASKS, "forward", "layers")
def masks_ignored(_: float) -> None:
    """LSTM reads padding as if it were words."""
    import keras

    def unmasked(original: Any, layer: Any, *args: Any, **kwargs: Any) -> Any:
        return original(layer, *args, **kwargs | {"mask": None})

    around(keras.layers.LSTM, "call", unmasked)


@fault(MASKS, "forward", "layers")
def masks_turned_round(_: float) -> None:
    """LSTM reads padding and skips words."""
    import keras

    def inverted(original: Any, layer: Any, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("mask") is not None:
            kwargs["mask"] = keras.ops.logical_not(kwargs["mask"])
        return original(layer, *args, **kwargs)

    around(keras.layers.LSTM, "call", inverted)


@fault(MASKS, "gradients", "layers")
def another_padding_word(_: float) -> None:
    """Embedding masks word 1 and not word 0."""
    import keras

    def shifted(_original: Any, layer: Any, inputs: Any, mask: Any = None) -> Any:
        return keras.ops.not_equal(inputs, 1) if layer.mask_zero else None

    around(keras.layers.Embedding, "compute_mask", shifted)


@fault(DROPOUT, "layers")
def dropout_in_inference(_: float) -> None:
    """Recurrent layers drop their inputs where they are not trained, too."""
    import keras

    def trained(original: Any, layer: Any, sequences: Any, **kwargs: Any) -> Any:
        return original(layer, sequences, **kwargs | {"training": True})

    around(keras.layers.LSTM, "call", trained)


@fault(DROPOUT, "forward", "layers")
def recurrent_dropout_without_effect(_: float) -> None:
    """The dropout of states is accepted and never applied."""
    import keras
    from keras.src.layers.rnn.dropout_rnn_cell import DropoutRNNCell

    def ones(original: Any, cell: Any, step_input: Any) -> Any:
        masks = original(cell, step_input)
        return None if masks is None else keras.tree.map_structure(keras.ops.ones_like, masks)

    around(DropoutRNNCell, "get_recurrent_dropout_mask", ones)


@fault(DROPOUT, "layers", sizes=(0.02, 0.1, 0.5), unit="of the rate")
def dropout_too_small(size: float) -> None:
    """Recurrent layers drop less than they are asked to."""
    from keras.src.layers.rnn.dropout_rnn_cell import DropoutRNNCell

    def smaller(original: Any, cell: Any, step_input: Any, rate: float) -> Any:
        return original(cell, step_input, rate * (1 - size))

    around(DropoutRNNCell, "_create_dropout_mask", smaller)


@fault(STATES, "forward", "layers")
def state_lost_between_calls(_: float) -> None:
    """A stateful layer begins every call from zeros."""
    import keras

    def forgetful(original: Any, layer: Any, *args: Any, **kwargs: Any) -> Any:
        if layer.stateful:
            layer.reset_state()
        return original(layer, *args, **kwargs)

    around(keras.layers.RNN, "call", forgetful)


@fault(STATES, "layers")
def any_number_of_rows_taken(_: float) -> None:
    """A stateful layer that was built for several rows takes one, and overwrites the state of all."""
    import keras

    def taken(original: Any, layer: Any, sequences: Any, *args: Any, **kwargs: Any) -> Any:
        rows = layer._expected_batch_size
        if layer.stateful and rows is not None and sequences.shape[0] == 1:
            sequences = keras.ops.repeat(sequences, rows, axis=0)
        return original(layer, sequences, *args, **kwargs)

    around(keras.layers.RNN, "call", taken)


@fault(STATES, "forward")
def initial_state_ignored(_: float) -> None:
    """LSTM begins from zeros, whatever state it is given."""
    import keras

    def from_zeros(
        original: Any, layer: Any, sequences: Any, initial_state: Any = None, **kw: Any
    ) -> Any:
        if initial_state is not None and not layer.stateful:
            initial_state = [keras.ops.zeros_like(state) for state in initial_state]
        return original(layer, sequences, initial_state=initial_state, **kw)

    around(keras.layers.LSTM, "call", from_zeros)


@fault(STATES, "layers", "forward")
def h_returned_for_c(_: float) -> None:
    """LSTM returns its output where its carry is asked for."""
    import keras

    def doubled(original: Any, layer: Any, *args: Any, **kwargs: Any) -> Any:
        answer = original(layer, *args, **kwargs)
        return (*answer[:-1], answer[-2]) if layer.return_state else answer

    around(keras.layers.LSTM, "call", doubled)


@fault(INITIAL, "defaults")
def forget_gate_without_its_bias(_: float) -> None:
    """LSTM's forget gate begins with a bias of 0 and not of 1."""
    import keras

    def built(original: Any, cell: Any, *args: Any) -> None:
        cell.unit_forget_bias = False
        original(cell, *args)

    around(keras.layers.LSTMCell, "build", built)


@fault(INITIAL, "defaults")
def recurrent_kernels_not_orthogonal(_: float) -> None:
    """Recurrent kernels begin as Glorot has it, and not orthogonal."""
    import keras

    def glorot(_original: Any, _self: Any, shape: Any, dtype: Any = None) -> Any:
        return keras.initializers.GlorotUniform()(shape, dtype=dtype)

    around(keras.initializers.Orthogonal, "__call__", glorot)


@fault(INITIAL, "defaults", sizes=(0.01, 0.05, 0.5), unit="of the variance")
def kernels_too_wide(size: float) -> None:
    """Glorot's kernels are drawn with too much variance."""
    import keras

    def wider(original: Any, initializer: Any, shape: Any, dtype: Any = None) -> Any:
        return (1 + size) ** 0.5 * original(initializer, shape, dtype)

    around(keras.initializers.GlorotUniform, "__call__", wider)
