"""Train the notebook's classifier from seeds, small, and tell every bit of what came out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import keras

from rnn_suite.backend import backend
from rnn_suite.checks.parts.parity import Draws
from rnn_suite.experiment import CorpusConfig, Experiment, ModelConfig, TrainingConfig
from rnn_suite.models import CELLS, build_model, renew_model

SEEDS = (1, 2)
ROWS = 80
"""Two and a half batches of 32."""
SUBJECTS = tuple(CELLS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What a training came to."""

    losses: tuple[str, ...]
    """Of each epoch, in hexadecimal: all bits."""
    weights: str
    """SHA-256 of the bytes of all weights."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeededTraining:
    """All trainings of one process, by cell."""

    free: dict[str, Trained]
    """From the first seed, without op determinism, operation by operation: tracing is what takes time."""
    deterministic: dict[str, tuple[Trained, ...]]
    """From each of `SEEDS`, with op determinism and dropout of inputs and states, traced."""


def train_from_seeds() -> SeededTraining:
    """Train every cell from every seed, without op determinism and then with it.

    There is no way back from op determinism: call this in a process of its own.
    """
    free = {cell: _train(cell, SEEDS[:1], dropout=0.0, eagerly=True)[0] for cell in SUBJECTS}
    backend().enable_op_determinism()
    return SeededTraining(
        free=free,
        deterministic={cell: _train(cell, SEEDS, dropout=0.2, eagerly=False) for cell in SUBJECTS},
    )


def _train(
    cell: str, seeds: tuple[int, ...], *, dropout: float, eagerly: bool
) -> tuple[Trained, ...]:
    experiment = Experiment(
        profile="determinism",
        corpus=CorpusConfig(name="drawn", num_words=50, maxlen=6),
        model=ModelConfig(
            cell=cell, units=16, embedding_dim=16, dropout=dropout, recurrent_dropout=dropout
        ),
        training=TrainingConfig(epochs=2, learning_rate=1e-2),
    )
    draws = Draws(800)
    tokens = draws.tokens(50, ROWS, 6)
    labels = draws.tokens(2, ROWS, 1)
    trained: list[Trained] = []
    for seed in seeds:
        keras.utils.set_random_seed(seed)
        if not trained:
            model = build_model(experiment)
            # Its metric would be built in the first step, which would then be traced twice.
            model.compile(model.optimizer, model.loss, run_eagerly=eagerly)
        else:
            # Traced already, and tracing is what takes time.
            renew_model(model, experiment)
        history = model.fit(
            tokens, labels, batch_size=32, epochs=2, shuffle=True, verbose=0
        ).history
        digest = hashlib.sha256(b"".join(weight.tobytes() for weight in model.get_weights()))
        trained.append(
            Trained(
                losses=tuple(float(loss).hex() for loss in history["loss"]),
                weights=digest.hexdigest(),
            )
        )
    return tuple(trained)
