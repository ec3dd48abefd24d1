from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

TESTS = """
import pytest

@pytest.mark.upgrade
@pytest.mark.parametrize(("phase", "subject"), [("train_step", "lstm"), ("import", "all")])
def test_upgrade(upgraded, phase, subject):
    upgraded(phase, subject)

@pytest.mark.parametrize("phase", ["new moon", "full moon"])
def test_another(phase):
    pass
"""


def arguments(*more: str) -> list[str]:
    return ["-p", "rnn_suite.plugin", "-p", "no:cacheprovider", "--corpus=standin", *more]


def run(pytester: pytest.Pytester, *more: str) -> pytest.RunResult:
    imported = "ignore:Module already imported:pytest.PytestAssertRewriteWarning"
    return pytester.runpytest_inprocess(*arguments(*more), "-W", imported)


@pytest.fixture
def upgrade(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project that asks two questions of an upgrade, and tests two phases of the moon."""
    pytester.makepyfile(test_upgrade=TESTS)
    return pytester


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """An interpreter that starts and does not work."""
    path = tmp_path / "broken"
    path.write_text("#!/bin/sh\necho 'no such library' >&2\nexit 3\n")
    path.chmod(0o755)
    return path


def nothing_was_measured(pytester: pytest.Pytester) -> bool:
    return not (pytester.path / ".rnn_suite").exists()


def test_without_the_old_environment_the_run_is_wrong_use_and_measures_nothing(
    upgrade: pytest.Pytester,
) -> None:
    result = run(upgrade, "-m", "upgrade")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [
            "ERROR: The marker*upgrade*",
            "Expected: --reference-python=PATH, the interpreter of the old environment",
            "Received: none",
            "Next: make one (python3 -m venv old; *",
        ],
        consecutive=True,
    )
    assert nothing_was_measured(upgrade)


def test_an_old_environment_that_is_not_there_is_wrong_use_too(upgrade: pytest.Pytester) -> None:
    result = run(upgrade, "-m", "upgrade", "--reference-python=old/bin/python")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["Received: old/bin/python, where no file is"])
    assert nothing_was_measured(upgrade)


def test_listing_the_tests_needs_no_old_environment(upgrade: pytest.Pytester) -> None:
    result = run(upgrade, "--collect-only", "-q", "-m", "upgrade")
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        ["*test_upgrade[[]train_step-lstm]", "*test_upgrade[[]import-all]"], consecutive=True
    )


def test_tests_without_the_marker_need_no_old_environment(upgrade: pytest.Pytester) -> None:
    result = run(upgrade, "-m", "not upgrade")
    result.assert_outcomes(passed=2, deselected=2)
    assert result.ret == 0


def test_an_old_environment_that_does_not_work_is_an_error_of_every_question(
    upgrade: pytest.Pytester, broken: Path
) -> None:
    result = run(upgrade, f"--reference-python={broken}")
    result.assert_outcomes(passed=2, errors=2)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    shown = result.stdout.str()
    assert result.stdout.lines.count(f"{broken} does not say what it has installed.") == 2
    assert "Received: exit status 3" in shown
    assert "no such library" in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize("margin", ["0", "-0.1", "ten"])
def test_a_margin_that_is_no_fraction_is_wrong_use(upgrade: pytest.Pytester, margin: str) -> None:
    result = run(upgrade, f"--upgrade-margin={margin}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [f"*--upgrade-margin: expected a fraction such as 0.1, received '{margin}'"]
    )


def test_several_processes_of_pytest_would_disturb_each_other_and_measure_nothing(
    upgrade: pytest.Pytester,
) -> None:
    result = upgrade.runpytest_subprocess(
        *arguments("-p", "xdist.plugin", "-n2", "-m", "upgrade"),
        f"--reference-python={sys.executable}",
    )
    result.assert_outcomes(errors=2)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "Old and new are timed by turns, which needs the machine for itself.",
            "Expected: one process of pytest",
            "Received: pytest-xdist's",
            "Next: leave out -n",
        ],
        consecutive=True,
    )
    assert nothing_was_measured(upgrade)


def test_several_processes_without_the_old_environment_are_no_pass_either(
    upgrade: pytest.Pytester,
) -> None:
    result = upgrade.runpytest_subprocess(*arguments("-p", "xdist.plugin", "-n1", "-m", "upgrade"))
    assert result.ret not in (0, pytest.ExitCode.NO_TESTS_COLLECTED)
    assert nothing_was_measured(upgrade)


@pytest.mark.parametrize(
    ("marker", "status"),
    [((), pytest.ExitCode.NO_TESTS_COLLECTED), (("-m", "upgrade"), pytest.ExitCode.OK)],
)
def test_the_suites_own_upgrade_is_asked_only_by_its_marker(
    monkeypatch: pytest.MonkeyPatch, marker: tuple[str, ...], status: int
) -> None:
    # As a person starts it: the plugin is found because it is installed.
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--collect-only", "-q"),
            *("tests/gate/test_upgrade.py", *marker),
        ],
        cwd=ROOT,
        check=False,
    )
    assert ended.returncode == status
