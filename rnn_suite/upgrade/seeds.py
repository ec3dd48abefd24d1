"""The same trainings in both environments, from the same seeds: is what is faster also as good?"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from rnn_suite.experiment import Experiment
from rnn_suite.jsonable import from_jsonable, to_jsonable
from rnn_suite.results import SeedResult
from rnn_suite.upgrade.arm import Arm
from rnn_suite.upgrade.pairs import Environments, start_arms
from rnn_suite.upgrade.phases import Asked, Values

SEED_SECONDS = 600.0
"""Deadline for one training."""


def measure_seeds(
    environments: Environments,
    experiments: Mapping[str, Experiment],
    asked: Collection[Asked],
    seeds: Sequence[int],
    *,
    chance: random.Random,
) -> Iterator[dict[Asked, list[Values]]]:
    """Train the cells of the questions from `seeds` in a fresh process of each environment, both at once.

    The replicate is a seed. Where both environments behave alike, which of the two gave which result is a
    matter of chance, whatever a seed means to either: each difference is as likely above 0 as below.

    Args:
        environments: old and new.
        experiments: by cell, what is trained; its own seeds do not count.
        asked: questions on quality.
        seeds: each is one pair.
        chance: decides which environment is started and asked first.

    Yields:
        For each cell, for each of its questions, a pair of values a seed.

    Raises:
        MeasurementError: if a worker fails, dies or is silent; a loss that is no number is a failure.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        old, new = start_arms(environments, stack, folder, chance)
        for arm in (old, new):
            # An environment that hangs is found out before hours are allowed for.
            arm.ask("describe")
        for cell in dict.fromkeys(question.subject for question in sorted(asked)):
            experiment = replace(experiments[cell], seeds=tuple(seeds))
            for arm in chance.sample([old, new], 2):
                arm.send("train", experiment=to_jsonable(experiment))
            of_old, of_new = (
                _results(arm.receive(SEED_SECONDS * len(seeds))["seeds"], arm) for arm in (old, new)
            )
            yield {
                question: [
                    Values(old=(_figure(question, a),), new=(_figure(question, b),))
                    for a, b in zip(of_old, of_new, strict=True)
                ]
                for question in asked
                if question.subject == cell
            }


def _results(content: list[Any], arm: Arm) -> list[SeedResult]:
    return [from_jsonable(SeedResult, item, where=arm.role) for item in content]


def _figure(question: Asked, result: SeedResult) -> float:
    if question.phase == "accuracy":
        return result.best_test_metric
    return result.history["loss"][-1]
