"""One search, or the rebuilding of its best model, in this process.

`rnn_suite.tuning.processes` starts `python -m rnn_suite.tuning.work FOLDER PARENT PART ...`; the folder holds
what is asked (`asked.json`), Keras Tuner's project (`project`), and in the end the answer (`result.json`).
Keras Tuner's own variables KERASTUNER_TUNER_ID, KERASTUNER_ORACLE_IP and KERASTUNER_ORACLE_PORT make the
process a chief or a worker.
"""

from __future__ import annotations

import math
import os
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnn_suite.data import load
from rnn_suite.errors import SuiteError, TrainingError
from rnn_suite.imports import import_seconds
from rnn_suite.jsonable import from_jsonable, read_json, write_atomically, write_json
from rnn_suite.search import Search
from rnn_suite.trials import RebuiltModel, SearchResult
from rnn_suite.tuning.project import FAILED, read_trials
from rnn_suite.tuning.tuners import make_tuner

ASKED, PROJECT, SEARCHED, RESULT = "asked.json", "project", "searched.json", "result.json"
FAULT = "fault.txt"
"""Names in the folder of a search."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedSearch:
    """One whole search: what is searched, from which seed, by how many processes."""

    search: Search
    seed: int
    workers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """That a search has ended, and how long its last part took."""

    seconds: float
    stopped_by_failures: bool
    """Whether Keras Tuner gave up because one trial after the other failed."""


def search_here(folder: Path) -> None:
    """Search, going on with the project in `folder` if there is one; note the end there.

    Raises:
        SuiteError: if a file of the project is damaged, or a package or the corpus is missing.
    """
    asked = _asked(folder)
    search, project = asked.search, folder / PROJECT
    read_trials(project)
    tuner = _tuner(asked, project)
    import keras

    dataset = load(search.experiment({}))
    started, stopped = time.perf_counter(), False
    try:
        tuner.search(
            dataset.x_train,
            dataset.y_train,
            batch_size=search.training.batch_size,
            # Hyperband puts its own in the place of this.
            epochs=search.max_epochs,
            validation_split=search.training.validation_split,
            callbacks=[keras.callbacks.EarlyStopping(monitor="val_loss", patience=search.patience)],
            verbose=0,
        )
    except RuntimeError:
        trials = read_trials(project)
        stopped = bool(trials) and trials[-1].status == FAILED
        if not stopped:
            raise
    write_json(
        folder / SEARCHED,
        Searched(seconds=time.perf_counter() - started, stopped_by_failures=stopped),
    )


def rebuild_here(folder: Path) -> None:
    """Build and train a model anew with the best values, test it, and write the answer.

    What is best is asked of a tuner that reads the project from disk.

    Raises:
        SuiteError: as `search_here`.
        TrainingError: if the loss of the new model becomes NaN or infinite.
    """
    asked = _asked(folder)
    searched = from_jsonable(Searched, read_json(folder / SEARCHED), where=str(folder / SEARCHED))
    trials = read_trials(folder / PROJECT)
    write_json(
        folder / RESULT,
        SearchResult(
            seed=asked.seed,
            trials=trials,
            best=None if searched.stopped_by_failures else _rebuilt(asked, folder / PROJECT),
            seconds=searched.seconds,
            workers=asked.workers,
        ),
    )


def _rebuilt(asked: AskedSearch, project: Path) -> RebuiltModel:
    import keras

    training = asked.search.training
    tuner = _tuner(asked, project)
    (best,) = tuner.oracle.get_best_trials(1)
    (values,) = tuner.get_best_hyperparameters(1)
    dataset = load(asked.search.experiment({}))
    keras.utils.set_random_seed(asked.seed)
    model = tuner.hypermodel.build(values)
    history = model.fit(
        dataset.x_train,
        dataset.y_train,
        batch_size=training.batch_size,
        epochs=training.epochs,
        validation_split=training.validation_split,
        verbose=0,
    ).history
    if not math.isfinite(history["loss"][-1]):
        raise TrainingError(
            f"search seed {asked.seed}: the loss of the rebuilt model is {history['loss'][-1]}.\n"
            f"Expected: a finite number, as in trial {best.trial_id}, whose values it has\n"
            f"Received: {history['loss']}\nNext: see the trials in {project}"
        )
    loss, accuracy = model.evaluate(
        dataset.x_test, dataset.y_test, batch_size=training.batch_size, verbose=0
    )
    return RebuiltModel(
        trial=best.trial_id,
        score=float(best.score),
        history={name: tuple(map(float, figures)) for name, figures in history.items()},
        test_loss=float(loss),
        test_accuracy=float(accuracy),
    )


def _asked(folder: Path) -> AskedSearch:
    return from_jsonable(AskedSearch, read_json(folder / ASKED), where=str(folder / ASKED))


def _tuner(asked: AskedSearch, project: Path) -> Any:
    import_seconds()
    from rnn_suite.tuning.trainings import Noting, network

    tuner = make_tuner(
        asked.search,
        seed=asked.seed,
        folder=project,
        hypermodel=network(asked.search),
        mixin=Noting,
    )
    tuner.search_seed = asked.seed
    return tuner


def _end_with(parent: int) -> None:
    """End this process when the one that waits for its answer is gone."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def main(folder: Path, parent: int, parts: Sequence[str]) -> None:
    """Do the parts that are asked for: `search`, `rebuild`."""
    _end_with(parent)
    try:
        for part in parts:
            {"search": search_here, "rebuild": rebuild_here}[part](folder)
    except SuiteError as error:
        write_atomically(folder / FAULT, str(error).encode())
        sys.exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
