"""One line an epoch while a training goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnn_suite.training import EpochEnd


def epoch_line(epoch: EpochEnd, *, seeds_to_come: int = 0) -> str:
    """Return cell, seed, epoch, validation accuracy, time gone and time left.

    The time left is this seed's, then that of all seeds to come as well, at the pace so far.
    """
    pace = epoch.seconds / epoch.epoch
    left = pace * (epoch.epochs - epoch.epoch)
    line = (
        f"{epoch.cell} seed {epoch.seed} epoch {epoch.epoch}/{epoch.epochs} "
        f"val {epoch.val_metric:.4f} {clock(epoch.seconds)} gone, {clock(left)} left"
    )
    if seeds_to_come:
        whole = left + pace * epoch.epochs * seeds_to_come
        line += f", {clock(whole)} with the {seeds_to_come} seeds to come"
    return line


def clock(seconds: float) -> str:
    """Return minutes and seconds, such as `12:05`; hours are minutes too."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
