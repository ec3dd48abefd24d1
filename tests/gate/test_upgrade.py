"""Is this environment slower, larger or worse than the old one, on this machine?"""

from __future__ import annotations

import pytest

from rnn_suite.plugin import Gate
from rnn_suite.plugin.upgrade import Upgraded
from rnn_suite.upgrade.phases import PHASES

ASKED = [
    pytest.param(phase.name, subject, id=f"{subject}-{phase.name}")
    for phase in PHASES.values()
    for subject in phase.subjects
]


@pytest.mark.upgrade
@pytest.mark.parametrize(("phase", "subject"), ASKED)
def test_the_new_environment_is_no_worse_than_the_old_one(
    gate: Gate, upgraded: Upgraded, phase: str, subject: str
) -> None:
    gate.settle(upgraded(phase, subject))
