"""What lies in the folder of a search: Keras Tuner's files with our notes, read without Keras Tuner.

So damaged files are found, and named, before Keras Tuner trips over them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnn_suite.errors import FormatError
from rnn_suite.jsonable import from_jsonable, read_json
from rnn_suite.trials import FAILED, RUNNING, TrialResult

NOTES = "rnn_suite.json"
"""Name of the file with our notes in a trial's folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialNotes:
    """What Keras Tuner does not keep of a trial; see `rnn_suite.trials.TrialResult`."""

    history: dict[str, tuple[float, ...]]
    first_loss: float | None
    seconds: float
    fit_seconds: float
    fault: str


def read_trials(folder: Path) -> tuple[TrialResult, ...]:
    """Return the trials of the project in `folder`, in the order they were begun; none if it is new.

    Raises:
        FormatError: if a file is damaged, or a trial is missing that the project knows of.
    """
    oracle = folder / "oracle.json"
    if not oracle.exists():
        return ()
    try:
        order = read_json(oracle)["start_order"]
        return tuple(_read_trial(folder / f"trial_{trial}") for trial in order)
    except (FormatError, KeyError, TypeError, AttributeError, ValueError) as error:
        fault = str(error) if isinstance(error, FormatError) else _told(oracle, error)
        raise FormatError(
            f"Damaged search. {fault}\nExpected: what Keras Tuner wrote\n"
            f"Next: delete {folder} and search again, or bring the file back; nothing was changed"
        ) from error


def _told(path: Path, error: Exception) -> str:
    return f"{path}: a part is missing or of another kind ({type(error).__name__}: {error})"


def _read_trial(folder: Path) -> TrialResult:
    path = folder / "trial.json"
    state = read_json(path)
    notes = folder / NOTES
    noted = (
        from_jsonable(TrialNotes, read_json(notes), where=str(notes))
        if notes.exists()
        else TrialNotes(history={}, first_loss=None, seconds=0.0, fit_seconds=0.0, fault="")
    )
    try:
        values: dict[str, Any] = state["hyperparameters"]["values"]
        status, score = str(state["status"]), state["score"]
        if status == RUNNING and noted.fault:
            # The failure that ends a search is not written down by Keras Tuner any more.
            status = FAILED
        return TrialResult(
            trial=str(state["trial_id"]),
            status=status,
            values={n: str(v) for n, v in sorted(values.items()) if not n.startswith("tuner/")},
            bracket=int(values.get("tuner/bracket", 0)),
            round=int(values.get("tuner/round", 0)),
            initial_epoch=int(values.get("tuner/initial_epoch", 0)),
            epochs=int(values.get("tuner/epochs", 0)),
            parent=str(values.get("tuner/trial_id", "")),
            score=None if score is None else float(score),
            history=noted.history,
            first_loss=noted.first_loss,
            seconds=noted.seconds,
            fit_seconds=noted.fit_seconds,
            fault=noted.fault or str(state["message"] or "").strip().rpartition("\n")[2],
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise FormatError(_told(path, error)) from error
