"""One line an epoch while a training goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnn_suite.training import EpochEnd


def epoch_line(epoch: EpochEnd) -> str:
    """Return cell, seed, epoch, validation accuracy, time gone and time left of this seed."""
    left = epoch.seconds / epoch.epoch * (epoch.epochs - epoch.epoch)
    return (
        f"{epoch.cell} seed {epoch.seed} epoch {epoch.epoch}/{epoch.epochs} "
        f"val {epoch.val_metric:.4f} {_clock(epoch.seconds)} gone, {_clock(left)} left"
    )


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
