"""The rules about files that released libraries wrote: the installed ones read them and go on from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import keras

from rnn_suite.checks.parts.machine import machine_is_at_fault
from rnn_suite.checks.parts.saved_models import (
    FILES,
    STEPS_DONE,
    Archive,
    archives,
    step,
    version_of,
    weights_in,
)
from rnn_suite.checks.parts.small_models import ARCHITECTURES, flat, outputs
from rnn_suite.findings import FLOAT32_EPSILON, UNCOMPARABLE, Finding, close, equal
from rnn_suite.oracle.functions import Array

_ROUNDING = 16 * FLOAT32_EPSILON
"""Releases add in other orders, and so do processors: 1 epsilon was measured between Keras 3.3 and 3.15."""


def files_of_releases_are_read(cell: str) -> Iterator[Finding]:
    """Hold weights and outputs against those that the writing libraries had."""
    for archive in archives():
        with archive.unpacked(cell) as (folder, numbers):
            for file in FILES:
                names = [f"{archive.name}, {file}, {what}" for what in ("weights", "outputs")]

                def asked(
                    path: Path = folder / file,
                    numbers: dict[str, Array] = numbers,
                    names: list[str] = names,
                ) -> Iterator[Finding]:
                    model = _loaded(path, cell)
                    which = path.name.partition(".")[0]
                    weights = weights_in(numbers, which)
                    yield equal(names[0], flat(model.get_weights()), flat(weights))
                    yield close(
                        names[1],
                        outputs(model, numbers["tokens"]),
                        numbers[f"{which} outputs"],
                        bound=_ROUNDING,
                        source="the writing library",
                    )

                yield from _kept_or_excused(archive, names, asked)


def training_goes_on_from_files_of_releases(cell: str) -> Iterator[Finding]:
    """Take the next step of Adam from a `.keras` file, along the same gradients as the writing libraries."""
    for archive in archives():
        with archive.unpacked(cell) as (folder, numbers):
            names = [
                f"{archive.name}, {what}" for what in ("steps done", "weights after the next step")
            ]

            def asked(
                folder: Path = folder,
                numbers: dict[str, Array] = numbers,
                names: list[str] = names,
            ) -> Iterator[Finding]:
                model = _loaded(folder / "classifier.keras", cell)
                yield equal(
                    names[0],
                    int(keras.ops.convert_to_numpy(model.optimizer.iterations)),
                    STEPS_DONE,
                )
                step(model, weights_in(numbers, "gradient"))
                yield close(
                    names[1],
                    flat(model.get_weights()),
                    flat(weights_in(numbers, "after the next step")),
                    bound=_ROUNDING,
                    source="the writing library",
                )

            yield from _kept_or_excused(archive, names, asked)


def _loaded(path: Path, cell: str) -> keras.Model:
    if not path.name.endswith(".weights.h5"):
        return keras.saving.load_model(path, safe_mode=True)
    model = ARCHITECTURES["classifier"].build(cell)
    model.load_weights(path)
    return model


def _kept_or_excused(
    archive: Archive, names: list[str], asked: Callable[[], Iterable[Finding]]
) -> Iterator[Finding]:
    """Give what `asked` finds under `names`, or one finding a name where the libraries refuse the file.

    Keras promises to read what older releases wrote, not what newer ones will. A newer file may be
    refused; where it is not, it has to be read rightly.
    """
    try:
        yield from list(asked())
    except Exception as error:
        if machine_is_at_fault(error):
            raise
        # Whatever the libraries raise is the finding.
        excused = archive.version > version_of(keras.__version__)
        for name in names:
            yield Finding(
                name=name,
                error=0.0 if excused else UNCOMPARABLE,
                bound=0.0,
                expected="read rightly or refused, for it is newer" if excused else "read",
                received=f"{type(error).__name__}: {error}"[:200],
            )


OLDER_FILES = (files_of_releases_are_read, training_goes_on_from_files_of_releases)
