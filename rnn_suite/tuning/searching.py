"""One search in this process, or this process's part of it: the trials."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from rnn_suite.data import load
from rnn_suite.imports import import_seconds
from rnn_suite.jsonable import write_json
from rnn_suite.search import Search
from rnn_suite.trials import FAILED
from rnn_suite.tuning.cluster import Cluster
from rnn_suite.tuning.folder import PROJECT, AskedSearch, asked, is_searched, note_end
from rnn_suite.tuning.member import NAME, check_port_is_free, end_without_chief, member_of
from rnn_suite.tuning.project import read_trials
from rnn_suite.tuning.roles import Patient, hand_out_trials, take_trials
from rnn_suite.tuning.telling import Telling, say
from rnn_suite.tuning.tuners import draw_seed, make_tuner


def search_here(folder: Path) -> None:
    """Search, going on with the project in `folder` if there is one, and note the end there.

    In a cluster, do the part that the variables give.

    Raises:
        SuiteError: if a file of the project is damaged, a package or the corpus is missing, the port is
            taken, or the chief is gone.
    """
    task, project, member = asked(folder), folder / PROJECT, member_of(os.environ)
    if member is not None and not member.is_chief:
        end_without_chief(member, folder, waiting=say)
        tuner = tuner_of(task, project)
        take_trials(lambda: _train(tuner, task.search), folder, member)
        return
    read_trials(project)
    if member is not None:
        check_port_is_free(member)
        hand_out_trials(tuner_of(task, project), folder, member, task.search.planned_trials)
        return
    tuner, started, stopped = tuner_of(task, project), time.perf_counter(), False
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


def tuner_of(task: AskedSearch, project: Path) -> Any:
    """Return the tuner that is asked for; one whose project lies there already is taken up."""
    import_seconds()
    from rnn_suite.tuning.trainings import Noting, network

    class Ours(Telling, Patient, Noting):
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
        mixin=Ours,
    )
    tuner.search_seed = task.seed
    return tuner
