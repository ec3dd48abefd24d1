"""A user's own model: its data, short runs, trainings, and what is asked of them; with planted changes."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rnn_suite.errors import (
    InvalidExperimentError,
    MeasurementError,
    TrainingError,
    UnknownNameError,
)
from rnn_suite.own.arrays import Arrays, head, take
from rnn_suite.own.bench import OwnBench
from rnn_suite.own_model import OwnModel
from rnn_suite.questions import Pair, Question
from rnn_suite.questions.own import (
    OWN_PARAMETERS,
    OWN_REPEAT,
    OWN_SAVING,
    RepeatGate,
    Repeats,
    SavedAndLoaded,
    SavingGate,
)
from rnn_suite.questions.own_data import OWN_DATA, ArrayDigests
from rnn_suite.questions.own_metric import (
    OWN_ERROR,
    OWN_SCORE,
    ErrorGate,
    Errors,
    Scores,
    metric_question,
)
from rnn_suite.verdicts import Judgement, Outcome

Build = Callable[[], Any]


def rows(count: int = 48, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(seed).normal(size=(count, 3, 1)).astype("float32")
    return x, (x[:, 0, 0] > 0).astype("float32")


def data() -> object:
    return rows(), rows(32, seed=1)


def build(
    units: int = 2,
    rate: float = 0.1,
    metrics: tuple[str, ...] = ("accuracy",),
    before: Callable[[], Any] | None = None,
) -> Any:
    """Return a model without tracing and recurrence, which would take most of the time of one so small."""
    import keras

    first = [keras.Input((3, 1)), *([] if before is None else [before()]), keras.layers.Flatten()]
    hidden = keras.layers.Dense(units, activation="tanh")
    model = keras.Sequential([*first, hidden, keras.layers.Dense(1, activation="sigmoid")])
    model.compile(
        keras.optimizers.Adam(rate), "binary_crossentropy", metrics=list(metrics), run_eagerly=True
    )
    return model


def noise() -> Any:
    """Return a layer with noise like dropout's that no seed of Keras reaches, and that no file can name."""
    import keras

    class Noise(keras.layers.Layer):  # type: ignore[misc]  # Keras ships no types
        def call(self, inputs: Any, training: bool = False) -> Any:
            drawn = np.random.default_rng().normal(size=(1, 3, 1)).astype("float32")
            return inputs * drawn if training else inputs

    return Noise()


def bench(build: Build = build, data: Callable[[], Any] = data) -> OwnBench:
    told: list[str] = []
    return OwnBench("tiny", build, data, batch_size=16, tell=told.append)


def own(seeds: tuple[int, ...] = (0, 1), **changed: Any) -> OwnModel:
    fields = {"name": "tiny", "epochs": 2, "batch_size": 16, "metric": "accuracy"}
    return OwnModel(**{**fields, "lower_is_better": False, "seeds": seeds, **changed})


def judge(question: Question, old: Any, new: Any, gate: Any = None) -> Judgement:
    gate = question.propose_gate(old) if gate is None else gate
    (judgement,) = question.judge([Pair(old=old, gate=gate, new=new)])
    return judgement


@pytest.fixture(scope="module")
def tiny() -> OwnBench:
    """A bench of a model that is as it should be."""
    return bench()


# What is asked of the user


@pytest.mark.parametrize("name", ["", "a b", "../up", ".hidden", "a/b", "x" * 65])
def test_a_name_that_cannot_name_files_is_refused(name: str) -> None:
    with pytest.raises(InvalidExperimentError, match="Invalid name of an own model"):
        own(name=name)


@pytest.mark.parametrize(
    "changed", [{"epochs": 0}, {"batch_size": 0}, {"seeds": ()}, {"seeds": (1, 1)}], ids=str
)
def test_numbers_that_make_no_training_are_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(InvalidExperimentError):
        own(**changed)


@pytest.mark.parametrize(
    ("returned", "received"),
    [
        (None, "NoneType"),
        (rows(), "ndarray|tuple"),
        ((rows(3), rows(3), rows(3)), "too many"),
        (((rows()[0], rows()[1][:5]), rows()), "rows: x_train 48, y_train 5"),
        ((rows(0), rows()), "rows: x_train 0"),
        (((np.array(["a", None], object), np.zeros(2)), rows()), "x_train with Python objects"),
        (((([[1], [2, 3]]), np.zeros(2)), rows()), "inhomogeneous"),
    ],
    ids=["nothing", "one pair", "three", "rows", "none", "objects", "ragged"],
)
def test_data_that_cannot_be_gated_is_refused_with_what_is_expected(
    returned: object, received: str
) -> None:
    with pytest.raises(MeasurementError, match=received) as caught:
        take(returned)
    assert "\nExpected: ((x_train, y_train), (x_test, y_test))" in str(caught.value)
    assert "\nNext: " in str(caught.value)


def test_lists_of_numbers_are_one_array_and_lists_and_dicts_of_arrays_several_inputs() -> None:
    x, y = rows(4)
    taken = take(((x.tolist(), y.tolist()), ({"a": x, "b": [x, x]}, y)))
    assert list(taken.digests().arrays) == [
        *("x_train", "y_train"),
        *("x_test.a", "x_test.b.0", "x_test.b.1", "y_test"),
    ]
    assert head(taken.x_test, 2)["b"][1].shape == (2, 3, 1)


def test_the_hash_sees_values_shape_and_dtype_and_no_byte_order() -> None:
    x, y = rows(4)

    def digest(array: np.ndarray) -> str:
        return Arrays(x_train=array, y_train=y, x_test=x, y_test=y).digests().arrays["x_train"]

    others = [x + 1, x.reshape(4, 1, 3), x.astype("float64"), x[::-1]]
    assert len({digest(x), *map(digest, others)}) == 5
    assert digest(x.astype(">f4")) == digest(x) == digest(x.copy(order="F"))


def test_other_data_is_another_corpus() -> None:
    first, second = bench(), bench(data=lambda: (rows(), rows(32, seed=2)))
    assert first.identity.sha256 != second.identity.sha256
    assert first.identity == bench().identity


def not_compiled() -> Any:
    import keras

    return keras.Sequential([keras.layers.Dense(1)])


@pytest.mark.parametrize(
    ("made", "received"),
    [(lambda: None, "builtins.NoneType"), (not_compiled, "one that is not compiled")],
    ids=["none", "not compiled"],
)
def test_what_is_no_compiled_model_is_refused(made: Build, received: str) -> None:
    with pytest.raises(MeasurementError, match=received):
        bench(made).parameters()


def test_data_is_read_once_and_random_draws_in_it_are_the_same_in_every_run() -> None:
    calls: list[int] = []

    def drawn() -> object:
        calls.append(1)
        x = np.random.normal(size=(8, 3, 1))  # noqa: NPY002 (the global generator is what is meant)
        return (x, x[:, 0, 0]), (x, x[:, 0, 0])

    first = bench(data=drawn)
    assert first.arrays is first.arrays
    assert len(calls) == 1
    assert first.identity == bench(data=drawn).identity


# Which figure is gated


@pytest.mark.parametrize(
    ("metrics", "wanted", "chosen"),
    [
        (("accuracy",), None, "accuracy"),
        ((), None, "loss"),
        (("accuracy", "mae"), "mae", "mae"),
        (("accuracy",), "loss", "loss"),
    ],
)
def test_the_only_metric_is_gated_unless_another_figure_is_named(
    metrics: tuple[str, ...], wanted: str | None, chosen: str
) -> None:
    assert bench(lambda: build(metrics=metrics)).metric(wanted) == chosen


def test_of_several_metrics_one_has_to_be_named() -> None:
    with pytest.raises(MeasurementError, match="Received: accuracy, mae"):
        bench(lambda: build(metrics=("mae", "accuracy"))).metric(None)


def test_a_metric_that_the_model_lacks_is_refused_with_those_it_has(tiny: OwnBench) -> None:
    with pytest.raises(UnknownNameError, match="one of accuracy, loss"):
        tiny.metric("auc")


# Planted changes


def test_another_width_is_red(tiny: OwnBench) -> None:
    wider = bench(lambda: build(units=3)).parameters()
    assert judge(OWN_PARAMETERS, tiny.parameters(), tiny.parameters()).outcome is Outcome.PASS
    assert judge(OWN_PARAMETERS, tiny.parameters(), wider).outcome is Outcome.REGRESSED


def test_other_data_is_red_and_the_array_is_named(tiny: OwnBench) -> None:
    other = bench(data=lambda: (rows(), rows(32, seed=2))).arrays.digests()
    old = tiny.arrays.digests()
    assert judge(OWN_DATA, old, old).outcome is Outcome.PASS
    found = judge(OWN_DATA, old, other)
    assert found.outcome is Outcome.REGRESSED
    assert "x_test: float32[32, 3, 1] " in found.received
    assert "x_train" not in found.received
    gone = ArrayDigests(arrays={"x_train": old.arrays["x_train"]})
    assert "y_test: " in judge(OWN_DATA, old, gone).received


def test_the_same_seed_gives_the_same_run(tiny: OwnBench) -> None:
    found = tiny.repeats()
    assert (found.same_initial_weights, found.difference) == (True, 0.0)
    assert len(found.first) == 3
    assert judge(OWN_REPEAT, found, found).outcome is Outcome.PASS


def test_weights_that_follow_no_seed_are_red(tiny: OwnBench) -> None:
    def drawn() -> Any:
        model = build()
        draws = np.random.default_rng()
        model.set_weights([draws.normal(size=w.shape) for w in model.get_weights()])
        return model

    found = judge(OWN_REPEAT, tiny.repeats(), bench(drawn).repeats())
    assert (found.outcome, found.received) == (
        Outcome.REGRESSED,
        "other initial weights from the same seed",
    )


def test_draws_in_training_that_follow_no_seed_are_red(tiny: OwnBench) -> None:
    noisy = bench(lambda: build(before=noise)).repeats()
    assert noisy.same_initial_weights
    found = judge(OWN_REPEAT, tiny.repeats(), noisy)
    assert found.outcome is Outcome.REGRESSED
    assert found.received.startswith("losses of the first 3 steps differ by up to ")


def test_a_saved_and_loaded_model_is_the_same(tiny: OwnBench) -> None:
    found = tiny.saved_and_loaded()
    assert found == SavedAndLoaded(error="", same_weights=True, output_difference=0.0)
    assert judge(OWN_SAVING, found, found).outcome is Outcome.PASS


def test_a_model_that_can_no_longer_be_loaded_is_red_and_says_why(tiny: OwnBench) -> None:
    # A layer that is not registered is what a file of another release looks like, too.
    found = judge(
        OWN_SAVING,
        tiny.saved_and_loaded(),
        bench(lambda: build(before=noise)).saved_and_loaded(),
    )
    assert found.outcome is Outcome.REGRESSED
    assert "Noise" in found.received
    assert "\n" not in found.received


def test_code_in_a_models_file_is_not_run(tiny: OwnBench) -> None:
    import keras

    unsafe = bench(lambda: build(before=lambda: keras.layers.Lambda(lambda x: x)))
    found = judge(OWN_SAVING, tiny.saved_and_loaded(), unsafe.saved_and_loaded())
    assert found.outcome is Outcome.REGRESSED
    assert "safe" in found.received or "Lambda" in found.received


@pytest.mark.parametrize(
    ("was", "now", "outcome"),
    [
        ("", "", Outcome.PASS),
        ("", "broken", Outcome.REGRESSED),
        ("broken", "broken", Outcome.PASS),
        ("broken", "", Outcome.IMPROVED),
    ],
)
def test_what_was_not_so_when_recorded_is_no_regression(
    was: str, now: str, outcome: Outcome
) -> None:
    def found(error: str) -> SavedAndLoaded:
        return SavedAndLoaded(error=error, same_weights=not error, output_difference=0.0)

    judgement = judge(OWN_SAVING, found(was), found(now))
    assert judgement.outcome is outcome
    assert judgement.notes == (("not so when recorded either: broken",) if was and now else ())


REPEATED = Repeats(same_initial_weights=True, first=(0.7,), second=(0.7,))
OTHER_LOSSES = replace(REPEATED, second=(0.69,))
OTHER_WEIGHTS = replace(OTHER_LOSSES, same_initial_weights=False)
LOADED = SavedAndLoaded(error="", same_weights=True, output_difference=0.0)
NOT_FOUND = SavedAndLoaded(error="TypeError: no Mine", same_weights=False, output_difference=0.0)
OTHER_OUTPUTS = replace(LOADED, output_difference=1e-3)
LOST_WEIGHTS = replace(LOADED, same_weights=False)


@pytest.mark.parametrize(
    ("question", "was", "now", "outcome"),
    [
        (OWN_REPEAT, OTHER_LOSSES, replace(REPEATED, second=(0.66,)), Outcome.PASS),
        (OWN_REPEAT, OTHER_LOSSES, replace(REPEATED, second=(0.5,)), Outcome.REGRESSED),
        (OWN_REPEAT, OTHER_LOSSES, OTHER_WEIGHTS, Outcome.REGRESSED),
        (OWN_REPEAT, OTHER_WEIGHTS, OTHER_LOSSES, Outcome.REGRESSED),
        (OWN_REPEAT, OTHER_WEIGHTS, replace(OTHER_WEIGHTS, second=(0.1,)), Outcome.PASS),
        (OWN_REPEAT, OTHER_WEIGHTS, REPEATED, Outcome.IMPROVED),
        (
            OWN_SAVING,
            NOT_FOUND,
            replace(NOT_FOUND, error="TypeError: where is Mine?"),
            Outcome.PASS,
        ),
        (OWN_SAVING, NOT_FOUND, replace(NOT_FOUND, error="OSError: disk full"), Outcome.REGRESSED),
        (OWN_SAVING, NOT_FOUND, OTHER_OUTPUTS, Outcome.REGRESSED),
        (OWN_SAVING, NOT_FOUND, LOST_WEIGHTS, Outcome.REGRESSED),
        (OWN_SAVING, LOST_WEIGHTS, LOST_WEIGHTS, Outcome.PASS),
        (OWN_SAVING, LOST_WEIGHTS, NOT_FOUND, Outcome.REGRESSED),
        (OWN_SAVING, LOST_WEIGHTS, replace(OTHER_OUTPUTS, same_weights=False), Outcome.REGRESSED),
        (OWN_SAVING, OTHER_OUTPUTS, replace(LOADED, output_difference=1.5e-3), Outcome.PASS),
        (OWN_SAVING, OTHER_OUTPUTS, replace(LOADED, output_difference=3e-3), Outcome.REGRESSED),
        (OWN_SAVING, OTHER_OUTPUTS, LOST_WEIGHTS, Outcome.REGRESSED),
        (OWN_SAVING, OTHER_OUTPUTS, LOADED, Outcome.IMPROVED),
    ],
)
def test_only_the_fault_that_was_recorded_is_excused(
    question: Question, was: Any, now: Any, outcome: Outcome
) -> None:
    judgement = judge(question, was, now)
    assert judgement.outcome is outcome
    assert bool(judgement.notes) is (outcome is Outcome.PASS)
    assert was.fault(question.propose_gate(was)).told in judgement.expected


def test_outputs_that_differ_more_than_the_gate_allows_are_red() -> None:
    exact = SavedAndLoaded(error="", same_weights=True, output_difference=0.0)
    off = replace(exact, output_difference=1e-3)
    assert judge(OWN_SAVING, exact, off).outcome is Outcome.REGRESSED
    assert judge(OWN_SAVING, exact, off, SavingGate(max_difference=0.01)).outcome is Outcome.PASS
    other = judge(OWN_SAVING, exact, replace(exact, same_weights=False))
    assert other.received == "other weights after loading"


def test_losses_that_differ_by_rounding_pass_and_by_a_percent_do_not() -> None:
    def runs(difference: float) -> Repeats:
        return Repeats(same_initial_weights=True, first=(0.7,), second=(0.7 * (1 - difference),))

    assert judge(OWN_REPEAT, runs(0), runs(1e-6)).outcome is Outcome.PASS
    assert judge(OWN_REPEAT, runs(0), runs(0.01)).outcome is Outcome.REGRESSED
    assert judge(OWN_REPEAT, runs(0), runs(0.01), RepeatGate(max_difference=0.1)).outcome is (
        Outcome.PASS
    )


@pytest.mark.parametrize("limit", [-0.1, 1.0, float("nan")])
def test_limits_that_are_none_are_refused(limit: float) -> None:
    with pytest.raises(ValueError, match="max_difference"):
        RepeatGate(max_difference=limit)
    with pytest.raises(ValueError, match="max_difference"):
        SavingGate(max_difference=limit)


# The metric


def test_every_seed_is_trained_once_and_tells_before_and_after() -> None:
    told: list[str] = []
    made = OwnBench("tiny", build, data, batch_size=16, tell=told.append)
    found = made.metrics(own())
    assert isinstance(found, Scores)
    assert (found.seeds, len(found.value), len(found.untrained)) == ((0, 1), 2, 2)
    assert made.metrics(own()) == found
    assert len(told) == 2
    assert told[0].startswith("tiny, seed 1 of 2: accuracy 0.")


def test_only_seeds_that_were_not_trained_for_this_are_trained() -> None:
    told: list[str] = []
    made = OwnBench("tiny", build, data, batch_size=16, tell=told.append)

    def trained(wanted: OwnModel) -> int:
        before = len(told)
        made.metrics(wanted)
        return len(told) - before

    assert trained(own((5, 6))) == 2
    assert trained(own((5, 6, 7))) == 1
    assert trained(own((7, 5))) == 0
    assert trained(own((5, 6), epochs=3)) == 2
    assert trained(own((5, 6), metric="loss", lower_is_better=True)) == 2


def test_a_worse_learning_rate_is_red_and_a_little_noise_is_not(tiny: OwnBench) -> None:
    old = tiny.metrics(own((0, 1, 2), epochs=5), must_learn=True)
    worse = bench(lambda: build(rate=1e-6)).metrics(own((10, 11), epochs=5))
    question = metric_question(own(), first_look_seeds=2)
    gate = question.propose_gate(old)
    assert judge(question, old, old, gate).outcome in (Outcome.PASS, Outcome.INCONCLUSIVE)
    assert judge(question, old, worse, gate).outcome is Outcome.REGRESSED


def test_a_loss_that_is_no_number_is_an_error_that_names_seed_and_epoch() -> None:
    broken = bench(lambda: build(rate=float("nan")))
    with pytest.raises(TrainingError, match="seed 0") as caught:
        broken.metrics(own())
    assert "Received: the loss is nan after epoch 1" in str(caught.value)
    with pytest.raises(MeasurementError, match="no numbers within"):
        broken.repeats()
    assert broken.parameters().parameters == bench().parameters().parameters


def test_a_training_that_failed_is_not_tried_again() -> None:
    calls: list[int] = []

    def counted() -> Any:
        calls.append(1)
        return build(rate=float("nan"))

    made = bench(counted)
    for _ in range(2):
        with pytest.raises(TrainingError):
            made.metrics(own())
    assert len(calls) == 1


def test_a_model_that_sets_its_own_seed_is_refused() -> None:
    import keras

    def seeded() -> Any:
        keras.utils.set_random_seed(7)
        return build()

    with pytest.raises(MeasurementError, match="the seed changes nothing"):
        bench(seeded).metrics(own())


def test_a_metric_outside_0_to_1_is_refused_as_a_score_and_taken_as_an_error() -> None:
    def far() -> object:
        x, y = rows()
        return (x, y + 5), (x, y + 5)

    made = bench(lambda: build(metrics=("mae",)), far)
    with pytest.raises(MeasurementError, match='or say better="lower"'):
        made.metrics(own(metric="mae"))
    assert isinstance(made.metrics(own(metric="mae", lower_is_better=True)), Errors)


def test_a_metric_that_training_makes_worse_is_not_recorded() -> None:
    made = bench(lambda: build(metrics=("mae",)))
    made.metrics(own(metric="mae", epochs=4))
    with pytest.raises(MeasurementError, match="worse after training, from every seed"):
        made.metrics(own(metric="mae", epochs=4), must_learn=True)


def scores(*values: float, untrained: float = 0.5) -> Scores:
    return Scores(
        metric="accuracy",
        seeds=tuple(range(len(values))),
        value=values,
        untrained=(untrained,) * len(values),
    )


def errors(*values: float, untrained: float = 0.7) -> Errors:
    seeds = tuple(range(len(values)))
    return Errors(metric="loss", seeds=seeds, value=values, untrained=(untrained,) * len(values))


SPREAD = tuple(0.01 * (-1) ** seed for seed in range(20))
OLD_SCORES = scores(*(0.9 + noise for noise in SPREAD))
OLD_ERRORS = errors(*(0.3 * (1 + 4 * noise) for noise in SPREAD))


@pytest.mark.parametrize(
    ("mean", "outcome"),
    [(0.9, Outcome.PASS), (0.8, Outcome.REGRESSED), (0.97, Outcome.IMPROVED)],
)
def test_scores_are_better_higher(mean: float, outcome: Outcome) -> None:
    found = judge(OWN_SCORE, OLD_SCORES, scores(*(mean + noise for noise in SPREAD[:6])))
    assert found.outcome is outcome
    assert found.expected.startswith("mean test accuracy no more than 0.0")


@pytest.mark.parametrize(
    ("mean", "outcome"),
    [(0.3, Outcome.PASS), (0.4, Outcome.REGRESSED), (0.2, Outcome.IMPROVED)],
)
def test_errors_are_better_lower(mean: float, outcome: Outcome) -> None:
    new = errors(*(mean * (1 + 4 * noise) for noise in SPREAD[:6]))
    found = judge(OWN_ERROR, OLD_ERRORS, new)
    assert found.outcome is outcome
    assert found.expected.startswith("geometric mean of test loss no more than ")
    assert f"; change {mean / 0.3 - 1:+.1%}, 95 % interval " in found.received
    assert found.baseline == "0.2998"
    assert float(found.now) == pytest.approx(mean * 0.2998 / 0.3, rel=1e-3)


def test_noise_too_wide_to_tell_is_inconclusive_of_scores_and_errors() -> None:
    wide = judge(OWN_SCORE, OLD_SCORES, scores(0.95, 0.8, 0.9))
    assert (wide.outcome, "add seeds" in wide.next_step) == (Outcome.INCONCLUSIVE, True)
    wide = judge(OWN_ERROR, OLD_ERRORS, errors(0.4, 0.2, 0.4))
    assert (wide.outcome, "a rise below " in wide.next_step) == (Outcome.INCONCLUSIVE, True)


def test_a_model_that_learns_nothing_is_red_whatever_the_noise() -> None:
    found = judge(OWN_SCORE, OLD_SCORES, scores(0.95, 0.3, 0.5))
    assert (found.outcome, "below the floor" in found.next_step) == (Outcome.REGRESSED, True)
    found = judge(OWN_ERROR, OLD_ERRORS, errors(0.2, 0.9, 0.9))
    assert (found.outcome, "above the ceiling" in found.next_step) == (Outcome.REGRESSED, True)


def test_the_floor_lies_half_way_to_the_untrained_model() -> None:
    assert OWN_SCORE.propose_gate(OLD_SCORES).floor_fraction == pytest.approx(0.7)
    tenth = scores(*(0.45 + noise for noise in SPREAD), untrained=0.1)
    assert OWN_SCORE.propose_gate(tenth).floor_fraction == pytest.approx(0.27)
    ceiling = OWN_ERROR.propose_gate(OLD_ERRORS).ceiling
    assert ceiling == pytest.approx((0.2998 * 0.7) ** 0.5, rel=1e-3)


def test_the_floor_is_never_within_the_noise_of_a_model_that_hardly_learns() -> None:
    hardly = scores(*(0.51 + 5 * noise for noise in SPREAD))
    gate = OWN_SCORE.propose_gate(hardly)
    assert gate.floor_fraction < 0.45
    assert gate.allowed_drop_fraction == 0.01


def test_fewer_new_seeds_are_allowed_a_larger_drop() -> None:
    allowed = [
        metric_question(own(), first_look_seeds=seeds).propose_gate(OLD_SCORES)
        for seeds in (1, 5, 20)
    ]
    drops = [gate.allowed_drop_fraction for gate in allowed]
    assert drops == sorted(drops, reverse=True)
    assert drops[0] > drops[2]


@pytest.mark.parametrize("values", [(), (0.5, 1.5), (-0.1,)], ids=str)
def test_scores_that_are_none_are_refused(values: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"expected one seed|outside 0 to 1"):
        scores(*values)


@pytest.mark.parametrize("values", [(), (0.0,), (-1.0,), (float("inf"),)], ids=str)
def test_errors_that_are_none_are_refused(values: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"expected one seed|above 0"):
        errors(*values)


@pytest.mark.parametrize(
    "changed",
    [
        {"allowed_rise_fraction": -0.1},
        {"ceiling": 0.0},
        {"false_alarm_rate": 0.6},
        {"miss_rate": 0.0},
    ],
    ids=str,
)
def test_a_gate_that_is_none_is_refused(changed: dict[str, Any]) -> None:
    gate = ErrorGate(allowed_rise_fraction=0.1, ceiling=0.5, false_alarm_rate=0.01, miss_rate=0.05)
    with pytest.raises(ValueError, match=next(iter(changed))):
        replace(gate, **changed)


# Steps


def test_steps_are_timed_apart_from_their_warm_up(tiny: OwnBench) -> None:
    found = tiny.step_times()
    assert (len(found.warmup_seconds), len(found.step_seconds)) == (5, 25)


def test_a_warning_that_is_an_error_here_is_no_fault_of_the_file() -> None:
    import keras

    class Warns(keras.layers.Layer):  # type: ignore[misc]  # Keras ships no types
        def get_config(self) -> Any:
            warnings.warn("old-fashioned", DeprecationWarning, stacklevel=1)
            return super().get_config()

        def call(self, inputs: Any) -> Any:
            return inputs

    found = bench(lambda: build(before=Warns)).saved_and_loaded()
    assert "old-fashioned" not in found.error
