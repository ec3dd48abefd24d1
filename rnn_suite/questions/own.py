"""What is asked of a user's own model besides its metric: size, data, repeats, its file, and its step time.

The user's code is not the suite's to judge. A model that did not repeat or could not be saved when its
baseline was recorded passes as long as that is all, with a note; what was kept then has to be kept now.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from rnn_suite.own.model import OwnModel
from rnn_suite.questions.exact import PARAMETERS, DatasetGate, judge_arrays
from rnn_suite.questions.question import Pair, Question, SameCorpus, each
from rnn_suite.questions.step_time import STEP_TIME
from rnn_suite.verdicts import Judgement, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayDigests:
    """Dtype, shape and hash of each array that `data()` returned."""

    arrays: dict[str, str]
    """By name, such as `x_train`, or `x_train.tokens` where that is a dict."""

    def __post_init__(self) -> None:
        if not self.arrays:
            raise ValueError("expected one array or more, received none")


def _judge_data(pair: Pair) -> Judgement:
    old: dict[str, str] = pair.old.arrays
    new: dict[str, str] = pair.new.arrays
    differing = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    told = [f"{n}: {_short(old.get(n))} / {_short(new.get(n))}" for n in differing]
    return judge_arrays(
        list(old),
        differing,
        pair.gate,
        told=f"(baseline / now): {'; '.join(told)}",
        advice="if you changed the data, record anew with --update-baselines; if not, the upgrade changed "
        "how data() prepares it: look at padding, vocabulary, dtypes and random draws",
    )


def _short(digest: str | None) -> str:
    """Return dtype, shape and the first digits of the hash, or that there is no such array."""
    return "none" if digest is None else digest.partition(" sha256 ")[0] + f" {digest[-64:][:8]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """Two short runs from one seed: both models' first weights, and the losses of their first steps."""

    same_initial_weights: bool
    first: tuple[float, ...]
    """Keras's running mean of the loss after each step."""
    second: tuple[float, ...]
    """The same from the same seed once more."""

    def __post_init__(self) -> None:
        if not self.first or len(self.first) != len(self.second):
            raise ValueError(
                f"expected as many losses twice, received {len(self.first)} and {len(self.second)}"
            )

    @property
    def difference(self) -> float:
        """Largest difference of two losses, as a fraction of the larger."""
        return max(
            abs(a - b) / (max(abs(a), abs(b)) or 1.0)
            for a, b in zip(self.first, self.second, strict=True)
        )

    def fault(self, gate: RepeatGate) -> str:
        """Return what is not repeated, or nothing."""
        if not self.same_initial_weights:
            return "other initial weights from the same seed"
        if self.difference > gate.max_difference:
            return (
                f"losses of the first {len(self.first)} steps differ by up to {self.difference:.2g}"
            )
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatGate:
    """How alike two runs from one seed must be."""

    max_difference: float = 1e-3
    """Of losses, relative: far above what threads and GPUs round differently in ten steps, and far below
    what another batch order, other dropout or other weights do."""

    def __post_init__(self) -> None:
        _check_limit("max_difference", self.max_difference)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedAndLoaded:
    """The trained model written to a `.keras` file and read back in safe mode."""

    error: str
    """Why it could not be saved or loaded; nothing where it could."""
    same_weights: bool
    output_difference: float
    """Norm of the difference of both models' outputs over the norm of the outputs."""

    def fault(self, gate: SavingGate) -> str:
        """Return what the loaded model lacks, or nothing."""
        if self.error:
            return self.error
        if not self.same_weights:
            return "other weights after loading"
        if self.output_difference > gate.max_difference:
            return f"outputs after loading differ by {self.output_difference:.2g}"
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavingGate:
    """How alike the outputs of a saved and loaded model must be."""

    max_difference: float = 1e-5
    """Relative; a few times what float32 rounds when sums are taken in another order."""

    def __post_init__(self) -> None:
        _check_limit("max_difference", self.max_difference)


def _check_limit(name: str, value: float) -> None:
    if not 0 <= value < 1:
        raise ValueError(f"{name} must lie from 0 to below 1, received {value}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """Words for a promise that was kept or not when the baseline was recorded."""

    expected: str
    received: str
    advice: str

    def judge(self, pair: Pair) -> Judgement:
        """Return "regressed" where it was kept and is no more, "improved" the other way round."""
        was, now = pair.old.fault(pair.gate), pair.new.fault(pair.gate)
        if now and not was:
            outcome, next_step = Outcome.REGRESSED, self.advice
        elif was and not now:
            outcome = Outcome.IMPROVED
            next_step = (
                "it was not so when recorded; record anew with --update-baselines to hold it"
            )
        else:
            outcome, next_step = Outcome.PASS, "nothing"
        return Judgement(
            outcome=outcome,
            expected=self.expected + (f"; when recorded: {was}" if was else ""),
            received=now or self.received,
            next_step=next_step,
            baseline="no" if was else "yes",
            now="no" if now else "yes",
            interval=f"within {pair.gate.max_difference:g}",
            notes=(f"not so when recorded either: {now}",) if now and was else (),
        )


OWN_PARAMETERS = replace(PARAMETERS, name="own_parameters", experiment=OwnModel)

OWN_DATA = Question(
    name="own_data",
    measured=ArrayDigests,
    gate=DatasetGate,
    propose_gate=lambda _measured: DatasetGate(allowed_differing_arrays=0),
    judge=each(_judge_data),
    # The arrays are what is asked about: other ones are an answer.
    same_corpus=SameCorpus.ANY,
    experiment=OwnModel,
)

OWN_REPEAT = Question(
    name="own_repeat",
    measured=Repeats,
    gate=RepeatGate,
    propose_gate=lambda _measured: RepeatGate(),
    judge=each(
        _Kept(
            expected="the same weights and losses from the same seed",
            received="the same",
            advice="look for draws that no longer follow keras.utils.set_random_seed: initializers, dropout, "
            "shuffling, layers of your own",
        ).judge
    ),
    same_corpus=SameCorpus.ANY,
    experiment=OwnModel,
)

OWN_SAVING = Question(
    name="own_saving",
    measured=SavedAndLoaded,
    gate=SavingGate,
    propose_gate=lambda _measured: SavingGate(),
    judge=each(
        _Kept(
            expected="the same weights and outputs from the saved and loaded model",
            received="the same",
            advice="save and load the model by hand under both versions; layers of your own need "
            "keras.saving.register_keras_serializable and a get_config that says everything",
        ).judge
    ),
    same_corpus=SameCorpus.ANY,
    experiment=OwnModel,
)

OWN_STEP_TIME = replace(
    # Rows of another length take another time.
    STEP_TIME,
    name="own_step_time",
    experiment=OwnModel,
    same_corpus=SameCorpus.FILE,
)
