"""What follows a search: its best model is built anew, trained and tested, and the answer written."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path

from rnn_suite.data import load
from rnn_suite.errors import SuiteError, TrainingError
from rnn_suite.jsonable import write_json
from rnn_suite.trials import RebuiltModel, SearchResult, TrialResult
from rnn_suite.tuning.folder import PROJECT, RESULT, AskedSearch, asked, searched
from rnn_suite.tuning.member import ALONE, NAME, member_of
from rnn_suite.tuning.project import read_trials
from rnn_suite.tuning.searching import tuner_of
from rnn_suite.tuning.telling import say


def rebuild_here(folder: Path) -> None:
    """Build and train a model anew with the best values, test it, and write the answer.

    What is best is asked of a tuner that reads the project from disk.

    Raises:
        SuiteError: if a file of the project is damaged, or a package or the corpus is missing.
        TrainingError: if the loss of the new model becomes NaN or infinite.
    """
    task, ended = asked(folder), searched(folder)
    if member_of(os.environ) is not None:
        raise SuiteError(
            "The best model is rebuilt by a process that has no place in a cluster.\n"
            f"Expected: none of {', '.join(ALONE)}\nReceived: {NAME}={os.environ[NAME]}\n"
            "Next: unset all three"
        )
    trials = read_trials(folder / PROJECT)
    scored = any(trial.score is not None for trial in trials)
    gave_up = ended.stopped_by_failures or not scored
    best = None if gave_up else _rebuilt(task, folder / PROJECT)
    write_json(
        folder / RESULT,
        SearchResult(
            seed=task.seed,
            trials=trials,
            best=best,
            seconds=ended.seconds,
            workers=task.workers,
        ),
    )
    say(f"the answer is {folder / RESULT}")
    if best is not None:
        _forget_weights(folder / PROJECT, trials, best.trial)


def _forget_weights(project: Path, trials: Sequence[TrialResult], best: str) -> None:
    """Remove the weights of all trials but the best: hundreds of megabytes that nobody asks for any more.

    Keras Tuner reads those of the trials that the best went on from as well.
    """
    parents = {trial.trial: trial.parent for trial in trials}
    kept = set()
    while best:
        kept.add(f"trial_{best}")
        best = parents.get(best, "")
    for path in project.glob("trial_*/checkpoint.weights.h5"):
        if path.parent.name not in kept:
            path.unlink()


def _rebuilt(task: AskedSearch, project: Path) -> RebuiltModel:
    import keras

    training = task.search.training
    tuner = tuner_of(task, project)
    (best,) = tuner.oracle.get_best_trials(1)
    (values,) = tuner.get_best_hyperparameters(1)
    say(f"rebuilding trial {best.trial_id}, epochs {training.epochs}")
    dataset = load(task.search.experiment({}))
    keras.utils.set_random_seed(task.seed)
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
            f"search seed {task.seed}: the loss of the rebuilt model is {history['loss'][-1]}.\n"
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
