from __future__ import annotations

import os
import re
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
names = "tensorflow keras keras_tuner numpy scipy matplotlib jinja2"
heavy = [name for name in names.split() if name in sys.modules]
print("\\nheavy:", heavy, "status:", int(status))
"""


def heavy(folder: Path, *arguments: str) -> set[str]:
    """Return the heavy modules that pytest imports in `folder`, where all plugins are loaded."""
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if "AUTOLOAD" not in name},
        capture_output=True,
        text=True,
        check=True,
    )
    *_, last = ended.stdout.splitlines()
    assert re.fullmatch(r"heavy: .* status: 0", last), ended.stdout
    return set(re.findall(r"'(\w+)'", last))


def test_in_a_project_that_does_not_use_it_nothing_heavy_is_imported(tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text("def test_one(): pass\n")
    assert not heavy(tmp_path)
    assert not heavy(tmp_path, "--help")


def test_collecting_the_gate_imports_none_of_the_libraries_under_test() -> None:
    found = heavy(ROOT, "--collect-only", "-q", "-m", "smoke")
    assert found.isdisjoint({"tensorflow", "keras", "keras_tuner"})


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
