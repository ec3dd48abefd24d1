"""Which package of an upgrade, and which release of it, made a question worse?"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rnn_suite.bisect import Culprit


@pytest.mark.bisect
def test_the_culprit_of_an_upgrade_is_narrowed_down_to_one_step(
    bisected: Callable[[], Culprit],
) -> None:
    culprit = bisected()
    assert culprit.narrowed, str(culprit)
