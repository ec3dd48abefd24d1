"""Generated reviews in which the order of words decides: no file, no network, under a second.

A review is background words (Zipf-Mandelbrot frequencies, log-normal lengths like IMDB's) with up
to `STATEMENTS` statements near its end. A statement is one cue word, positive or negative, and one
negator, `DISTANCE` words apart. Negator first turns the cue round ("not .. good"); cue first leaves
it as it is ("good .. not"). Read in order, all statements of a review agree: its sentiment.

What a bag of words can know: every statement has one negator and one cue whichever way round it
stands, so the counts tell of the sentiment only how many cues are positive. A cue tells the truth
with probability 1 - `FLIPPED_FRACTION`, each independently, so no function of the counts, linear or
not, does better than a majority vote of the cues: `BAG_OF_WORDS_CAP`. That small leak is there on
purpose: it gives the first steps of training a slope. A layer that carries order can reach
`BEST_ACCURACY`; the other labels are wrong. A review too short for all statements has fewer, at
least one, which lowers the cap for it and nothing else. Both bounds ask for `maxlen` of at least
`STATEMENTS * slot_length(DISTANCE)`, so that no statement is cut, and for a vocabulary that holds
the cue words.
"""

from __future__ import annotations

import hashlib
import math

import numpy as np
import numpy.typing as npt

from rnn_suite.data.dataset import Dataset
from rnn_suite.data.preparation import prepare
from rnn_suite.data.reviews import Reviews, Split, identify
from rnn_suite.experiment import CorpusConfig

GENERATOR_VERSION = 1
"""Raised by whoever changes what is generated, so that old baselines are no longer comparable."""
DEFAULT_REVIEWS = 25_000
"""Reviews in a split of which the configuration asks for all."""
STATEMENTS = 4
"""Statements in a review that has room for them."""
DISTANCE = 3
"""Words from the first to the second word of a statement."""
FLIPPED_FRACTION = 0.35
"""Fraction of statements whose negator stands first."""
LABEL_NOISE = 0.05
"""Fraction of labels that are wrong."""

# Word ranks: as frequent as such words are in IMDB, and inside any vocabulary worth training on.
NEGATOR = 30
POSITIVE_CUES = 40
NEGATIVE_CUES = 44
CUES = 4
"""Cue words of each polarity, at the ranks from `POSITIVE_CUES` and `NEGATIVE_CUES` on."""

_WORDS = 30_000
_MIN_WORDS, _MAX_WORDS = 11, 2_500  # IMDB's shortest and, nearly, longest review
_LOG_MEAN, _LOG_SD = 5.26, 0.658  # of the words a review: mean 239, standard deviation 176
_TABLE = 2**20


def _majority_is_right() -> float:
    """Return the probability that most cues of a review tell the truth; a tie is a coin's toss."""
    total = 0.0
    for right in range(STATEMENTS + 1):
        wrong = STATEMENTS - right
        chance = math.comb(STATEMENTS, right) * (1 - FLIPPED_FRACTION) ** right
        chance *= FLIPPED_FRACTION**wrong
        total += chance * (1.0 if right > wrong else 0.5 if right == wrong else 0.0)
    return total


BEST_ACCURACY = 1 - LABEL_NOISE
"""Accuracy, as a fraction, of the rule that made the labels: 0.95."""
BAG_OF_WORDS_CAP = LABEL_NOISE + (1 - 2 * LABEL_NOISE) * _majority_is_right()
"""Highest expected accuracy, as a fraction, of any function of word counts: 0.696."""


def load(config: CorpusConfig) -> Dataset:
    """Return generated reviews, prepared by the code that prepares IMDB.

    `shuffle_seed` seeds everything. Each split has as many reviews as `config` asks for, or 25,000.

    Raises:
        CorpusError: never for a valid configuration; `prepare` checks the counts.
    """
    train = generate(config.train_samples or DEFAULT_REVIEWS, seed=config.shuffle_seed, stream=0)
    test = generate(config.test_samples or DEFAULT_REVIEWS, seed=config.shuffle_seed, stream=1)
    # Not of the words: if another NumPy draws others, that must show as changed arrays.
    source = f"standin {GENERATOR_VERSION} {config.shuffle_seed} {len(train)} {len(test)}"
    sha256 = hashlib.sha256(source.encode()).hexdigest()
    reviews = Reviews(
        train=train, test=test, identity=identify("standin", train, test, sha256=sha256)
    )
    return prepare(reviews, config, source=f"stand-in generated from seed {config.shuffle_seed}")


def slot_length(distance: int) -> int:
    """Return the words set aside for one statement.

    Wide enough that words of two statements are always further apart than `distance`.
    """
    return 2 * distance + 4


def generate(reviews: int, *, seed: int, stream: int, distance: int = DISTANCE) -> Split:
    """Return `reviews` raw reviews; the same for the same arguments, whatever the NumPy version.

    Args:
        reviews: how many.
        seed: 0 to 2**32 - 1.
        stream: tells splits with one seed apart.
        distance: words from the first to the second word of a statement, 1 or more.
    """
    # RandomState, since NumPy has frozen its streams; those of Generator may change.
    random = np.random.RandomState([seed, stream])
    slot = slot_length(distance)
    words = random.lognormal(_LOG_MEAN, _LOG_SD, reviews).astype(np.int64)
    lengths = np.clip(words, max(_MIN_WORDS, slot), _MAX_WORDS)
    offsets = np.zeros(reviews + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    tokens = _background(int(offsets[-1]), random)

    def draw(low: int, high: int) -> npt.NDArray[np.int64]:
        return random.randint(low, high, (reviews, STATEMENTS), dtype=np.int64)

    sentiment = random.randint(0, 2, reviews, dtype=np.int64)
    negator_first = random.random_sample((reviews, STATEMENTS)) < FLIPPED_FRACTION
    cue_is_positive = (sentiment[:, None] == 1) ^ negator_first
    cue = np.where(cue_is_positive, POSITIVE_CUES, NEGATIVE_CUES) + draw(0, CUES)

    # Slots are counted from the end, the part of a review that truncation keeps.
    slots = np.arange(1, STATEMENTS + 1) * slot
    first = offsets[1:, None] - slots + draw(0, slot - 2 * distance)
    fits = slots <= lengths[:, None]
    tokens[first[fits]] = np.where(negator_first, NEGATOR, cue)[fits]
    tokens[first[fits] + distance] = np.where(negator_first, cue, NEGATOR)[fits]

    wrong = random.random_sample(reviews) < LABEL_NOISE
    return Split(tokens=tokens, offsets=offsets, labels=np.where(wrong, 1 - sentiment, sentiment))


def _background(count: int, random: np.random.RandomState) -> npt.NDArray[np.int32]:
    """Return `count` word ranks with weights 1 / (rank + 2.7), cue words and negator left out."""
    weights = np.zeros(_WORDS + 1, np.int64)
    # Integers, so that no rounding of another machine or version moves a boundary.
    weights[1:] = 10**12 // (10 * np.arange(1, _WORDS + 1) + 27)
    weights[NEGATOR] = 0
    weights[POSITIVE_CUES : POSITIVE_CUES + CUES] = 0
    weights[NEGATIVE_CUES : NEGATIVE_CUES + CUES] = 0
    upto = np.cumsum(weights)
    at = np.arange(_TABLE) * int(upto[-1]) // _TABLE
    table = np.searchsorted(upto, at, side="right").astype(np.int32)
    return table[random.randint(0, _TABLE, count, dtype=np.int64)]
