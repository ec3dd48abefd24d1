"""What a process of a search says of itself as it goes on: one line each, for whoever started it by hand.

Processes that are started by others print into the words file of theirs.
"""

from __future__ import annotations

import contextlib
import os
import time
from typing import Any

from rnn_suite.trials import COMPLETED
from rnn_suite.tuning.member import NAME


def say(words: str) -> None:
    """Print one line with the name of this process, at once."""
    # Whoever started it may have closed the terminal since, which is no reason to lose a trial.
    with contextlib.suppress(OSError):
        print(f"{os.environ.get(NAME, 'search')}: {words}", flush=True)


class Telling:
    """Mixin for a tuner: says which trial it has begun, and how it ended."""

    _begun = 0.0

    def on_trial_begin(self, trial: Any) -> None:
        """Say which values are tried."""
        values = trial.hyperparameters.values
        told = ", ".join(f"{n} {v}" for n, v in values.items() if not n.startswith("tuner/"))
        parent = values.get("tuner/trial_id")
        say(f"trial {trial.trial_id} begins{f', going on from {parent}' if parent else ''}: {told}")
        self._begun = time.perf_counter()
        super().on_trial_begin(trial)  # type: ignore[misc]  # a tuner's

    def on_trial_end(self, trial: Any) -> None:
        """Say the score, or what went wrong, and the seconds."""
        seconds = time.perf_counter() - self._begun
        if trial.status == COMPLETED:
            objective = self.oracle.objective.name  # type: ignore[attr-defined]  # a tuner's
            score = max(self.hypermodel.history[objective])  # type: ignore[attr-defined]
            say(f"trial {trial.trial_id} ended: {objective} {score:.4f}, {seconds:.1f} s")
        else:
            fault = str(trial.message or trial.status).strip().rpartition("\n")[2]
            say(f"trial {trial.trial_id} failed after {seconds:.1f} s: {fault}")
        super().on_trial_end(trial)  # type: ignore[misc]  # a tuner's
