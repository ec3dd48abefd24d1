"""Faults in what a training step minimizes and how: optimizer, loss, metrics, mixed precision."""

from __future__ import annotations

from typing import Any

from tests.selftest.faults.plant import around, fault

OPTIMIZER = "optimizer"
LOSS = "loss and metrics"
MIXED = "mixed precision"


@fault(OPTIMIZER, "replay", "short_runs", sizes=(0.001, 0.01, 0.05, 0.2, 0.5), unit="of the rate")
def learning_rate_too_small(size: float) -> None:
    """Every optimizer steps less far than it is asked to."""
    from keras.src.optimizers.base_optimizer import BaseOptimizer

    def smaller(original: Any, optimizer: Any) -> Any:
        return (1 - size) * original(optimizer)

    around(BaseOptimizer, "_get_current_learning_rate", smaller)


@fault(OPTIMIZER, "replay", "short_runs", sizes=(1e-6, 1e-3), unit="the epsilon, instead of 1e-7")
def adam_with_another_epsilon(size: float) -> None:
    """Adam adds more to its denominator."""
    _adam(epsilon=size)


@fault(OPTIMIZER, "replay", "short_runs")
def adam_that_forgets_sooner(_: float) -> None:
    """Adam's second moment decays with 0.99 and not with 0.999."""
    _adam(beta_2=0.99)


def _adam(**changed: float) -> None:
    import keras

    def built(original: Any, adam: Any, variables: Any) -> None:
        for name, value in changed.items():
            setattr(adam, name, value)
        original(adam, variables)

    around(keras.optimizers.Adam, "build", built)


@fault(OPTIMIZER, "replay", "short_runs")
def adam_with_weight_decay(_: float) -> None:
    """Adam shrinks the weights, as AdamW does."""

    import keras

    def built(original: Any, adam: Any, variables: Any) -> None:
        adam.weight_decay = adam.weight_decay or 0.004
        original(adam, variables)

    around(keras.optimizers.Adam, "build", built)


@fault(OPTIMIZER, "accuracy")
def gradients_of_words_added_first(_: float) -> None:
    """Adam adds the gradients of a word that stands twice in a batch before it squares them: as it should."""
    import keras
    import tensorflow as tf

    def added(original: Any, adam: Any, gradient: Any, *args: Any) -> Any:
        return original(adam, tf.convert_to_tensor(gradient), *args)

    around(keras.optimizers.Adam, "update_step", added)


@fault(OPTIMIZER, "defaults")
def clipping_without_effect(_: float) -> None:
    """Optimizers accept clipnorm and leave gradients as they are."""
    from keras.src.optimizers.base_optimizer import BaseOptimizer

    around(BaseOptimizer, "_clip_gradients", lambda _original, _self, gradients: gradients)


@fault(OPTIMIZER, "training_loop")
def parts_of_a_step_clipped(_: float) -> None:
    """With gradients added up over several steps, each of them is clipped and not their mean."""
    from keras.src.optimizers.base_optimizer import BaseOptimizer

    def clipped(original: Any, optimizer: Any, grads: Any, *args: Any, **kwargs: Any) -> Any:
        if optimizer.gradient_accumulation_steps:
            grads = optimizer._clip_gradients(grads)
        return original(optimizer, grads, *args, **kwargs)

    around(BaseOptimizer, "apply", clipped)


@fault(LOSS, "defaults", sizes=(0.001, 0.01, 0.1), unit="of the labels")
def labels_smoothed(size: float) -> None:
    """Binary cross-entropy smooths its labels, unasked."""
    import keras

    def smoothed(original: Any, loss: Any, *args: Any, **kwargs: Any) -> None:
        original(loss, *args, **kwargs | {"label_smoothing": size})

    around(keras.losses.BinaryCrossentropy, "__init__", smoothed)


@fault(LOSS, "training_loop")
def mean_of_the_batches_means(_: float) -> None:
    """The loss of an epoch weighs a smaller last batch like a whole one."""
    import keras

    def unweighted(original: Any, metric: Any, values: Any, sample_weight: Any = None) -> Any:
        return original(metric, values, None if metric.name == "loss" else sample_weight)

    around(keras.metrics.Mean, "update_state", unweighted)


@fault(LOSS, "training_loop", sizes=(0.001, 0.01, 0.1), unit="added to the threshold")
def another_threshold(size: float) -> None:
    """Accuracy takes another probability than 0.5 for the border between the classes."""
    from keras.src.metrics import accuracy_metrics

    def moved(original: Any, y_true: Any, y_pred: Any, threshold: float = 0.5) -> Any:
        return original(y_true, y_pred, threshold + size)

    around(accuracy_metrics, "binary_accuracy", moved)


@fault(LOSS, "training_loop")
def sample_weights_ignored(_: float) -> None:
    """The loss is told sample weights and leaves them out."""
    import keras

    def unweighted(
        original: Any, loss: Any, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> Any:
        return original(loss, y_true, y_pred, None)

    around(keras.losses.Loss, "__call__", unweighted)


@fault(LOSS, "training_loop")
def class_weights_ignored(_: float) -> None:
    """`fit` accepts class weights and gives every sample the weight 1."""
    import numpy as np
    from keras.src.trainers.data_adapters import data_adapter_utils

    def ones(_original: Any, y: Any, class_weight: Any) -> Any:
        return np.ones(len(y), "float32")

    around(data_adapter_utils, "class_weight_to_sample_weights", ones)


@fault(LOSS, "training_loop", "callbacks")
def metrics_kept_from_epoch_to_epoch(_: float) -> None:
    """The logs of an epoch hold the batches of the epochs before it."""
    import keras

    around(keras.Model, "reset_metrics", lambda _original, _self: None)


@fault(LOSS, "training_loop")
def no_logs_of_many_steps_together(_: float) -> None:
    """`fit` has no logs where it may take more steps in a call than there are."""
    import keras

    def silent(original: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        history = original(model, *args, **kwargs)
        if model.steps_per_execution > history.params["steps"]:
            history.history.clear()
        return history

    around(keras.Model, "fit", silent)


@fault(LOSS, "training_loop")
def the_bar_shows_means_of_means(_: float) -> None:
    """The progress bar shows the mean of the means so far, which `fit` does not return."""
    import keras

    def means(
        original: Any, bar: Any, current: int, values: Any = None, finalize: bool | None = None
    ) -> None:
        bar.stateful_metrics = set()
        original(bar, current, values, finalize=False)
        if finalize:
            original(bar, current, finalize=True)

    around(keras.utils.Progbar, "update", means)


@fault(MIXED, "training_loop")
def loss_scale_not_taken_back(_: float) -> None:
    """LossScaleOptimizer scales the loss and leaves gradients scaled."""
    from keras.src.optimizers.loss_scale_optimizer import LossScaleOptimizer

    def unscaled(original: Any, optimizer: Any, grads: Any, trainable_variables: Any = None) -> Any:
        # Its own, before the first step has built it, too.
        scale = optimizer.scale_loss(1.0)
        return original(
            optimizer, [None if g is None else g * scale for g in grads], trainable_variables
        )

    around(LossScaleOptimizer, "apply", unscaled)


@fault(MIXED, "layers")
def weights_of_a_mixed_policy_in_half(_: float) -> None:
    """Layers of the policy mixed_float16 keep their weights in float16 and not in float32."""
    import keras

    original = keras.DTypePolicy.variable_dtype.fget
    keras.DTypePolicy.variable_dtype = property(
        lambda policy: "float16" if policy.name == "mixed_float16" else original(policy)
    )


@fault(MIXED, "layers", raises=True)
def stateful_layers_not_built_in_half(_: float) -> None:
    """A stateful layer of a mixed policy cannot be built."""
    import keras

    def refused(original: Any, layer: Any, *args: Any, **kwargs: Any) -> Any:
        if layer.stateful and layer.compute_dtype == "float16":
            raise ValueError("Inputs and states of mixed precision do not fit together")
        return original(layer, *args, **kwargs)

    around(keras.layers.RNN, "build", refused)
