from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rnn_suite.checks.replay import replay_losses
from rnn_suite.data.dataset import Dataset
from rnn_suite.errors import InvalidExperimentError, TrainingError
from rnn_suite.experiment import Experiment
from rnn_suite.models import CELLS, build_model
from rnn_suite.questions.replay import ALLOWANCE, STEPS

Tiny = Callable[..., Experiment]


@pytest.mark.parametrize("cell", CELLS)
def test_the_losses_depend_neither_on_kerass_seed_nor_on_what_the_model_did_before(
    tiny: Tiny, cell: str
) -> None:
    import keras

    experiment = tiny(cell)
    keras.utils.set_random_seed(1)
    model = build_model(experiment)
    model.optimizer.build(model.trainable_variables)
    first = replay_losses(experiment, model)
    assert replay_losses(experiment, model) == first
    keras.utils.set_random_seed(2)
    other = build_model(experiment)
    other.optimizer.build(other.trainable_variables)
    assert replay_losses(experiment, other) == first


def test_each_loss_is_that_of_its_own_step_alone(tiny: Tiny) -> None:
    experiment = tiny("gru", batch_size=4)
    model = build_model(experiment)
    model.optimizer.build(model.trainable_variables)
    losses = replay_losses(experiment, model).losses
    # A running mean could not move by more than 1 / n of its way at step n.
    steps = np.abs(np.diff(losses))
    assert len(losses) == STEPS
    assert steps[-5:].max() > np.ptp(losses) / STEPS


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("stacked", [False, True])
def test_the_losses_are_those_of_the_equations(tiny: Tiny, cell: str, stacked: bool) -> None:
    plain = tiny(cell)
    model = replace(plain.model, layers=2, bidirectional=True) if stacked else plain.model
    experiment = replace(plain, model=model)
    replayed = replay_losses(experiment, built(experiment))
    allowed = [ALLOWANCE * off for off in replayed.rounding]
    assert all(error <= bound for error, bound in zip(replayed.errors, allowed, strict=True))


@pytest.mark.parametrize("changed", [{"dropout": 0.1}, {"recurrent_dropout": 0.1}, {"head": "x"}])
def test_what_the_equations_do_not_cover_is_refused(tiny: Tiny, changed: dict[str, Any]) -> None:
    plain = tiny("gru")
    with pytest.raises(InvalidExperimentError, match="without dropout"):
        replay_losses(replace(plain, model=replace(plain.model, **changed)), None)


def test_weights_of_other_equations_are_an_error_that_names_the_question_to_see(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras

    original = keras.layers.GRU
    monkeypatch.setattr(
        keras.layers, "GRU", lambda *args, **kwargs: original(*args, reset_after=False, **kwargs)
    )
    experiment = tiny("gru")
    with pytest.raises(TrainingError, match="see the question parameters"):
        replay_losses(experiment, built(experiment))


def test_the_first_loss_is_that_of_the_fixed_weights_before_any_update(tiny: Tiny) -> None:
    slow, fast = (
        replay_losses(experiment, built(experiment)).losses
        for experiment in (tiny("gru", learning_rate=1e-3), tiny("gru", learning_rate=1e-1))
    )
    assert slow[0] == fast[0]
    assert slow[1:] != fast[1:]


def built(experiment: Experiment) -> object:
    model = build_model(experiment)
    model.optimizer.build(model.trainable_variables)
    return model


def test_a_loss_that_is_no_number_is_an_error_that_names_the_step(tiny: Tiny) -> None:
    experiment = tiny("simple_rnn", learning_rate=3e38)
    with pytest.raises(TrainingError, match=r"simple_rnn: the loss of replayed step \d+ is nan"):
        replay_losses(experiment, built(experiment))


def test_a_timed_step_is_one_optimizer_step_on_the_first_batch(
    tiny: Tiny, make_dataset: Callable[..., Dataset]
) -> None:
    from rnn_suite.timing import WARMUP_STEPS, make_step

    model = build_model(tiny("simple_rnn"))
    dataset, size = make_dataset(), tiny("simple_rnn").training.batch_size
    step, warmup_seconds = make_step(model, dataset.x_train[:size], dataset.y_train[:size])
    assert len(warmup_seconds) == WARMUP_STEPS
    assert all(seconds > 0 for seconds in warmup_seconds)
    assert int(model.optimizer.iterations.numpy()) == WARMUP_STEPS
    step()
    assert int(model.optimizer.iterations.numpy()) == WARMUP_STEPS + 1
