"""What the suite costs, as ratios within one run: `python tests/benchmarks/overhead.py [--rounds N]`.

Prints three ratios; run it on an idle machine with RNN_SUITE_IMDB set. Nothing here is a test.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]

BARE = """
import sys
import keras
import numpy as np
with np.load(sys.argv[1]) as arrays:
    x_train, y_train, x_test, y_test = (arrays[k] for k in ("x_train", "y_train", "x_test", "y_test"))
for cell in (keras.layers.SimpleRNN, keras.layers.LSTM, keras.layers.GRU):
    for seed in (100, 101, 102):
        keras.utils.set_random_seed(seed)
        model = keras.Sequential([
            keras.Input((100,), dtype="int32"), keras.layers.Embedding(10_000, 32), cell(32),
            keras.layers.Dense(1, activation="sigmoid"),
        ])
        model.compile(keras.optimizers.Adam(2e-3), "binary_crossentropy", metrics=["accuracy"])
        model.fit(x_train, y_train, batch_size=64, epochs=3, validation_split=0.2, verbose=0)
        model.evaluate(x_test, y_test, batch_size=64, verbose=0)
"""


def seconds_of(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - started


def whole_gate(rounds: int) -> None:
    """`pytest -m smoke` as a process against a bare script that trains the same models as often."""
    import numpy as np

    from rnn_suite.data import load
    from rnn_suite.experiment import profile_experiment

    dataset = load(profile_experiment("smoke", corpus="imdb", cell="lstm"))
    with tempfile.TemporaryDirectory() as folder:
        arrays = Path(folder) / "arrays.npz"
        np.savez(
            arrays,
            x_train=dataset.x_train,
            y_train=dataset.y_train,
            x_test=dataset.x_test,
            y_test=dataset.y_test,
        )
        bare, gate = [], []
        for number in range(rounds):
            bare.append(seconds_of([sys.executable, "-c", BARE, str(arrays)]))
            command = [sys.executable, "-m", "pytest", "-m", "smoke", "--corpus", "imdb", "--fresh"]
            gate.append(seconds_of([*command, f"--runs={folder}/runs-{number}"]))
    ratios = [g / b for g, b in zip(gate, bare, strict=True)]
    print(
        f"whole smoke gate / bare script: {statistics.median(ratios):.2f} "
        f"(pairs {', '.join(f'{ratio:.2f}' for ratio in ratios)}; gate "
        f"{statistics.median(gate):.1f} s, bare {statistics.median(bare):.1f} s)"
    )


def corpus_load(rounds: int) -> None:
    """`keras.datasets.imdb.load_data` against `load` from the flat cache, vocabulary and all."""
    import keras
    from keras.src.datasets import imdb as keras_imdb

    from rnn_suite.data import load
    from rnn_suite.experiment import profile_experiment

    keras_imdb.get_file = lambda *_, **__: os.environ["RNN_SUITE_IMDB"]
    experiment = profile_experiment("full", corpus="imdb", cell="lstm")
    load(experiment)
    theirs, unpadded, ours = [], [], []
    for _ in range(rounds):
        started = time.perf_counter()
        (x_train, _), (x_test, _) = keras.datasets.imdb.load_data(num_words=10_000)
        unpadded.append(time.perf_counter() - started)
        for reviews in (x_train, x_test):
            keras.utils.pad_sequences(reviews, maxlen=500)
        theirs.append(time.perf_counter() - started)
        started = time.perf_counter()
        load(experiment)
        ours.append(time.perf_counter() - started)
    ratios = [t / o for t, o in zip(theirs, ours, strict=True)]
    print(
        f"load_data and pad_sequences / load from the flat cache: {statistics.median(ratios):.0f} "
        f"(load_data alone {statistics.median(unpadded):.2f} s, padded "
        f"{statistics.median(theirs):.2f} s, ours padded {statistics.median(ours) * 1e3:.0f} ms)"
    )


def training_loop(rounds: int) -> None:
    """`fit` with our callback against plain `fit`, alternating on one traced model."""
    import keras

    from rnn_suite.data import load
    from rnn_suite.experiment import profile_experiment
    from rnn_suite.training import PhaseClock, Trainer, _Observer

    experiment = profile_experiment("smoke", corpus="imdb", cell="lstm")
    dataset = load(experiment)
    model = Trainer(experiment, dataset).model

    def fit(callbacks: list[keras.callbacks.Callback]) -> float:
        started = time.perf_counter()
        model.fit(
            dataset.x_train,
            dataset.y_train,
            batch_size=experiment.training.batch_size,
            validation_split=experiment.training.validation_split,
            verbose=0,
            callbacks=callbacks,
        )
        return time.perf_counter() - started

    fit([])
    ratios = []
    for number in range(4 * rounds):
        order = (False, True) if number % 2 else (True, False)
        seconds = {
            ours: fit([_Observer(experiment, 0, PhaseClock("first_step"), None)] if ours else [])
            for ours in order
        }
        ratios.append(seconds[True] / seconds[False])
    low, high = min(ratios), max(ratios)
    print(
        f"fit with our callback / plain fit: {statistics.median(ratios):.3f} "
        f"(median of {len(ratios)} pairs, {low:.3f} to {high:.3f})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    corpus_load(rounds)
    training_loop(rounds)
    whole_gate(rounds)


if __name__ == "__main__":
    main()
