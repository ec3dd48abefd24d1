"""A user's own model as baselines know it: a name, how it is trained, and what is measured."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rnn_suite.errors import InvalidExperimentError
from rnn_suite.experiment import CorpusConfig

LOSS = "loss"
"""The metric that every compiled model has."""

FIRST_NEW_SEED = 1000
"""Seed that a gate begins with; baselines have those from 0 on, so that the two are independent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnModel:
    """One model of a user, repeated over seeds; how it is built and what it is fed are the user's."""

    name: str
    """What baselines and verdicts call it."""
    epochs: int
    batch_size: int
    metric: str
    """Which figure of the test is gated, by Keras's name."""
    lower_is_better: bool
    """Whether the figure is an error, such as a loss, and no score."""
    seeds: tuple[int, ...]
    """Seeds for initial weights, batch order and dropout; each is one replicate."""

    def __post_init__(self) -> None:
        seeds = self.seeds
        rules = [
            (
                "name",
                re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", self.name) is not None,
                "up to 64 letters, digits, '-', '_' and '.', since it names files",
            ),
            ("epochs", self.epochs >= 1, "1 or more"),
            ("batch_size", self.batch_size >= 1, "1 or more"),
            ("seeds", len(seeds) >= 1 and len(set(seeds)) == len(seeds), "one or more, none twice"),
            ("seeds", all(0 <= seed < 2**32 for seed in seeds), "0 to 2**32 - 1"),
        ]
        for name, valid, expected in rules:
            if not valid:
                raise InvalidExperimentError(
                    f"Invalid {name} of an own model.\nExpected: {expected}\n"
                    f"Received: {getattr(self, name)!r}"
                )

    @property
    def profile(self) -> str:
        """The folder that own models share below the baselines."""
        return "own"

    @property
    def corpus(self) -> CorpusConfig:
        """What stands for the user's data in a baseline's path: the model's name."""
        return CorpusConfig(name=self.name)

    @property
    def cell(self) -> str:
        """What verdicts call the subject."""
        return self.name
