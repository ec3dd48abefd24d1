"""One example of each verdict, from recorded numbers: `python tests/benchmarks/five_verdicts.py`.

The seeds 0 to 2 of the smoke baseline of an LSTM on IMDB are taken for a new run, as they are and moved up or
down, and held against all recorded seeds; then the same training step on a machine with other cores. The
outcomes are those of the gate's own code. Nothing here is a test.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rnn_suite.baselines import Baseline, Measurement, compare, load_baseline
from rnn_suite.questions.accuracy import ACCURACY, FIRST_LOOK_SEEDS
from rnn_suite.questions.step_time import STEP_TIME
from rnn_suite.verdicts import Verdict

FOLDER = Path("baselines") / "smoke" / "imdb"
ROOT = Path(__file__).parents[2]
CELL = "lstm"
MOVES = (0.0, -0.05, 0.03, -0.025)


def moved(baseline: Baseline, move: float) -> Measurement:
    """Return a run of the first recorded seeds whose accuracies are `move` higher."""
    old = baseline.measurement.measured
    first = slice(FIRST_LOOK_SEEDS)
    measured = replace(
        old,
        seeds=old.seeds[first],
        accuracy_fraction=tuple(value + move for value in old.accuracy_fraction[first]),
        last_epoch_accuracy_fraction=old.last_epoch_accuracy_fraction[first],
        test_loss=old.test_loss[first],
        last_epoch_test_loss=old.last_epoch_test_loss[first],
        history={name: seeds[first] for name, seeds in old.history.items()},
    )
    return replace(baseline.measurement, measured=measured)


def told(name: str, verdict: Verdict) -> str:
    return (
        f"{name}: {verdict.outcome}\n  Expected: {verdict.expected}\n  Received: {verdict.received}\n"
        f"  Next: {verdict.next_step}"
    )


def main() -> None:
    path = FOLDER / ACCURACY.name / f"{CELL}.json"
    baseline = load_baseline(ROOT / path, ACCURACY)
    for move in MOVES:
        (verdict,) = compare(ACCURACY, [(baseline, moved(baseline, move))])
        print(told(f"Accuracy of {CELL}, moved by {move:+.3f}", verdict))
    baseline = load_baseline(ROOT / FOLDER / STEP_TIME.name / f"{CELL}.json", STEP_TIME)
    old = baseline.measurement
    elsewhere = replace(old, environment=replace(old.environment, cores=16))
    (verdict,) = compare(STEP_TIME, [(baseline, elsewhere)])
    print(told(f"Step time of {CELL}, with 16 cores", verdict))


if __name__ == "__main__":
    main()
