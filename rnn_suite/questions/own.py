"""What is asked of a user's own model besides its data and its metric: size, repeats, its file, step time.

The user's code is not the suite's to judge. A model that did not repeat or could not be saved when its
baseline was recorded passes as long as it is the same fault, and no worse, with a note; another fault is
a regression, and so is any where there was none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from rnn_suite.own_model import OwnModel
from rnn_suite.questions.exact import PARAMETERS
from rnn_suite.questions.question import Limits, Pair, Question, SameCorpus, each
from rnn_suite.questions.step_time import STEP_TIME
from rnn_suite.verdicts import Judgement, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A promise that is not kept."""

    kind: str
    """In what; faults of two kinds are never the same."""
    told: str
    size: float = 0.0
    """How far off, where that is a number."""

    def is_that_of(self, recorded: Fault | None, *, growth: float) -> bool:
        """Return whether it is `recorded` and at most `growth` times its size."""
        return (
            recorded is not None
            and self.kind == recorded.kind
            and self.size <= growth * recorded.size
        )


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

    def fault(self, gate: RepeatGate) -> Fault | None:
        """Return what is not repeated; other weights have other losses anyway."""
        if not self.same_initial_weights:
            return Fault(kind="weights", told="other initial weights from the same seed")
        if self.difference > gate.max_difference:
            told = (
                f"losses of the first {len(self.first)} steps differ by up to {self.difference:.2g}"
            )
            return Fault(kind="losses", told=told, size=self.difference)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatGate(Limits):
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

    def fault(self, gate: SavingGate) -> Fault | None:
        """Return what the loaded model lacks; of errors the kind counts, since releases word them anew."""
        if self.error:
            return Fault(kind=f"error {self.error.partition(':')[0]}", told=self.error)
        off = self.output_difference if self.output_difference > gate.max_difference else 0.0
        outputs = f"outputs after loading differ by {off:.2g}"
        if not self.same_weights:
            told = "other weights after loading" + (f"; {outputs}" if off else "")
            return Fault(kind="weights", told=told, size=off)
        if off:
            return Fault(kind="outputs", told=outputs, size=off)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class SavingGate(Limits):
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
    growth: float
    """How many times the recorded fault one may be to be the same."""

    def judge(self, pair: Pair) -> Judgement:
        """Return "regressed" where a fault was not there, "improved" where one that was is gone."""
        was: Fault | None = pair.old.fault(pair.gate)
        now: Fault | None = pair.new.fault(pair.gate)
        if now and not now.is_that_of(was, growth=self.growth):
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
            expected=self.expected + (f"; when recorded: {was.told}" if was else ""),
            received=now.told if now else self.received,
            next_step=next_step,
            baseline=f"no: {was.kind}" if was else "yes",
            now=f"no: {now.kind}" if now else "yes",
            interval=f"within {pair.gate.max_difference:g}",
            notes=(f"not so when recorded either: {now.told}",)
            if now and outcome is Outcome.PASS
            else (),
        )


OWN_PARAMETERS = replace(PARAMETERS, name="own_parameters", experiment=OwnModel)

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
            # Draws that follow no seed are as far apart as chance will have it.
            growth=10,
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
            growth=2,
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
