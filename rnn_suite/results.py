"""What was measured: frozen, raw, with units in the names. Means and intervals are derived, never stored."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusIdentity:
    """Which reviews a result was measured on.

    The counts agree between two files that hold the same reviews in another order; `sha256` does not.
    It is taken of the source and not of what was read from it: a fault in the reading must show.
    """

    name: str
    """Name of the corpus."""
    train_reviews: int
    """Reviews in the whole training split."""
    train_tokens: int
    """Tokens in the whole training split, each review's start token counted."""
    test_reviews: int
    """Reviews in the whole test split."""
    test_tokens: int
    """Tokens in the whole test split, each review's start token counted."""
    sha256: str
    """Hash of the corpus file; of a generated corpus, of its generator's version and arguments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Where a result was measured: libraries, machine and settings."""

    python: str
    tensorflow: str
    keras: str
    numpy: str
    system: str
    """Operating system and processor architecture, such as `Linux x86_64`."""
    processor: str
    """Processor model as the system names it."""
    cores: int
    """Processor cores this process may run on."""
    memory_gib: int
    """Memory of the machine, rounded to GiB."""
    accelerator: str
    """Accelerator model, or `none`."""
    threads: int
    """Threads TensorFlow may use inside one operation; 0 leaves the choice to TensorFlow."""
    onednn: str
    """Value of `TF_ENABLE_ONEDNN_OPTS`, or `default`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseSeconds:
    """Wall time of one training run, divided without gaps: the phases add up to the whole."""

    build: float
    """Making the model, or giving a traced one fresh weights and a fresh optimizer."""
    first_step: float
    """From the call of `fit` to the end of its first step: data adapter, tracing, compilation."""
    steady_steps: float
    """All later training steps."""
    validation: float
    """Evaluation of the held-out reviews after each epoch."""
    evaluation: float
    """Evaluation of the test reviews."""
    other: float
    """Everything between: callbacks, copies of the best weights, the end of `fit`."""

    @property
    def total(self) -> float:
        """Seconds from the start of the build to the end of the last evaluation."""
        return (
            self.build
            + self.first_step
            + self.steady_steps
            + self.validation
            + self.evaluation
            + self.other
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedResult:
    """One model trained from one seed and tested."""

    seed: int
    history: dict[str, tuple[float, ...]]
    """Keras's per-epoch training and validation figures, one value an epoch."""
    best_epoch: int
    """Epoch with the lowest validation loss, counted from 1."""
    best_test_loss: float
    """Test loss with the weights of the best epoch."""
    best_test_metric: float
    """Test metric (accuracy as a fraction) with the weights of the best epoch."""
    last_test_loss: float
    """Test loss with the weights of the last epoch."""
    last_test_metric: float
    """Test metric (accuracy as a fraction) with the weights of the last epoch."""
    parameters: int
    """Trainable parameters of the model."""
    import_seconds: float | None
    """Importing TensorFlow and Keras in this process; None if that was not the suite's doing."""
    steady_step_count: int
    """Training steps that `seconds.steady_steps` covers."""
    seconds: PhaseSeconds
    """Where the wall time went."""
    peak_rss_bytes: int
    """Highest resident memory of the process so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTimes:
    """Seconds of single training steps in one process; one process is one replicate."""

    warmup_seconds: tuple[float, ...]
    """The first steps, tracing included, kept apart."""
    step_seconds: tuple[float, ...]
    """One value a timed step."""

    def __post_init__(self) -> None:
        if not self.step_seconds or not all(
            0 < seconds < float("inf") for seconds in self.step_seconds
        ):
            raise ValueError("expected one or more finite step times above 0")
