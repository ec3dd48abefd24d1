"""Error rates of an own model's metric: `python tests/benchmarks/own_metric_rates.py [--runs N]`.

The recorded raw seeds of the smoke baselines stand for a user's model: the test accuracy of the last epoch is
the score, its test loss the error. Each run draws 20 of them, with replacement, for a baseline whose gate is
the one it proposes, and 5 to 15 others, which are made worse by a share of what that gate allows. One model
is gated; looks and decision are the gate's own code. Nothing here is a test.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy import stats

from rnn_suite.baselines import Baseline, Measurement, Recorded, load_baseline
from rnn_suite.looks import decide_in_looks
from rnn_suite.own_model import FIRST_NEW_SEED, OwnModel
from rnn_suite.questions.accuracy import ACCURACY, LOOKS
from rnn_suite.questions.own_metric import FIRST_LOOK_SEEDS, Errors, Scores, metric_question
from rnn_suite.verdicts import Outcome

ROOT = Path(__file__).parents[2] / "baselines"
BASELINE_SEEDS = 20
SHARES = (0.0, 0.5, 1.0, 1.5)
"""True worsenings, as shares of what the gate allows."""

UNTRAINED = {"accuracy": 0.5, "loss": float(np.log(2))}
"""What a model of two classes gives that has learnt nothing."""


def own_model(metric: str) -> OwnModel:
    return OwnModel(
        name="simulated",
        epochs=1,
        batch_size=32,
        metric=metric,
        lower_is_better=metric == "loss",
        seeds=tuple(range(FIRST_NEW_SEED, FIRST_NEW_SEED + FIRST_LOOK_SEEDS)),
    )


def measured(own: OwnModel, values: np.ndarray) -> Scores | Errors:
    """Return the first values, one for each of the model's seeds."""
    kind, values = (Errors, values) if own.lower_is_better else (Scores, np.clip(values, 0, 1))
    count = len(own.seeds)
    return kind(
        metric=own.metric,
        seeds=own.seeds,
        value=tuple(values[:count].tolist()),
        untrained=(UNTRAINED[own.metric],) * count,
    )


def simulate(
    own: OwnModel, recorded: Baseline, values: np.ndarray, share: float, random: np.random.Generator
) -> Outcome:
    """Return the outcome of one run whose metric is truly worse by `share` of what is allowed."""
    question = metric_question(own, first_look_seeds=FIRST_LOOK_SEEDS)
    old = replace(own, seeds=tuple(range(BASELINE_SEEDS)))
    sample = measured(old, random.choice(values, BASELINE_SEEDS))
    gate = question.propose_gate(sample)
    new = random.choice(values, FIRST_LOOK_SEEDS * LOOKS)
    if own.lower_is_better:
        new = new * (1 + share * gate.allowed_rise_fraction)
    else:
        new = new - share * gate.allowed_drop_fraction

    def of(seeds: OwnModel, found: Scores | Errors) -> Measurement:
        return replace(recorded.measurement, experiment=seeds, measured=found)

    baseline = Baseline(
        path=Path("simulated.json"),
        measurement=of(old, sample),
        gate=gate,
        recorded=Recorded(date="2026-01-01", commit="unknown"),
    )
    (verdict,) = decide_in_looks(
        question, [(baseline, own)], lambda seeds: of(seeds, measured(seeds, new))
    )
    return verdict.outcome


def exact_interval(hits: int, runs: int) -> str:
    found = stats.binomtest(hits, runs).proportion_ci()
    return f"{hits / runs:.1%} ({found.low:.1%} to {found.high:.1%})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    options = parser.parse_args()
    random = np.random.default_rng(0)
    print("| own metric | truly worse by | red | passed | inconclusive |\n|---|---|---|---|---|")
    for cell in ("lstm", "gru"):
        recorded = load_baseline(ROOT / f"smoke/imdb/accuracy/{cell}.json", ACCURACY)
        found = recorded.measurement.measured
        drawn = {
            "accuracy": found.last_epoch_accuracy_fraction,
            "loss": found.last_epoch_test_loss,
        }
        for metric, values in drawn.items():
            for share in SHARES:
                # False alarms are rare, so that it takes more runs to count them.
                runs = options.runs // 4 if share else options.runs
                counts = Counter(
                    simulate(own_model(metric), recorded, np.array(values), share, random)
                    for _ in range(runs)
                )
                passed = counts[Outcome.PASS] + counts[Outcome.IMPROVED]
                hits = (counts[Outcome.REGRESSED], passed, counts[Outcome.INCONCLUSIVE])
                worse = f"{share:g} of what is allowed" if share else "nothing"
                print(
                    f"| {metric} of {cell} | {worse} | "
                    f"{' | '.join(exact_interval(count, runs) for count in hits)} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
