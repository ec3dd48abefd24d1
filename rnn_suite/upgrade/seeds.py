"""The same trainings in both environments, from the same seeds: is what is faster also as good?"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from rnn_suite.experiment import Experiment
from rnn_suite.jsonable import from_jsonable, to_jsonable
from rnn_suite.results import SeedResult
from rnn_suite.upgrade.arm import Arm
from rnn_suite.upgrade.pairs import Environments
from rnn_suite.upgrade.phases import Asked, Values

SEED_SECONDS = 600.0
"""Deadline for one training."""


def measure_seeds(
    environments: Environments,
    experiments: Mapping[str, Experiment],
    asked: Collection[Asked],
    seeds: Sequence[int],
) -> dict[Asked, list[Values]]:
    """Train the cells of the questions from `seeds` in a fresh process of each environment, both at once.

    Args:
        environments: old and new.
        experiments: by cell, what is trained; its own seeds do not count.
        asked: questions on quality.
        seeds: each is one pair.

    Returns:
        For each question a pair of values a seed.

    Raises:
        MeasurementError: if a worker fails, dies or is silent; a loss that is no number is a failure.
    """
    values: dict[Asked, list[Values]] = {question: [] for question in asked}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        arms = [
            stack.enter_context(Arm(python, role=role, folder=folder, launcher=launcher))
            for python, role, launcher in (
                (environments.reference, "reference", environments.reference_launcher),
                (environments.candidate, "candidate", environments.candidate_launcher),
            )
        ]
        for cell in dict.fromkeys(question.subject for question in sorted(asked)):
            experiment = replace(experiments[cell], seeds=tuple(seeds))
            for arm in arms:
                arm.send("train", experiment=to_jsonable(experiment))
            old, new = (
                _results(arm.receive(SEED_SECONDS * len(seeds))["seeds"], arm) for arm in arms
            )
            for question in asked:
                if question.subject == cell:
                    values[question] += [
                        Values(old=(_figure(question, a),), new=(_figure(question, b),))
                        for a, b in zip(old, new, strict=True)
                    ]
    return values


def _results(content: list[Any], arm: Arm) -> list[SeedResult]:
    return [from_jsonable(SeedResult, item, where=arm.role) for item in content]


def _figure(question: Asked, result: SeedResult) -> float:
    if question.phase == "accuracy":
        return result.best_test_metric
    return result.history["loss"][-1]
