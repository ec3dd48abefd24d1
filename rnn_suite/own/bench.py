"""What a run has already made of own models: each data set is read, each short run and seed trained once."""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rnn_suite.errors import MeasurementError, SuiteError, UnknownNameError
from rnn_suite.own_model import FIRST_NEW_SEED, LOSS, OwnModel
from rnn_suite.questions.exact import ParameterCounts
from rnn_suite.questions.own import Repeats, SavedAndLoaded
from rnn_suite.questions.own_metric import Errors, Scores
from rnn_suite.results import CorpusIdentity, StepTimes

if TYPE_CHECKING:
    from rnn_suite.own.arrays import Arrays
    from rnn_suite.own.training import ShortRun, TrainedSeed


class OwnBench:
    """Everything that is measured of one own model in one run."""

    def __init__(
        self,
        name: str,
        build: Callable[[], Any],
        data: Callable[[], Any],
        *,
        batch_size: int,
        tell: Callable[[str], None],
    ) -> None:
        """Measure the model that `build` makes on what `data` returns; `tell` is told each trained seed."""
        # For its errors: only a backend that the suite knows can be asked for threads and devices.
        from rnn_suite.backend import backend

        backend()
        self.name = name
        self._build, self._data, self._batch_size, self._tell = build, data, batch_size, tell
        self._arrays: Arrays | None = None
        self._short: list[ShortRun] = []
        self._trained: dict[tuple[OwnModel, int], TrainedSeed | SuiteError] = {}

    @property
    def arrays(self) -> Arrays:
        """The user's data, read on the first call and kept in memory."""
        if self._arrays is None:
            import keras

            from rnn_suite.own.arrays import take

            # What it draws from NumPy's global generator is the same in every run.
            keras.utils.set_random_seed(0)
            self._arrays = take(self._data())
        return self._arrays

    @functools.cached_property
    def identity(self) -> CorpusIdentity:
        """What baselines hold of the data."""
        return self.arrays.identity(self.name)

    def _runs(self, count: int) -> list[ShortRun]:
        from rnn_suite.own.training import short_run

        while len(self._short) < count:
            self._short.append(
                short_run(
                    self._build, self.arrays, seed=FIRST_NEW_SEED, batch_size=self._batch_size
                )
            )
        return self._short[:count]

    def metric(self, wanted: str | None) -> str:
        """Return which figure of the test is gated: `wanted`, else the only metric, else the loss.

        Raises:
            MeasurementError: if nothing is wanted and the model has several metrics.
            UnknownNameError: if it has none that is called so.
        """
        figures = self._runs(1)[0].figures
        if wanted is not None:
            if wanted not in figures:
                raise UnknownNameError(f"metric of {self.name}", wanted, sorted(figures))
            return wanted
        metrics = [figure for figure in figures if figure != LOSS]
        if len(metrics) > 1:
            raise MeasurementError(
                f"{self.name} has several metrics.\nExpected: the one that is gated\n"
                f"Received: {', '.join(metrics)}\n"
                f'Next: name one, such as gate_model(..., metric="{metrics[0]}")'
            )
        return metrics[0] if metrics else LOSS

    def parameters(self) -> ParameterCounts:
        """Return the number of trainable parameters."""
        return ParameterCounts(parameters=self._runs(1)[0].parameters)

    def repeats(self) -> Repeats:
        """Return what two short runs from one seed came to.

        Raises:
            MeasurementError: if a loss is no finite number.
        """
        from rnn_suite.own.training import same_arrays

        first, second = self._runs(2)
        losses = first.losses + second.losses
        if not all(abs(loss) < float("inf") for loss in losses):
            raise MeasurementError(
                f"{self.name} gives losses that are no numbers within {len(first.losses)} steps.\n"
                f"Expected: finite numbers\nReceived: {', '.join(f'{loss:g}' for loss in losses)}\n"
                "Next: look for NaN in the data and for too large a learning rate; if it trained before the "
                "upgrade, the upgrade broke it"
            )
        return Repeats(
            same_initial_weights=same_arrays(first.initial_weights, second.initial_weights),
            first=first.losses,
            second=second.losses,
        )

    def saved_and_loaded(self) -> SavedAndLoaded:
        """Return what came of the model's file."""
        from rnn_suite.own.training import save_and_load

        return save_and_load(self._runs(1)[0].model, self.arrays, self._batch_size)

    def step_times(self) -> StepTimes:
        """Return the seconds of single training steps."""
        from rnn_suite.own.training import time_steps

        return time_steps(self._runs(1)[0].model, self.arrays, self._batch_size)

    def metrics(self, own: OwnModel, *, must_learn: bool = False) -> Scores | Errors:
        """Return the metric for each of the model's seeds, training those that are not trained yet.

        Args:
            own: the model.
            must_learn: refuse a metric that is worse after training from every seed.

        Raises:
            TrainingError: if a training gives no finite numbers.
            MeasurementError: if the seeds have no effect, or the metric is not of the kind that is asked for.
        """
        trained = [self._one(own, seed, place) for place, seed in enumerate(own.seeds, start=1)]
        if len(trained) > 1 and len({seed.losses for seed in trained}) == 1:
            raise MeasurementError(
                f"{own.name}: the seed changes nothing.\nExpected: other losses from other seeds\n"
                f"Received: the same losses from {len(trained)} seeds\n"
                "Next: take out what sets seeds in build(), such as keras.utils.set_random_seed; the spread "
                "over seeds is what tells a change from chance"
            )
        kind = Errors if own.lower_is_better else Scores
        try:
            found = kind(
                metric=own.metric,
                seeds=own.seeds,
                value=tuple(seed.value for seed in trained),
                untrained=tuple(seed.untrained for seed in trained),
            )
        except ValueError as error:
            raise _wrong_kind(own, f"values such as {trained[0].value:g}") from error
        sign = -1 if own.lower_is_better else 1
        if must_learn and all(sign * (seed.value - seed.untrained) < 0 for seed in trained):
            example = f"{trained[0].untrained:.4g} untrained, {trained[0].value:.4g} trained"
            raise _wrong_kind(own, f"worse after training, from every seed: {example}")
        return found

    def _one(self, own: OwnModel, seed: int, place: int) -> TrainedSeed:
        from rnn_suite.own.training import train

        key = (replace(own, seeds=(0,)), seed)
        if key not in self._trained:
            try:
                trained = train(self._build, self.arrays, own, seed)
                self._tell(
                    f"{own.name}, seed {place} of {len(own.seeds)}: {own.metric} {trained.value:.4g}, "
                    f"{trained.seconds:.1f} s"
                )
                self._trained[key] = trained
            except SuiteError as error:
                self._trained[key] = error
            # Models hold cycles: the last one would stay beside the next.
            gc.collect()
        found = self._trained[key]
        if isinstance(found, SuiteError):
            raise found
        return found


def _wrong_kind(own: OwnModel, received: str) -> MeasurementError:
    expected, other = (
        ("a finite number above 0 that is lower after training", "higher")
        if own.lower_is_better
        else ("a fraction from 0 to 1 that is higher after training", "lower")
    )
    return MeasurementError(
        f"{own.name}: {own.metric} of the test cannot be gated so.\nExpected: {expected}\n"
        f'Received: {received}\nNext: name another metric, or say better="{other}" where that is meant; if '
        "it is the right one, the model does not learn"
    )
