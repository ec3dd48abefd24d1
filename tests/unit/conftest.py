"""Small results, experiments and arrays made by hand: no corpus, no file, no network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnn_suite.baselines import Baseline, Measurement, Recorded, save_baseline
from rnn_suite.data.dataset import Dataset
from rnn_suite.experiment import CorpusConfig, Experiment, ModelConfig, TrainingConfig
from rnn_suite.questions.exact import PARAMETERS, ParameterCounts
from rnn_suite.results import CorpusIdentity, Environment, PhaseSeconds, SeedResult

IDENTITY = CorpusIdentity(
    name="standin",
    train_reviews=64,
    train_tokens=512,
    test_reviews=32,
    test_tokens=256,
    sha256="ab" * 32,
)

ENVIRONMENT = Environment(
    python="3.11.9",
    tensorflow="2.21.0",
    keras="3.15.1",
    numpy="2.4.6",
    system="Linux x86_64",
    processor="a processor",
    cores=2,
    memory_gib=8,
    accelerator="none",
    threads=0,
    onednn="default",
)


@pytest.fixture(scope="session")
def identity() -> CorpusIdentity:
    """Which reviews the results of these tests were measured on."""
    return IDENTITY


@pytest.fixture(scope="session")
def environment() -> Environment:
    """An environment that describes no real machine."""
    return ENVIRONMENT


@pytest.fixture(scope="session")
def recorded() -> Recorded:
    """When the baselines of these tests were recorded."""
    return Recorded(date="2026-01-31", commit="c0ffee")


@pytest.fixture(scope="session")
def tiny() -> Callable[..., Experiment]:
    """Return a function that makes an experiment which trains in a moment.

    Fields of model and training are given by their names; `maxlen` and `num_words` are the corpus's.
    """

    def make(cell: str = "lstm", *, seeds: tuple[int, ...] = (0,), **fields: Any) -> Experiment:
        def chosen(*names: str) -> dict[str, Any]:
            return {name: fields.pop(name) for name in names if name in fields}

        corpus = CorpusConfig(name="standin", num_words=50, maxlen=8)
        corpus = replace(corpus, **chosen("maxlen", "num_words"))
        training = TrainingConfig(batch_size=16, epochs=2, learning_rate=1e-2)
        training = replace(
            training, **chosen("batch_size", "epochs", "learning_rate", "validation_split")
        )
        model = ModelConfig(cell=cell, **{"units": 4, "embedding_dim": 4, **fields})
        return Experiment(
            profile="tiny", corpus=corpus, model=model, training=training, seeds=seeds
        )

    return make


@pytest.fixture(scope="session")
def make_dataset() -> Callable[..., Dataset]:
    """Return a function that makes random reviews; the last token's parity is mostly the label."""

    def make(train: int = 64, test: int = 32, num_words: int = 50, maxlen: int = 8) -> Dataset:
        random = np.random.RandomState(7)

        def split(count: int) -> tuple[Any, Any]:
            x = random.randint(0, num_words, (count, maxlen)).astype(np.int32)
            y = ((x[:, -1] + (random.random_sample(count) < 0.2)) % 2).astype(np.int64)
            return x, y

        (x_train, y_train), (x_test, y_test) = split(train), split(test)
        return Dataset(
            x_train=x_train,
            y_train=y_train,
            x_test=x_test,
            y_test=y_test,
            identity=IDENTITY,
            source="made by hand",
        )

    return make


@pytest.fixture(scope="session")
def measurement(tiny: Callable[..., Experiment]) -> Callable[..., Measurement]:
    """Return a function that gives raw values an experiment, a corpus and an environment."""

    def make(measured: Any, experiment: Experiment | None = None, **changed: Any) -> Measurement:
        made = Measurement(
            experiment=experiment or tiny(),
            corpus=IDENTITY,
            measured=measured,
            environment=ENVIRONMENT,
        )
        return replace(made, **changed)

    return make


@pytest.fixture
def saved(tmp_path: Path, measurement: Callable[..., Measurement], recorded: Recorded) -> Baseline:
    """A baseline of the parameter count, on disk."""
    path = tmp_path / "baselines" / "lstm.json"
    return save_baseline(path, PARAMETERS, measurement(ParameterCounts(parameters=349)), recorded)


@pytest.fixture(scope="session")
def seed_result() -> Callable[..., SeedResult]:
    """Return a function that makes the result of a seed without any training."""

    def make(seed: int = 0, **changed: Any) -> SeedResult:
        made = SeedResult(
            seed=seed,
            history={"val_accuracy": (0.5, 0.6), "val_loss": (0.7, 0.65)},
            best_epoch=2,
            best_test_loss=0.6,
            best_test_metric=0.75,
            last_test_loss=0.6,
            last_test_metric=0.75,
            parameters=349,
            import_seconds=None,
            steady_step_count=7,
            seconds=PhaseSeconds(
                build=1.0,
                first_step=2.0,
                steady_steps=3.0,
                validation=0.5,
                evaluation=0.25,
                other=0.125,
            ),
            peak_rss_bytes=2**20,
        )
        return replace(made, **changed)

    return make
