"""rnn-suite: is it safe to upgrade? A benchmark and regression suite for recurrent networks on Keras.

Importing this imports neither TensorFlow nor Keras; `rnn_suite.training` and its neighbours do.
"""

from __future__ import annotations

from rnn_suite.errors import SuiteError
from rnn_suite.experiment import (
    CorpusConfig,
    Experiment,
    ModelConfig,
    TrainingConfig,
    profile_experiment,
)
from rnn_suite.results import SeedResult
from rnn_suite.verdicts import Outcome, Verdict

__all__ = [
    "CorpusConfig",
    "Experiment",
    "ModelConfig",
    "Outcome",
    "SeedResult",
    "SuiteError",
    "TrainingConfig",
    "Verdict",
    "profile_experiment",
]

__version__ = "0.1.0"
