"""One search, a process's part of it, or the rebuilding of its best model, in this process.

`rnn_suite.tuning.processes` starts `python -m rnn_suite.tuning.work FOLDER PARENT PART ...`; the folder holds
what is asked (`asked.json`), Keras Tuner's project (`project`), and in the end the answer (`result.json`).
Parts are `search`, `cluster` (the same, by a chief and workers on this machine) and `rebuild`. With PARENT 0
the process outlives whoever started it. Keras Tuner's own variables KERASTUNER_TUNER_ID, KERASTUNER_ORACLE_IP
and KERASTUNER_ORACLE_PORT make a `search` the chief's or a worker's; see docs/tuner_cluster.md.
"""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rnn_suite.data import load
from rnn_suite.errors import SuiteError, TrainingError
from rnn_suite.imports import import_seconds
from rnn_suite.jsonable import write_atomically, write_json
from rnn_suite.search import Search
from rnn_suite.trials import FAILED, RebuiltModel, SearchResult, TrialResult
from rnn_suite.tuning.cluster import Cluster
from rnn_suite.tuning.folder import (
    PROJECT,
    RESULT,
    AskedSearch,
    asked,
    fault_file,
    is_searched,
    note_end,
    searched,
)
from rnn_suite.tuning.member import ALONE, NAME, check_port_is_free, end_without_chief, member_of
from rnn_suite.tuning.project import read_trials
from rnn_suite.tuning.roles import Patient, hand_out_trials, take_trials
from rnn_suite.tuning.tuners import draw_seed, make_tuner
from rnn_suite.worker.parent import end_with_parent


def search_here(folder: Path) -> None:
    """Search, going on with the project in `folder` if there is one, and note the end there.

    In a cluster, do the part that the variables give.

    Raises:
        SuiteError: if a file of the project is damaged, a package or the corpus is missing, the port is
            taken, or the chief is gone.
    """
    task, project, member = asked(folder), folder / PROJECT, member_of(os.environ)
    if member is not None and not member.is_chief:
        end_without_chief(member, folder)
        tuner = _tuner(task, project)
        take_trials(lambda: _train(tuner, task.search), folder, member)
        return
    read_trials(project)
    if member is not None:
        check_port_is_free(member)
        hand_out_trials(_tuner(task, project), folder)
        return
    tuner, started, stopped = _tuner(task, project), time.perf_counter(), False
    try:
        _train(tuner, task.search)
    except RuntimeError:
        trials = read_trials(project)
        stopped = bool(trials) and trials[-1].status == FAILED
        if not stopped:
            raise
    note_end(folder, time.perf_counter() - started, stopped=stopped)


def _train(tuner: Any, search: Search) -> None:
    import keras

    dataset = load(search.experiment({}))
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


def cluster_here(folder: Path) -> None:
    """Have a chief and as many workers as are asked for search on this machine, and note the end in `folder`.

    Raises:
        SuiteError: as `search_here`, or if one of them fails.
    """
    read_trials(folder / PROJECT)
    started = time.perf_counter()
    cluster = Cluster(folder, asked(folder).workers)
    try:
        cluster.wait()
        if not is_searched(folder):
            note_end(folder, time.perf_counter() - started, stopped=False)
        cluster.wait_for_chief()
    finally:
        cluster.close()


def rebuild_here(folder: Path) -> None:
    """Build and train a model anew with the best values, test it, and write the answer.

    What is best is asked of a tuner that reads the project from disk.

    Raises:
        SuiteError: as `search_here`.
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
    tuner = _tuner(task, project)
    (best,) = tuner.oracle.get_best_trials(1)
    (values,) = tuner.get_best_hyperparameters(1)
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


def _tuner(task: AskedSearch, project: Path) -> Any:
    import_seconds()
    from rnn_suite.tuning.trainings import Noting, network

    class PatientNoting(Patient, Noting):
        pass

    own = project / f"{os.environ.get(NAME, 'tuner0')}.json"
    if (project / "oracle.json").exists() and not (own.exists() and own.stat().st_size):
        # Without this file, in which Keras Tuner keeps nothing, it begins anew and writes over the project:
        # so where the chief takes up what one process began, or a process was killed too early.
        write_json(own, {})
    tuner = make_tuner(
        task.search,
        seed=draw_seed(task.seed),
        folder=project,
        hypermodel=network(task.search),
        mixin=PatientNoting,
    )
    tuner.search_seed = task.seed
    return tuner


def main(folder: Path, parent: int, parts: Sequence[str]) -> None:
    """Do the parts that are asked for, in their order; leave a fault in `folder`.

    Args:
        folder: of the search.
        parent: number of the process that waits for the end, with which this one ends; or 0.
        parts: `search` or `cluster`, `rebuild`.
    """
    if parent:
        end_with_parent(parent)
    do = {"search": search_here, "cluster": cluster_here, "rebuild": rebuild_here}
    try:
        for part in parts:
            do[part](folder)
    except SuiteError as error:
        write_atomically(fault_file(folder, os.environ.get(NAME)), str(error).encode())
        sys.exit(str(error))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
