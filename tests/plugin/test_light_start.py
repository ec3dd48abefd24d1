from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# What pytest is asked, then the heavy modules that were imported on the way.
PROGRAM = """
import sys
import pytest

status = pytest.main(sys.argv[1:])
heavy = [name for name in ("tensorflow", "keras", "keras_tuner") if name in sys.modules]
print("\\nheavy:", heavy, "status:", int(status))
"""


@pytest.mark.parametrize("arguments", [("--help",), ("--collect-only", "-q", "-m", "smoke")])
def test_it_imports_neither_tensorflow_nor_keras(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, "-p", "no:cacheprovider", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.endswith("heavy: [] status: 0\n"), ended.stdout + ended.stderr


def test_the_help_lists_the_suites_options(pytester: pytest.Pytester) -> None:
    shown = pytester.runpytest_inprocess("-p", "rnn_suite.plugin", "--help").stdout.str()
    for option in (
        "--corpus",
        "--baselines",
        "--update-baselines",
        "--runs",
        "--fresh",
        "--strict-verdicts",
        "--tuner-workers",
    ):
        assert f"  {option}" in shown


def test_the_markers_are_declared(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_inprocess("-p", "rnn_suite.plugin", "--markers")
    result.stdout.fnmatch_lines(
        [f"@pytest.mark.{marker}: *" for marker in ("smoke", "full", "reduced", "gpu")]
    )


@pytest.mark.parametrize("workers", ["0", "-1", "two", "1.5"])
def test_a_number_of_workers_that_is_none_is_wrong_use(
    pytester: pytest.Pytester, workers: str
) -> None:
    result = pytester.runpytest_inprocess("-p", "rnn_suite.plugin", f"--tuner-workers={workers}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [f"*--tuner-workers: expected 1 or more processes, received '{workers}'"]
    )
