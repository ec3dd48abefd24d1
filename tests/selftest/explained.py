"""What upstream says of the rules that released libraries break: an issue, a change or an advisory each."""

from __future__ import annotations

_AGAIN = "keras-team/keras#20256; mended by keras-team/keras#20533, again by keras-team/keras#22967"
_CARRIED = "keras-team/keras#20276; mended by keras-team/keras#20656"
_DROPOUT = (
    "keras-team/keras#19395: its mask had the rate of the inputs; mended by keras-team/keras#19397"
)
_AVERAGES = "mended by keras-team/keras#19363: a small last batch counted as a whole one"
_LOADING = (
    "keras-team/keras#18913, keras-team/keras#19615: what Bidirectional holds cannot be read again"
)
_PRINTED = "keras-team/keras#20212, keras-team/keras#20788, keras-team/keras#21301"
_ROWS = "keras-team/keras#21183; mended by keras-team/keras#21742"
_TENSORBOARD = (
    "tensorflow/tensorflow#110709: TensorFlow 2.21 brings no TensorBoard, which Keras Tuner imports in every "
    "trial and does not ask for"
)

EXPLAINED: dict[str, str] = {
    "a_call_on_a_batch_tells_of_that_batch_alone": "mended by keras-team/keras#22617",
    "a_traced_model_logs_the_same": _AVERAGES,
    "a_stateful_layer_carries_its_state_in_mixed_precision": "keras-team/keras#20605",
    "a_stateful_layer_refuses_another_number_of_rows": _ROWS,
    "callbacks_begin_anew_with_every_fit": _AGAIN,
    "class_weights_are_sample_weights_in_training_alone": _AVERAGES,
    "dropout_drops_the_same_after_it": _DROPOUT,
    "dropout_is_active_in_training_only": _DROPOUT,
    "dropped_inputs_and_states_are_multiplied_by_the_masks": _CARRIED,
    "evaluate_averages_over_samples": f"{_AVERAGES}; order of metrics: keras-team/keras#19370",
    "every_source_of_random_numbers_is_seeded": "mended by keras-team/keras#21874",
    "exported_models_give_the_same_outputs": "keras-team/keras#21942; mended by keras-team/keras#21945",
    "fit_logs_average_over_samples": _AVERAGES,
    "load_data_gives_lists_of_python_integers": "keras-team/keras#19596; mended by keras-team/keras#19598",
    "masks_have_the_rate_and_the_scale": _CARRIED,
    "masks_of_rows_units_and_calls_are_independent": _DROPOUT,
    "memory_does_not_grow_from_call_to_call": "tensorflow/tensorflow#67033",
    "losses_with_short_names_are_read": "keras-team/keras#19330, open",
    "nan_is_never_the_best": "nothing found about NaN; keras-team/keras#21275 is near",
    "options_are_kept": _LOADING,
    "outputs_are_kept": _LOADING,
    "parts_of_a_step_are_one_step": "keras-team/keras#19990; mended by keras-team/keras#19998",
    "safe_mode_refuses_python_code": "CVE-2025-9905",
    "sample_weights_count_in_the_loss_and_in_weighted_metrics": _AVERAGES,
    "search of all": _TENSORBOARD,
    "search_structure of all": _TENSORBOARD,
    "shapes_are_as_announced": "keras-team/keras#19328; mended by keras-team/keras#19331",
    "shuffled_rows_keep_their_labels_and_weights": _AVERAGES,
    "steps_taken_together_are_steps": "keras-team/keras#20390",
    "traced_steps_keep_drawing": "keras-team/keras#19468: no initializer by the name of identity before it",
    "train_on_batch_traces_one_size_and_then_any_size": "tensorflow/tensorflow#67033",
    "weights_are_kept": _LOADING,
    "what_is_printed_is_what_is_logged": _PRINTED,
    "words_reach_the_embedding_unchanged": "nothing found; in Keras 3.0.5 the rule ends in a ValueError",
    **dict.fromkeys(
        (
            "a_promoted_trial_goes_on_from_the_best_epoch_of_its_parent",
            "a_search_killed_in_a_trial_ends_as_one_left_alone",
            "a_trial_can_be_trained",
            "a_trial_goes_on_from_the_best_weights_of_its_parent",
            "a_trial_scores_as_in_its_best_epoch",
            "early_stopping_stops_a_trial",
            "every_trial_has_callbacks_of_its_own",
            "fit_is_told_what_hyperband_decided",
            "searches_cut_short_under_releases_are_finished",
            "the_best_model_is_that_of_the_best_epoch_of_the_best_trial",
            "two_processes_give_one_list_of_trials",
            "what_is_lost_with_an_optimizer_built_late_is_told",
        ),
        _TENSORBOARD,
    ),
}
"""By the name of the rule, or of the question and its cell."""
