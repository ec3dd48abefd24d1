"""The baselines as a Markdown table: `python -m rnn_suite.report.results_table [baselines]`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, stdev

from rnn_suite.baselines import Baseline, load_baseline
from rnn_suite.errors import BaselineError
from rnn_suite.questions import question_named

_HEADINGS = (
    "profile",
    "corpus",
    "cell",
    "seeds",
    "test accuracy, best epoch",
    "test accuracy, last epoch",
    "test loss, last epoch",
    "fastest step",
)


def results_table(root: Path) -> list[str]:
    """Return the lines of a Markdown table with a row for each accuracy baseline below `root`.

    The best epoch is the one with the lowest validation loss. Means come with the standard deviation
    and the range over seeds.

    Raises:
        BaselineError: if there is none, or one is damaged.
    """
    accuracy = question_named("accuracy")
    paths = sorted(root.glob(f"*/*/{accuracy.name}/*.json"))
    if not paths:
        raise BaselineError(f"{root}: holds no baseline of {accuracy.name}; name another folder")
    rows = [_row(load_baseline(path, accuracy)) for path in paths]
    lines = [_HEADINGS, ("---",) * len(_HEADINGS), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]


def machines(root: Path) -> list[str]:
    """Return a line for each machine and set of versions that the baselines were measured on."""
    found = {
        (
            f"{e.processor}, cores {e.cores}, memory {e.memory_gib} GiB, accelerator {e.accelerator}; "
            f"Python {e.python}, TensorFlow {e.tensorflow}, Keras {e.keras}, NumPy {e.numpy}"
        )
        for path in root.glob("*/*/*/*.json")
        for e in [load_baseline(path, question_named(path.parent.name)).measurement.environment]
    }
    return sorted(found)


def _row(baseline: Baseline) -> tuple[str, ...]:
    experiment, measured = baseline.measurement.trained, baseline.measurement.measured
    return (
        experiment.profile,
        experiment.corpus.name,
        experiment.cell,
        str(len(measured.seeds)),
        _spread(measured.accuracy_fraction),
        _spread(measured.last_epoch_accuracy_fraction),
        _spread(measured.last_epoch_test_loss),
        _step(baseline),
    )


def _spread(values: Sequence[float]) -> str:
    return f"{fmean(values):.3f} (sd {stdev(values):.3f}, {min(values):.3f} to {max(values):.3f})"


def _step(baseline: Baseline) -> str:
    question = question_named("step_time")
    path = baseline.path.parent.parent / question.name / baseline.path.name
    if not path.exists():
        return "not recorded"
    return f"{min(load_baseline(path, question).measurement.measured.step_seconds) * 1e3:.0f} ms"


def main(arguments: Sequence[str]) -> None:
    """Print the table and the machines of the baselines in the folder named, or in `baselines`."""
    root = Path(arguments[0] if arguments else "baselines")
    print("\n".join(results_table(root)))
    print("\nMeasured on " + "; and on ".join(machines(root)) + ".")


if __name__ == "__main__":
    main(sys.argv[1:])
