"""The oracle itself: hand-worked numbers, central differences, and the algebra between its parts."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from rnn_suite.oracle import (
    GRU,
    LSTM,
    SGD,
    Adam,
    Bidirectional,
    Cell,
    Dense,
    Dropout,
    Embedding,
    Layer,
    Network,
    Recurrent,
    SimpleRNN,
    make_cell,
    unroll,
    unroll_back,
)
from rnn_suite.oracle.cells import KINDS
from rnn_suite.oracle.functions import ACTIVATIONS, Array, binary_cross_entropy, sigmoid

BATCH, STEPS, INPUTS, UNITS = 3, 5, 4, 2
NO_DROPOUT = Dropout()


def draw(*shape: int, seed: int = 0, scale: float = 0.7) -> Array:
    return np.random.RandomState(seed).standard_normal(shape) * scale


def weights(gates: int, inputs: int, units: int, *, seed: int, rows: int = 1) -> dict[str, Any]:
    bias = draw(rows, gates * units, seed=seed + 2)
    return {
        "kernel": draw(inputs, gates * units, seed=seed),
        "recurrent_kernel": draw(units, gates * units, seed=seed + 1),
        "bias": bias if rows == 2 else bias[0],
    }


def simple_rnn(inputs: int = INPUTS, units: int = UNITS, seed: int = 1) -> Cell:
    return SimpleRNN(**weights(1, inputs, units, seed=seed))


def lstm(inputs: int = INPUTS, units: int = UNITS, seed: int = 1) -> Cell:
    return LSTM(**weights(4, inputs, units, seed=seed))


def gru(inputs: int = INPUTS, units: int = UNITS, seed: int = 1) -> Cell:
    return GRU(**weights(3, inputs, units, seed=seed, rows=2))


def gru_reset_before(inputs: int = INPUTS, units: int = UNITS, seed: int = 1) -> Cell:
    return GRU(**weights(3, inputs, units, seed=seed), reset_after=False)


Make = Callable[..., Cell]
CELLS: tuple[Make, ...] = (simple_rnn, lstm, gru, gru_reset_before)


def test_a_simple_rnn_step_is_the_equation_worked_by_hand() -> None:
    cell = SimpleRNN(
        kernel=np.array([[0.5]]), recurrent_kernel=np.array([[-0.25]]), bias=np.array([0.1])
    )
    ((h,), _) = cell.step(np.array([[2.0]]), (np.array([[0.8]]),), NO_DROPOUT)
    # 0.5 * 2 - 0.25 * 0.8 + 0.1 = 0.9
    assert h.item() == pytest.approx(math.tanh(0.9), rel=1e-15)


def test_an_lstm_step_is_the_equations_worked_by_hand() -> None:
    cell = LSTM(
        kernel=np.array([[0.0, 0.0, 1.0, 0.0]]),
        recurrent_kernel=np.array([[0.0, 0.0, 0.0, 0.0]]),
        # sigmoid(ln 3) = 3/4 for i, sigmoid(0) = 1/2 for f, sigmoid(-ln 3) = 1/4 for o.
        bias=np.array([math.log(3), 0.0, 0.0, -math.log(3)]),
    )
    ((h, c), _) = cell.step(np.array([[0.5]]), (np.array([[9.0]]), np.array([[0.4]])), NO_DROPOUT)
    expected = 0.5 * 0.4 + 0.75 * math.tanh(0.5)
    assert c.item() == pytest.approx(expected, rel=1e-15)
    assert h.item() == pytest.approx(0.25 * math.tanh(expected), rel=1e-15)


@pytest.mark.parametrize("reset_after", [True, False])
def test_a_gru_step_is_the_equations_worked_by_hand(reset_after: bool) -> None:
    # z = sigmoid(ln 3) = 3/4, r = sigmoid(-ln 3) = 1/4, from the biases alone.
    bias = np.array([math.log(3), -math.log(3), 0.2])
    cell = GRU(
        kernel=np.array([[0.0, 0.0, 1.0]]),
        recurrent_kernel=np.array([[0.0, 0.0, 2.0]]),
        bias=np.stack([bias, np.array([0.0, 0.0, 0.3])]) if reset_after else bias,
        reset_after=reset_after,
    )
    ((h,), _) = cell.step(np.array([[0.5]]), (np.array([[0.8]]),), NO_DROPOUT)
    inner = 0.25 * (2.0 * 0.8 + 0.3) if reset_after else 2.0 * (0.25 * 0.8)
    candidate = math.tanh(0.5 + 0.2 + inner)
    assert h.item() == pytest.approx(0.75 * 0.8 + 0.25 * candidate, rel=1e-15)


@pytest.mark.parametrize("reset_after", [True, False])
def test_a_gru_refuses_the_bias_of_the_other_kind(reset_after: bool) -> None:
    other = weights(3, INPUTS, UNITS, seed=1, rows=1 if reset_after else 2)
    with pytest.raises(ValueError, match="a bias has"):
        GRU(**other, reset_after=reset_after)


def test_the_blocks_of_an_lstm_stand_in_the_order_input_forget_candidate_output() -> None:
    cell = lstm(inputs=1, units=1)
    state = (np.zeros((1, 1)), np.ones((1, 1)))

    def changed_by(column: int) -> tuple[float, float]:
        bias = np.array([0.3, 0.3, 0.3, 0.3])
        bias[column] += 100.0  # The gate opens wholly, the candidate is 1.
        cell_then = LSTM(
            kernel=cell.weights[0] * 0, recurrent_kernel=cell.weights[1] * 0, bias=bias
        )
        ((h, c), _) = cell_then.step(np.zeros((1, 1)), state, NO_DROPOUT)
        return h.item(), c.item()

    s, t = 1 / (1 + math.exp(-0.3)), math.tanh(0.3)
    assert changed_by(0)[1] == pytest.approx(s + t)
    assert changed_by(1)[1] == pytest.approx(1 + s * t)
    assert changed_by(2)[1] == pytest.approx(s + s)
    assert changed_by(3) == pytest.approx((math.tanh(s + s * t), s + s * t))


def numerical_gradient(function: Callable[[], float], array: Array, step: float = 1e-6) -> Array:
    """Central differences by every entry of `array`, which `function` reads."""
    gradient = np.zeros_like(array)
    for index in np.ndindex(array.shape):
        kept = array[index]
        array[index] = kept + step
        above = function()
        array[index] = kept - step
        below = function()
        array[index] = kept
        gradient[index] = (above - below) / (2 * step)
    return gradient


@pytest.mark.parametrize("make", CELLS)
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("go_backwards", [False, True])
@pytest.mark.parametrize("dropped", [False, True])
def test_backpropagation_through_time_is_what_central_differences_give(
    make: Make, masked: bool, go_backwards: bool, dropped: bool
) -> None:
    cell = make()
    inputs = draw(BATCH, STEPS, INPUTS, seed=10)
    state = tuple(draw(BATCH, UNITS, seed=11 + k) for k in range(cell.states))
    by_outputs = draw(BATCH, STEPS, UNITS, seed=20)
    by_state = tuple(draw(BATCH, UNITS, seed=21 + k) for k in range(cell.states))
    mask = np.random.RandomState(3).rand(BATCH, STEPS) < 0.5 if masked else None
    dropout = (
        Dropout(
            inputs=1.0 * (draw(cell.gates, BATCH, INPUTS, seed=30) > 0) / 0.5,
            state=1.0 * (draw(cell.gates, BATCH, UNITS, seed=31) > 0) / 0.5,
        )
        if dropped
        else NO_DROPOUT
    )

    def run() -> Any:
        return unroll(
            cell,
            inputs,
            initial_state=state,
            mask=mask,
            go_backwards=go_backwards,
            dropout=dropout,
        )

    def weighted_sum() -> float:
        unrolled = run()
        over_states = sum(
            float((d * s).sum()) for d, s in zip(by_state, unrolled.state, strict=True)
        )
        return float((by_outputs * unrolled.outputs).sum()) + over_states

    d_inputs, d_state, d_weights = unroll_back(cell, run(), by_outputs, by_state)
    for array, gradient in zip(
        [inputs, *state, *cell.weights], [d_inputs, *d_state, *d_weights], strict=True
    ):
        np.testing.assert_allclose(
            gradient, numerical_gradient(weighted_sum, array), rtol=1e-6, atol=1e-8
        )


def classifier(*recurrent: Layer, width: int, words: int = 6) -> Network:
    head = Dense(draw(width, 1, seed=41), draw(1, seed=42))
    return Network([Embedding(draw(words, INPUTS, seed=40), mask_zero=True), *recurrent, head])


def both_ways(merge: Any, *, return_sequences: bool) -> Bidirectional:
    ahead = Recurrent(lstm(seed=1), return_sequences=return_sequences)
    behind = Recurrent(lstm(seed=5), return_sequences=return_sequences, go_backwards=True)
    return Bidirectional(ahead, behind, merge)


@pytest.mark.parametrize(
    "network",
    [
        classifier(Recurrent(gru()), width=UNITS),
        classifier(Recurrent(simple_rnn(), return_sequences=True), width=UNITS),
        classifier(
            Recurrent(lstm(), return_sequences=True), Recurrent(gru(inputs=UNITS)), width=UNITS
        ),
        *[
            classifier(
                both_ways(merge, return_sequences=sequences),
                width=UNITS * (2 if merge in ("concat", None) else 1),
            )
            for merge in ("concat", "sum", "mul", "ave", None)
            for sequences in (False, True)
        ],
    ],
    ids=lambda network: f"{len(network.layers)}-layers",
)
def test_the_gradients_of_a_classifier_are_what_central_differences_give(network: Network) -> None:
    stream = np.random.RandomState(7)
    tokens = stream.randint(0, 6, (BATCH, STEPS))
    tokens[:, 0] = 1
    labels = stream.randint(0, 2, network.logits(tokens)[0].shape)
    _, gradients = network.loss_and_gradients(tokens, labels)

    def loss() -> float:
        return network.loss_and_gradients(tokens, labels)[0]

    for weight, gradient in zip(network.weights, list(gradients), strict=True):
        np.testing.assert_allclose(gradient, numerical_gradient(loss, weight), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("make", CELLS)
def test_a_masked_step_keeps_the_state_and_repeats_the_output(make: Make) -> None:
    inputs = draw(1, 4, INPUTS, seed=10)
    mask = np.array([[False, True, False, True]])
    masked, kept = unroll(make(), inputs, mask=mask), unroll(make(), inputs[:, [1, 3]])
    np.testing.assert_array_equal(masked.outputs[:, [1, 3]], kept.outputs)
    np.testing.assert_array_equal(masked.outputs[:, 2], masked.outputs[:, 1])
    np.testing.assert_array_equal(masked.outputs[:, 0], np.zeros((1, UNITS)))
    np.testing.assert_array_equal(masked.state, kept.state)


@pytest.mark.parametrize("make", CELLS)
def test_going_backwards_is_going_forward_over_what_was_turned_round(make: Make) -> None:
    inputs = draw(BATCH, STEPS, INPUTS, seed=10)
    backwards = unroll(make(), inputs, go_backwards=True)
    np.testing.assert_array_equal(backwards.outputs, unroll(make(), inputs[:, ::-1]).outputs)


@pytest.mark.parametrize("make", CELLS)
def test_carrying_the_state_over_makes_two_halves_a_whole(make: Make) -> None:
    inputs = draw(BATCH, STEPS, INPUTS, seed=10)
    first = unroll(make(), inputs[:, :2])
    second = unroll(make(), inputs[:, 2:], initial_state=first.state)
    np.testing.assert_array_equal(second.state, unroll(make(), inputs).state)


@pytest.mark.parametrize("make", CELLS)
def test_float32_weights_keep_all_arithmetic_in_float32(make: Make) -> None:
    def single(*arrays: Array) -> Sequence[Array]:
        return [array.astype("float32") for array in arrays]

    double = make()
    options = {"reset_after": double.reset_after} if isinstance(double, GRU) else {}
    name = next(name for name, kind in KINDS.items() if isinstance(double, kind))
    cell = make_cell(name, single(*double.weights), **options)
    (matrix, head, head_bias) = single(draw(6, INPUTS), draw(UNITS, 1), draw(1))
    network = Network([Embedding(matrix), Recurrent(cell), Dense(head, head_bias)])
    tokens = np.arange(6).reshape(2, 3)
    _, gradients = network.loss_and_gradients(tokens, np.array([[0], [1]]))
    Adam(1e-3).step(network.weights, gradients)
    arrays = [*network.weights, *gradients, network.logits(tokens)[0]]
    assert {array.dtype for array in arrays} == {np.dtype("float32")}


def test_a_word_that_stands_twice_collects_both_gradients() -> None:
    embedding = Embedding(np.zeros((3, 1)))
    embedding.forward(np.array([[1, 1, 2]]), None)
    embedding.backward(np.array([[[1.0], [10.0], [100.0]]]))
    np.testing.assert_array_equal(embedding.gradients[0], [[0.0], [11.0], [100.0]])


def test_the_cross_entropy_is_minus_the_log_of_the_probability_given_to_the_label() -> None:
    logit = np.array([math.log(3)])  # p = 3/4
    assert binary_cross_entropy(logit, np.array([1.0])).item() == pytest.approx(-math.log(0.75))
    assert binary_cross_entropy(logit, np.array([0.0])).item() == pytest.approx(-math.log(0.25))
    assert binary_cross_entropy(np.array([1000.0]), np.array([0.0])).item() == 1000.0


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_slope_of_an_activation_is_its_derivative(name: str) -> None:
    activation = ACTIVATIONS[name]
    x = np.array([-2.0, -0.3, 0.4, 3.0])
    numerical = (activation.of(x + 1e-6) - activation.of(x - 1e-6)) / 2e-6
    np.testing.assert_allclose(activation.slope(activation.of(x)), numerical, rtol=1e-6, atol=1e-9)


def test_the_sigmoid_overflows_nowhere() -> None:
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(sigmoid(np.array([-1e4, 0.0, 1e4])), [0.0, 0.5, 1.0])


def test_gradient_descent_takes_the_learning_rate_times_the_gradient_away() -> None:
    weight = np.array([1.0, 2.0])
    SGD(0.1).step([weight], [np.array([5.0, -5.0])])
    np.testing.assert_allclose(weight, [0.5, 2.5])


def test_two_steps_of_adam_are_the_equations_worked_by_hand() -> None:
    weight = np.array([1.0])
    adam = Adam(0.1, beta_1=0.5, beta_2=0.75, epsilon=0.0)
    # m = 1, v = 1; sqrt(1 - .75) / (1 - .5) = 1, so the step is 0.1 * 1 / 1.
    adam.step([weight], [np.array([2.0])])
    assert weight.item() == pytest.approx(0.9)
    # m = .5 - 2 = -1.5, v = .75 + 4 = 4.75; sqrt(1 - .5625) / (1 - .25) * -1.5 / sqrt(4.75)
    adam.step([weight], [np.array([-4.0])])
    expected = 0.9 + 0.1 * math.sqrt(0.4375) / 0.75 * 1.5 / math.sqrt(4.75)
    assert weight.item() == pytest.approx(expected)


def test_the_epsilon_of_adam_stands_beside_the_uncorrected_root() -> None:
    weight = np.array([0.0])
    Adam(1.0, beta_1=0.0, beta_2=0.75, epsilon=1.0).step([weight], [np.array([2.0])])
    # v = 1: sqrt(.25) / 1 * 2 / (1 + 1)
    assert weight.item() == pytest.approx(-0.5)
