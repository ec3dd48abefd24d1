"""What of an old and a new environment is compared: one table, a row a phase of the notebook's work."""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from rnn_suite.errors import MeasurementError
from rnn_suite.models import CELLS


class Scale(enum.StrEnum):
    """On what scale old and new are subtracted."""

    RATIO = "ratio"
    """log(new / old): more is worse."""
    DROP = "drop"
    """old - new, in fractions: less is worse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A row of `PHASES`."""

    name: str
    meaning: str
    """What is measured, in words for a person."""
    unit: str
    """Unit of its numbers: `s`, `MiB` or `fraction`, or none."""
    by_cell: bool = True
    """Whether each cell has its own."""
    repeats: int = 1
    """Measurements in one process, at least; their median counts."""
    least_seconds: float = 0.0
    """How long they take together, at least: what is quick varies more and costs little to repeat."""
    negligible: float = 0.0
    """Differences below this, in the unit, are never red: what is paid once a process, and small."""
    quality: bool = False
    """Whether a pair is two trainings from one seed, untimed, and not two processes taking turns."""
    scale: Scale = Scale.RATIO

    @property
    def subjects(self) -> tuple[str, ...]:
        """The cells, or `all`."""
        return tuple(CELLS) if self.by_cell else ("all",)


LEAST_DROP = 0.002
"""Fall of an accuracy below which none is red, even where a baseline allows less: 8 of 4,000 reviews."""

PHASES: dict[str, Phase] = {
    phase.name: phase
    for phase in (
        Phase(
            name="train_step",
            meaning="a training step inside fit, after the first ones",
            unit="s",
            repeats=4,
            least_seconds=1.2,
        ),
        Phase(
            name="first_step",
            meaning="from the call of fit to the end of its first step: data adapter, tracing, compilation",
            unit="s",
            negligible=0.05,
        ),
        Phase(name="build", meaning="making and compiling the model", unit="s", negligible=0.05),
        Phase(
            name="evaluation",
            meaning="evaluate on 128 reviews, traced before",
            unit="s",
            repeats=3,
            negligible=0.01,
        ),
        Phase(
            name="prediction",
            meaning="predict on 128 reviews, traced before",
            unit="s",
            repeats=3,
            negligible=0.01,
        ),
        Phase(
            name="model_loading",
            meaning="loading the model from a .keras file",
            unit="s",
            repeats=2,
            negligible=0.05,
        ),
        Phase(
            name="import",
            meaning="importing TensorFlow and Keras",
            unit="s",
            by_cell=False,
            negligible=0.1,
        ),
        Phase(
            name="start",
            meaning="building and fitting a tiny model first of all: what is done once a process",
            unit="s",
            by_cell=False,
            negligible=0.1,
        ),
        Phase(
            name="data_loading",
            meaning="reading and preparing the reviews",
            unit="s",
            by_cell=False,
            negligible=0.05,
        ),
        Phase(
            name="peak_memory",
            meaning="highest resident memory of a process that did all of this with each cell",
            unit="MiB",
            by_cell=False,
            negligible=16.0,
        ),
        Phase(
            name="final_loss",
            meaning="training loss of the last epoch at the size of smoke",
            unit="",
            quality=True,
        ),
        Phase(
            name="accuracy",
            meaning="test accuracy at the epoch of lowest validation loss, at the size of smoke",
            unit="fraction",
            quality=True,
            scale=Scale.DROP,
        ),
    )
}
"""Every phase, by name. The sizes of those in seconds are the notebook's."""


@dataclass(frozen=True, slots=True, order=True)
class Asked:
    """One question: a phase of one subject."""

    phase: str
    subject: str

    def __str__(self) -> str:
        return f"{self.phase}:{self.subject}"

    @property
    def row(self) -> Phase:
        """The phase's row."""
        return PHASES[self.phase]


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """What one pair gave for one question: raw, as often as the phase repeats."""

    old: tuple[float, ...]
    new: tuple[float, ...]

    def difference(self, scale: Scale) -> float:
        """Return by how much new is worse, on `scale`; the median of each side counts.

        Raises:
            MeasurementError: if a ratio is asked of a number that is not above 0.
        """
        old, new = median(self.old), median(self.new)
        if scale is Scale.DROP:
            return old - new
        if not (old > 0 and new > 0):
            raise MeasurementError(
                f"There is no ratio of {new} to {old}.\nExpected: numbers above 0 of both environments\n"
                f"Received: {self.old} of the old one, {self.new} of the new one"
            )
        return math.log(new / old)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a question is held to, on the scale of its differences."""

    harm: float
    """The change that must not be missed; who passes is better than this."""
    red: float
    """The estimate from which a confirmed change is regressed: of ratios half the harm, not to miss that."""


def limits(asked: Asked, pairs: Sequence[Values], *, fraction: float, drop: float) -> Limits:
    """Return what a question is held to.

    Args:
        asked: the question.
        pairs: what was measured of it so far; gives the old size that `negligible` is a part of.
        fraction: the growth of a ratio that must not be missed, such as 0.1.
        drop: the fall of an accuracy that is allowed.
    """
    if asked.row.scale is Scale.DROP:
        # A person said what is allowed: up to it is no harm, from it on is.
        allowed = max(drop, LEAST_DROP)
        return Limits(harm=allowed, red=allowed)
    old = median(median(values.old) for values in pairs)
    harm = max(fraction, 2 * asked.row.negligible / old)
    return Limits(harm=math.log1p(harm), red=math.log1p(harm / 2))
