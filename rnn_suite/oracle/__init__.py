"""The equations in NumPy: an implementation of recurrent classifiers that is independent of Keras.

It is written to be read beside a textbook, not to be fast. Arrays may be of any float dtype and all
arithmetic stays in the dtype of the weights: float64 is the truth that the libraries are held to, float32
shows how far honest rounding alone leads away from it.

Layers keep Keras's order and layout of weights, so that arrays can be handed over as they are.
"""

from __future__ import annotations

from rnn_suite.oracle.cells import GRU, LSTM, Cell, Dropout, SimpleRNN, make_cell
from rnn_suite.oracle.functions import ACTIVATIONS, Activation
from rnn_suite.oracle.layers import Bidirectional, Dense, Embedding, Layer, Recurrent
from rnn_suite.oracle.network import Network
from rnn_suite.oracle.optimizers import SGD, Adam
from rnn_suite.oracle.unroll import Unrolled, unroll, unroll_back

__all__ = [
    "ACTIVATIONS",
    "GRU",
    "LSTM",
    "SGD",
    "Activation",
    "Adam",
    "Bidirectional",
    "Cell",
    "Dense",
    "Dropout",
    "Embedding",
    "Layer",
    "Network",
    "Recurrent",
    "SimpleRNN",
    "Unrolled",
    "make_cell",
    "unroll",
    "unroll_back",
]
