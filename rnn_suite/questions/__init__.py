"""The questions the gate asks; a new one is a file here and a row in the table."""

from __future__ import annotations

from rnn_suite.errors import UnknownNameError
from rnn_suite.questions.accuracy import ACCURACY
from rnn_suite.questions.exact import DATASET, PARAMETERS
from rnn_suite.questions.own import (
    OWN_PARAMETERS,
    OWN_REPEAT,
    OWN_SAVING,
    OWN_STEP_TIME,
)
from rnn_suite.questions.own_data import OWN_DATA
from rnn_suite.questions.own_metric import OWN_ERROR, OWN_SCORE
from rnn_suite.questions.question import Pair, Question, SameCorpus
from rnn_suite.questions.replay import REPLAY
from rnn_suite.questions.rules import TOPICS, rule_question
from rnn_suite.questions.search import SEARCH, SEARCH_STRUCTURE
from rnn_suite.questions.step_time import STEP_TIME

__all__ = [
    "DATASET",
    "OWN_STEP_TIME",
    "QUESTIONS",
    "SEARCH",
    "SEARCH_STRUCTURE",
    "STEP_TIME",
    "Pair",
    "Question",
    "SameCorpus",
    "question_named",
]

QUESTIONS: dict[str, Question] = {
    question.name: question
    for question in (
        *(PARAMETERS, DATASET, REPLAY, ACCURACY, STEP_TIME, SEARCH_STRUCTURE, SEARCH),
        *map(rule_question, TOPICS),
        *(OWN_PARAMETERS, OWN_DATA, OWN_REPEAT, OWN_SAVING, OWN_SCORE, OWN_ERROR, OWN_STEP_TIME),
    )
}
"""Every question, by name."""


def question_named(name: str) -> Question:
    """Return the question called `name`.

    Raises:
        UnknownNameError: if there is none.
    """
    try:
        return QUESTIONS[name]
    except KeyError:
        raise UnknownNameError("question", name, sorted(QUESTIONS)) from None
