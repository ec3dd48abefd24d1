"""Corpora: `load(experiment)` gives the arrays that a model is trained and tested on.

Nothing here imports TensorFlow or Keras: the preparation is NumPy's, and a test holds it against
Keras's own.
"""

from __future__ import annotations

from rnn_suite.data.corpora import CORPORA, Corpus, CorpusChoice, choose_corpus, load
from rnn_suite.data.dataset import Dataset

__all__ = ["CORPORA", "Corpus", "CorpusChoice", "Dataset", "choose_corpus", "load"]
