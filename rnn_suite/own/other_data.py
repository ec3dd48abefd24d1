"""What a verdict says that cannot be given because the user's data is not the baseline's."""

from __future__ import annotations

from dataclasses import replace

from rnn_suite.baselines import Measurement, incomparable_fields
from rnn_suite.questions import Question
from rnn_suite.questions.own_data import ArrayDigests, other_arrays
from rnn_suite.results import CorpusIdentity
from rnn_suite.verdicts import Verdict

_OLD_BESIDE_NEW = "(baseline / now)"

_NAMED_AT_MOST = 4
"""Arrays that a cell of a table has room for."""

_COUNTED = {
    "train_reviews": "training rows",
    "train_tokens": "entries of x_train",
    "test_reviews": "test rows",
    "test_tokens": "entries of x_test",
}
"""What an identity counts, as a user with an own model calls it."""


def in_words_of_own_data(
    verdict: Verdict,
    question: Question,
    old: Measurement,
    new: Measurement,
    *,
    recorded: Measurement | None,
    arrays: ArrayDigests,
) -> Verdict:
    """Return `verdict`; where it is not comparable since the data changed, it says how.

    Args:
        verdict: of `question`.
        question: one that compares results on the same data only.
        old: what the baseline holds.
        new: what was measured.
        recorded: what the baseline of `own_data` holds, if there is one.
        arrays: the user's data now.
    """
    ours, theirs = old.corpus, new.corpus
    if verdict.compared or not (ours and theirs) or ours.sha256 == theirs.sha256:
        return verdict
    if recorded is not None and recorded.corpus == ours:
        told = other_arrays(recorded.measured, arrays)
    else:
        told = _other_counts(ours, theirs)
    # What differs besides is told as for any other question.
    others = incomparable_fields(question, replace(old, corpus=theirs), new)
    words = [f"{name}: {how}" for name, how in told.items()] or ["data: other values"]
    return replace(
        verdict,
        expected="the same model, data and machine as the baseline's",
        received=f"differing {_OLD_BESIDE_NEW}: {'; '.join([*others, *words])}",
        next_step="look at own_data of this model; if you changed the data, record anew with "
        "--update-baselines",
        interval=f"{others[0]} {_OLD_BESIDE_NEW}" if others else _in_a_cell(list(told)),
    )


def _other_counts(ours: CorpusIdentity, theirs: CorpusIdentity) -> dict[str, str]:
    pairs = {word: (getattr(ours, name), getattr(theirs, name)) for name, word in _COUNTED.items()}
    return {word: f"{old} / {new}" for word, (old, new) in pairs.items() if old != new}


def _in_a_cell(names: list[str]) -> str:
    if not names:
        return "other data"
    return (
        f"other {', '.join(names)}"
        if len(names) <= _NAMED_AT_MOST
        else f"{len(names)} other arrays"
    )
