"""Raw reviews, before any preparation: flat word ranks, where each review begins, and labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rnn_suite.results import CorpusIdentity


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Reviews laid end to end: review `i` is `tokens[offsets[i]:offsets[i + 1]]`."""

    tokens: npt.NDArray[np.int32]
    """`int32[tokens]`, word ranks; 1 is the most frequent word, no start token, no offset."""
    offsets: npt.NDArray[np.int64]
    """`int64[reviews + 1]`, from 0 to the number of tokens, never falling."""
    labels: npt.NDArray[np.int64]
    """`int64[reviews]`, 0 negative, 1 positive."""

    def __len__(self) -> int:
        """Return the number of reviews."""
        return len(self.labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviews:
    """Both splits of a corpus and the identity that results on it are recorded under."""

    train: Split
    test: Split
    identity: CorpusIdentity


def identify(name: str, train: Split, test: Split, *, sha256: str) -> CorpusIdentity:
    """Return the identity of the reviews in `train` and `test`, whose source has the hash `sha256`.

    The token counts add one start token a review, whatever a configuration asks for, so that they
    can be held against published figures.
    """
    return CorpusIdentity(
        name=name,
        train_reviews=len(train),
        train_tokens=len(train.tokens) + len(train),
        test_reviews=len(test),
        test_tokens=len(test.tokens) + len(test),
        sha256=sha256,
    )
