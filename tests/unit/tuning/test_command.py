"""`python -m rnn_suite.tuning.work`, as a person meets it who gives it the wrong words."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rnn_suite.tuning.work import PARTS

ROOT = Path(__file__).parents[3]


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rnn_suite.tuning.work", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_says_what_each_part_does() -> None:
    helped = command("--help")
    assert helped.returncode == 0
    for name, (_, told) in PARTS.items():
        assert f"\n  {name:8} {told}" in helped.stdout


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ([], "required: folder, parent, part"),
        (["shared", "0", "serch"], "invalid choice: 'serch' (choose from"),
        (["shared", "nobody", "search"], "argument parent: invalid int value: 'nobody'"),
    ],
)
def test_wrong_use_is_told_with_the_usage_and_without_a_traceback(
    arguments: list[str], named: str
) -> None:
    refused = command(*arguments)
    assert refused.returncode == 2
    assert refused.stderr.startswith("usage: python -m rnn_suite.tuning.work")
    assert named in refused.stderr
