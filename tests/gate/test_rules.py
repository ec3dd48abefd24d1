"""Do the libraries keep the equations, and every behaviour a recurrent model leans on?"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rnn_suite.plugin import Gate
from rnn_suite.questions import QUESTIONS
from rnn_suite.questions.rules import TOPICS, RuleFindings

# Rules bring their own models: their size is the same in all profiles.
ASKED = [
    pytest.param(
        topic.name,
        subject,
        marks=[pytest.mark.rules, pytest.mark.full, *([pytest.mark.smoke] if topic.smoke else [])],
        id=f"{subject}-{topic.name}",
    )
    for topic in TOPICS.values()
    for subject in topic.subjects
]


@pytest.mark.parametrize(("topic", "subject"), ASKED)
def test_the_libraries_keep_the_rules(
    gate: Gate, ask_rules: Callable[[str, str], RuleFindings], topic: str, subject: str
) -> None:
    found = ask_rules(topic, subject)
    if topic == "decisions":
        # Not left to the comparison, which is what is asked about.
        assert [f"{f.name}: {f.received}" for f in found.findings if f.received != f.expected] == []
    gate.ask_rules(QUESTIONS[topic], subject, found)
