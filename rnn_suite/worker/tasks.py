"""What a worker can be asked for: one phase of the notebook's work each, timed from its start to its end.

| request | with | answer |
|---|---|---|
| `describe` | | versions, before anything is imported |
| `import` | | time |
| `start` | | time of building and fitting a tiny model: what is done once a process |
| `load` | experiment | time |
| `build` | experiment | time |
| `fit` | | first step's time; then `step` (time of one) any number of times, then `end` |
| `evaluate`, `predict` | batches | time; the first call traces |
| `save_and_load` | | time of the loading |
| `facts` | | what the step is made of: operations, traces, settings |
| `usage` | | highest resident memory and processor time of the process so far |
| `train` | experiment | results of its seeds |

Times are `seconds` (wall) and `cpu_seconds` (all threads). TensorFlow and Keras are imported by `import` and
not before, so everything that needs them is imported where it is used.
"""

from __future__ import annotations

import gc
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnn_suite.errors import SuiteError
from rnn_suite.experiment import Experiment
from rnn_suite.jsonable import from_jsonable, to_jsonable
from rnn_suite.worker.channel import Channel, Request
from rnn_suite.worker.clock import Clock

if TYPE_CHECKING:
    from rnn_suite.data.dataset import Dataset

FIT_BATCHES = 64
"""Batches that `fit` is given: more than are ever asked for, so that no epoch ends between two steps."""


class Worker:
    """Answers the requests of one channel, one after the other."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._datasets: dict[object, Dataset] = {}
        self._experiment = Experiment(profile="none")
        self._model: Any = None
        self._tasks: dict[str, Callable[[Request], None]] = {
            "describe": self._describe,
            "import": self._import,
            "start": self._start,
            "load": self._load,
            "build": self._build,
            "fit": self._fit,
            "evaluate": self._evaluate,
            "predict": self._predict,
            "save_and_load": self._save_and_load,
            "facts": self._facts,
            "usage": self._usage,
            "train": self._train,
        }

    def work(self) -> None:
        """Answer requests until there are no more."""
        while (request := self._channel.receive()) is not None:
            try:
                self._tasks[request["do"]](request)
            except Exception as error:  # noqa: BLE001 (the one who asked is told, whatever it is)
                kind = "" if isinstance(error, SuiteError) else f"{type(error).__name__}: "
                self._channel.failed(f"{kind}{error}")

    def _spent(self, clock: Clock) -> None:
        self._channel.done(**to_jsonable(clock.spent()))

    def _describe(self, _request: Request) -> None:
        packages = {found.metadata["Name"]: found.version for found in metadata.distributions()}
        self._channel.done(
            python=platform.python_version(), executable=sys.executable, packages=packages
        )

    def _import(self, _request: Request) -> None:
        from rnn_suite.imports import import_seconds

        clock = Clock()
        import_seconds()
        self._spent(clock)

    def _start(self, _request: Request) -> None:
        import keras
        import numpy as np

        clock = Clock()
        layers = [keras.Input((4,)), keras.layers.Dense(1)]
        model = keras.Sequential(layers)
        model.compile("adam", "mse")
        model.fit(np.zeros((4, 4)), np.zeros((4, 1)), verbose=0)
        self._spent(clock)

    def _load(self, request: Request) -> None:
        from rnn_suite.data import load

        experiment = _experiment_of(request)
        clock = Clock()
        dataset = load(experiment)
        spent = clock.spent()
        self._datasets[experiment.corpus] = dataset
        self._channel.done(**to_jsonable(spent))

    def _build(self, request: Request) -> None:
        import keras

        from rnn_suite.models import build_model

        self._model = None
        gc.collect()
        self._experiment = _experiment_of(request)
        keras.utils.set_random_seed(0)
        clock = Clock()
        self._model = build_model(self._experiment)
        self._spent(clock)

    def _batches(self, count: int, *, test: bool = False) -> tuple[Any, Any, int]:
        dataset = self._datasets[self._experiment.corpus]
        size = self._experiment.training.batch_size
        x, y = (dataset.x_test, dataset.y_test) if test else (dataset.x_train, dataset.y_train)
        return x[: count * size], y[: count * size], size

    def _fit(self, _request: Request) -> None:
        from rnn_suite.worker.turns import Turns

        x, y, size = self._batches(FIT_BATCHES)
        turns = Turns(self._channel)
        self._model.fit(x, y, batch_size=size, verbose=0, callbacks=[turns])
        if not turns.ended:
            self._channel.failed(f"more steps were asked for than the {FIT_BATCHES} there are")
            return
        self._channel.done()

    def _evaluate(self, request: Request) -> None:
        x, y, size = self._batches(request["batches"], test=True)
        clock = Clock()
        self._model.evaluate(x, y, batch_size=size, verbose=0)
        self._spent(clock)

    def _predict(self, request: Request) -> None:
        x, _, size = self._batches(request["batches"], test=True)
        clock = Clock()
        self._model.predict(x, batch_size=size, verbose=0)
        self._spent(clock)

    def _save_and_load(self, _request: Request) -> None:
        import keras

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "model.keras")
            self._model.save(path)
            clock = Clock()
            keras.models.load_model(path, safe_mode=True)
            self._spent(clock)

    def _facts(self, _request: Request) -> None:
        from rnn_suite.backend import backend

        x, y, _ = self._batches(1)
        here = backend()
        batch = (here.tensor(x), here.tensor(y))
        self._channel.done(
            operations=here.operations(self._model.train_step, batch),
            traces=here.traces(self._model.train_function),
            settings=here.settings() | {"jit_compile": str(self._model.jit_compile)},
        )

    def _usage(self, _request: Request) -> None:
        from rnn_suite.training import peak_rss_bytes

        self._channel.done(peak_rss_bytes=peak_rss_bytes(), cpu_seconds=time.process_time())

    def _train(self, request: Request) -> None:
        from rnn_suite.data import load
        from rnn_suite.training import Trainer

        experiment = _experiment_of(request)
        if experiment.corpus not in self._datasets:
            self._datasets[experiment.corpus] = load(experiment)
        trainer = Trainer(experiment, self._datasets[experiment.corpus])
        self._channel.done(
            seeds=[to_jsonable(trainer.train(seed)) for seed in experiment.seeds],
        )


def _experiment_of(request: Request) -> Experiment:
    return from_jsonable(Experiment, request["experiment"], where="experiment")
