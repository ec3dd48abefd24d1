from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest

from rnn_suite.data.dataset import Dataset
from rnn_suite.errors import TrainingError
from rnn_suite.experiment import Experiment
from rnn_suite.models import build_model, textbook_parameter_count
from rnn_suite.results import PhaseSeconds, SeedResult

Tiny = Callable[..., Experiment]
MakeDataset = Callable[..., Dataset]


def train(experiment: Experiment, dataset: Dataset, *seeds: int) -> list[SeedResult]:
    """Return the results of one trainer from each of `seeds` in turn."""
    from rnn_suite.training import Trainer

    trainer = Trainer(experiment, dataset)
    return [trainer.train(seed) for seed in seeds]


def plain_keras(
    experiment: Experiment, dataset: Dataset, seed: int, *, epochs: int
) -> tuple[Any, dict[str, tuple[float, ...]]]:
    """Return the model and the history of a fit without anything of the suite but the model."""
    import keras

    keras.utils.set_random_seed(seed)
    model = build_model(experiment)
    keras.utils.set_random_seed(seed)
    history = model.fit(
        dataset.x_train,
        dataset.y_train,
        batch_size=experiment.training.batch_size,
        epochs=epochs,
        validation_split=experiment.training.validation_split,
        verbose=0,
    ).history
    return model, {name: tuple(values) for name, values in history.items()}


def figures_of(model: Any, experiment: Experiment, dataset: Dataset) -> list[float]:
    figures: list[float] = model.evaluate(
        dataset.x_test, dataset.y_test, batch_size=experiment.training.batch_size, verbose=0
    )
    return figures


def without_costs(result: SeedResult) -> SeedResult:
    """Return the result without what the clock and the memory say."""
    zero = PhaseSeconds(**{field.name: 0.0 for field in fields(PhaseSeconds)})
    return replace(result, seconds=zero, peak_rss_bytes=0, import_seconds=None)


@pytest.mark.parametrize(
    ("cell", "layers", "bidirectional"),
    # Tracing both for the larger cells takes a minute and would show nothing more.
    [("simple_rnn", 2, True), ("gru", 1, True), ("lstm", 2, False)],
)
def test_a_seed_on_a_traced_model_is_bit_equal_to_plain_keras_on_a_fresh_one(
    tiny: Tiny, make_dataset: MakeDataset, cell: str, layers: int, bidirectional: bool
) -> None:
    # What a model has beside its weights: a second direction, a second layer, the state of dropout.
    experiment = tiny(
        cell,
        layers=layers,
        bidirectional=bidirectional,
        dropout=0.3,
        recurrent_dropout=0.3,
        epochs=1,
    )
    dataset = make_dataset()
    before, after = train(experiment, dataset, 1, 2)
    model, history = plain_keras(experiment, dataset, 2, epochs=1)
    assert after.history == history
    assert [after.last_test_loss, after.last_test_metric] == figures_of(model, experiment, dataset)
    assert before.history != after.history


def test_the_same_seed_twice_is_bit_equal_whatever_came_between(
    tiny: Tiny, make_dataset: MakeDataset
) -> None:
    experiment, dataset = tiny("gru", dropout=0.3, recurrent_dropout=0.3), make_dataset()
    first, other, again = train(experiment, dataset, 5, 6, 5)
    assert without_costs(first) == without_costs(again)
    assert first.history != other.history


def test_a_replayed_run_between_two_seeds_changes_nothing(
    tiny: Tiny, make_dataset: MakeDataset
) -> None:
    from rnn_suite.checks.replay import replay_losses
    from rnn_suite.training import Trainer

    trainer = Trainer(tiny("gru"), make_dataset())
    first = trainer.train(5)
    replay_losses(tiny("gru"), trainer.model)
    assert without_costs(trainer.train(5)) == without_costs(first)


def test_the_best_epoch_has_the_lowest_validation_loss_and_the_figures_of_its_own_weights(
    tiny: Tiny, make_dataset: MakeDataset
) -> None:
    experiment = tiny("simple_rnn", learning_rate=0.02, epochs=6)
    dataset = make_dataset()
    (result,) = train(experiment, dataset, 0)
    losses = result.history["val_loss"]
    assert result.best_epoch == 1 + losses.index(min(losses))
    assert 1 < result.best_epoch < 6, "the test needs a best epoch that is neither first nor last"
    best, _ = plain_keras(experiment, dataset, 0, epochs=result.best_epoch)
    last, _ = plain_keras(experiment, dataset, 0, epochs=6)
    assert [result.best_test_loss, result.best_test_metric] == figures_of(best, experiment, dataset)
    assert [result.last_test_loss, result.last_test_metric] == figures_of(last, experiment, dataset)
    assert result.best_test_loss != result.last_test_loss


def test_where_the_last_epoch_is_the_best_both_have_its_figures(
    tiny: Tiny, make_dataset: MakeDataset
) -> None:
    (result,) = train(tiny("simple_rnn", epochs=1), make_dataset(), 0)
    assert result.best_epoch == 1
    assert (result.best_test_loss, result.best_test_metric) == (
        result.last_test_loss,
        result.last_test_metric,
    )


def test_the_phases_add_up_to_the_wall_time_of_every_seed(
    tiny: Tiny, make_dataset: MakeDataset
) -> None:
    from rnn_suite.training import Trainer

    trainer = Trainer(tiny("gru", epochs=3), make_dataset())
    for seed in (0, 1):
        started = time.perf_counter()
        result = trainer.train(seed)
        wall = time.perf_counter() - started
        assert result.seconds.total <= wall
        assert wall - result.seconds.total <= max(0.02 * wall, 0.02)
        assert all(getattr(result.seconds, field.name) > 0 for field in fields(PhaseSeconds))


def test_the_clock_gives_every_moment_to_exactly_one_phase(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from rnn_suite.training import PhaseClock

    moments = iter([10.0, 11.0, 13.0, 17.0, 25.0])
    monkeypatch.setattr(time, "perf_counter", lambda: next(moments))
    clock = PhaseClock("build")
    for phase in ("steps", "build", "steps", "end"):
        clock.enter(phase)
    assert clock.seconds == {"build": 1.0 + 4.0, "steps": 2.0 + 8.0}


@pytest.mark.parametrize(
    ("reviews", "batch_size", "validation_split", "epochs", "expected"),
    # The last batch is partial, whole, a single review, and the only one.
    [(64, 16, 0.2, 2, 7), (60, 12, 0.2, 2, 7), (62, 12, 0.2, 1, 4), (10, 32, 0.5, 1, 0)],
)
def test_the_steady_steps_are_all_of_the_optimizers_steps_but_the_first(
    tiny: Tiny,
    make_dataset: MakeDataset,
    reviews: int,
    batch_size: int,
    validation_split: float,
    epochs: int,
    expected: int,
) -> None:
    from rnn_suite.training import Trainer

    experiment = tiny(
        "simple_rnn", batch_size=batch_size, validation_split=validation_split, epochs=epochs
    )
    trainer = Trainer(experiment, make_dataset(train=reviews))
    result = trainer.train(0)
    assert result.steady_step_count == expected
    assert result.steady_step_count + 1 == int(trainer.model.optimizer.iterations.numpy())


def test_a_loss_that_is_no_number_is_an_error_that_says_where_and_what_to_do(
    tiny: Tiny, make_dataset: MakeDataset
) -> None:
    with pytest.raises(TrainingError) as caught:
        train(tiny("simple_rnn", learning_rate=1e38), make_dataset(), 4)
    message = str(caught.value)
    assert message.startswith("simple_rnn, seed 4: loss is nan after epoch 1.")
    assert "A smaller learning rate than 1e+38 may train" in message


def test_the_result_tells_parameters_memory_and_every_epochs_figures(
    tiny: Tiny, make_dataset: MakeDataset
) -> None:
    experiment = tiny("lstm", epochs=3)
    (result,) = train(experiment, make_dataset(), 9)
    assert result.seed == 9
    assert result.parameters == textbook_parameter_count(experiment)
    assert result.peak_rss_bytes > 50 * 2**20
    assert result.history.keys() == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert {len(values) for values in result.history.values()} == {3}


def test_progress_is_told_every_epoch_with_its_own_figure(
    tiny: Tiny, make_dataset: MakeDataset
) -> None:
    from rnn_suite.training import EpochEnd, Trainer

    told: list[EpochEnd] = []
    result = Trainer(tiny("gru", epochs=3), make_dataset()).train(2, progress=told.append)
    assert [(epoch.cell, epoch.seed, epoch.epoch, epoch.epochs) for epoch in told] == [
        ("gru", 2, 1, 3),
        ("gru", 2, 2, 3),
        ("gru", 2, 3, 3),
    ]
    assert tuple(epoch.val_metric for epoch in told) == result.history["val_accuracy"]
    assert 0 < told[0].seconds < told[1].seconds < told[2].seconds


def test_training_leaves_the_reviews_as_they_were(tiny: Tiny, make_dataset: MakeDataset) -> None:
    from rnn_suite.checks.digests import digest_dataset

    dataset = make_dataset()
    before = digest_dataset(dataset)
    train(tiny("gru"), dataset, 0)
    assert digest_dataset(dataset) == before
