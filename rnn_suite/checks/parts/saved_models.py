"""Small models as released libraries saved them, kept in `releases`, and the recipe that makes them.

`python -m rnn_suite.checks.parts.saved_models FOLDER` writes the archive of the installed libraries into
FOLDER; `tox -e artifacts-tf216` and its neighbours do so in fresh environments. It holds for each cell

    classifier.keras, .h5 and .weights.h5   with an optimizer two steps on
    variant.keras                           of any length, Bidirectional, with options
    numbers.npz                             inputs, and what the writing libraries made of them

Nothing in it was trained: weights and gradients come from `numpy.random.RandomState`. The files are read in
Keras's safe mode and without pickle.
"""

from __future__ import annotations

import re
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from rnn_suite.checks.parts.parity import Draws
from rnn_suite.checks.parts.small_models import ARCHITECTURES, compiled, feed, outputs, with_weights
from rnn_suite.models import CELLS
from rnn_suite.oracle.functions import Array

FILES = ("classifier.keras", "classifier.h5", "classifier.weights.h5", "variant.keras")
VARIANT = "bidirectional"
STEPS_DONE = 2
"""Optimizer steps that the classifier has behind it."""
_SEED = 1997
_KEPT = resources.files("rnn_suite.checks") / "releases"


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """What one pair of libraries wrote."""

    name: str
    """The pair, as "keras 3.3.3"; one archive a Keras."""
    file: str

    @property
    def version(self) -> tuple[int, ...]:
        """The Keras that wrote it."""
        return version_of(self.name)

    @contextmanager
    def unpacked(self, cell: str) -> Iterator[tuple[Path, dict[str, Array]]]:
        """Give a folder with the files of `cell`, and its numbers by name."""
        kept = _KEPT / self.file
        with (
            kept.open("rb") as packed,
            zipfile.ZipFile(packed) as archive,
            tempfile.TemporaryDirectory() as folder,
        ):
            members = [name for name in archive.namelist() if name.startswith(f"{cell}/")]
            archive.extractall(folder, members)
            with np.load(Path(folder, cell, "numbers.npz"), allow_pickle=False) as numbers:
                by_name = dict(numbers)
            yield Path(folder, cell), by_name


def archives() -> list[Archive]:
    """Return the archives that are kept, oldest Keras first."""
    found = [
        Archive(name=f"keras {match[1]}", file=entry.name)
        for entry in _KEPT.iterdir()
        if (match := re.fullmatch(r"keras-([\d.]+)-tensorflow-[\d.]+\.zip", entry.name))
    ]
    return sorted(found, key=lambda archive: archive.version)


def version_of(text: str) -> tuple[int, ...]:
    """Return the release that a version names, as integers: (3, 15, 1) for "3.15.1" and "3.15.1.dev2"."""
    match = re.search(r"\d+(\.\d+){0,2}", text)
    if match is None:
        raise ValueError(f"expected a version such as 3.15.1, received {text!r}")
    return tuple(int(part) for part in match[0].split("."))


def weights_in(numbers: dict[str, Array], name: str) -> list[Array]:
    """Return the arrays that were saved as `name` 0, 1, ..."""
    count = sum(re.fullmatch(rf"{name} \d+", key) is not None for key in numbers)
    return [numbers[f"{name} {number}"] for number in range(count)]


def step(model: keras.Model, gradients: list[Array]) -> None:
    """Let the optimizer of `model` take one step along `gradients`."""
    tensors = [keras.ops.convert_to_tensor(gradient) for gradient in gradients]
    model.optimizer.apply_gradients(zip(tensors, model.trainable_variables, strict=True))


def write_archive(folder: Path) -> Path:
    """Write the archive of the installed libraries into `folder` and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"keras-{keras.__version__}-tensorflow-{tf.__version__}.zip"
    with (
        tempfile.TemporaryDirectory() as scratch,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
    ):
        for cell in CELLS:
            _write_cell(cell, Path(scratch))
            for name in (*FILES, "numbers.npz"):
                # A fixed date: the same libraries give nearly the same archive.
                member = zipfile.ZipInfo(f"{cell}/{name}")
                member.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(member, Path(scratch, name).read_bytes())
    return path


def _write_cell(cell: str, folder: Path) -> None:
    draws = Draws(_SEED)
    tokens, _ = feed(draws)
    numbers = {"tokens": tokens}

    classifier = compiled(with_weights(ARCHITECTURES["classifier"].build(cell), draws))
    shapes = [variable.shape for variable in classifier.trainable_variables]
    for _ in range(STEPS_DONE):
        step(classifier, draws.weights(shapes))
    classifier.save(folder / "classifier.keras")
    classifier.save(folder / "classifier.h5")
    classifier.save_weights(folder / "classifier.weights.h5")
    numbers["classifier outputs"] = outputs(classifier, tokens)
    _put(numbers, "classifier", classifier.get_weights())
    gradients = draws.weights(shapes)
    _put(numbers, "gradient", gradients)
    step(classifier, gradients)
    _put(numbers, "after the next step", classifier.get_weights())

    variant = with_weights(ARCHITECTURES[VARIANT].build(cell), draws)
    variant.save(folder / "variant.keras")
    numbers["variant outputs"] = outputs(variant, tokens)
    _put(numbers, "variant", variant.get_weights())
    np.savez(folder / "numbers.npz", **numbers)  # type: ignore[arg-type]


def _put(numbers: dict[str, Array], name: str, arrays: list[Array]) -> None:
    numbers.update({f"{name} {number}": array for number, array in enumerate(arrays)})


if __name__ == "__main__":
    print(write_archive(Path(sys.argv[1])))
