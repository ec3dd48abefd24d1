from __future__ import annotations

import json
import subprocess
import sys
import venv
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


REPLAY = """
import pytest

import rnn_suite.upgrade.run as upgrade
from rnn_suite.upgrade.pairs import Pair
from rnn_suite.upgrade.phases import Values

measured = upgrade.compare_environments

def pair(environments, experiments, asked, **more):
    values = {str(question): Values(old=(1.0,), new=(1.3,)) for question in asked}
    return Pair(
        values=values, cpu={}, reference={}, candidate={}, facts={}, others_fraction=0.0, seconds=1.0
    )

def compare(plan, record, tell):
    found = measured(plan, record, tell, measure=pair)
    if not record_is_kept:
        record.path.unlink()
        record.path.mkdir()
    return found

@pytest.fixture(scope="session", autouse=True)
def replayed():
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(upgrade, "compare_environments", compare)
        yield
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
    result.stderr.fnmatch_lines(["Received: */old/bin/python, where no file is"])
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


def test_an_old_environment_without_the_libraries_is_named_with_its_side_and_the_remedy(
    upgrade: pytest.Pytester, tmp_path: Path
) -> None:
    venv.create(tmp_path / "bare", symlinks=True)
    bare = tmp_path / "bare" / "bin" / "python"
    result = run(upgrade, "-m", "upgrade", f"--reference-python={bare}")
    result.assert_outcomes(errors=2, deselected=2)
    result.stdout.fnmatch_lines(
        [
            f"The reference environment has none of the libraries under test: {bare}",
            "Expected: TensorFlow, Keras and NumPy, *",
            "Received: nothing installed",
            "Next: install them there, *",
        ],
        consecutive=True,
    )


@pytest.mark.parametrize("margin", ["0", "-0.1", "ten"])
def test_a_margin_that_is_no_fraction_is_wrong_use(upgrade: pytest.Pytester, margin: str) -> None:
    result = run(upgrade, f"--upgrade-margin={margin}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [f"*--upgrade-margin: expected a fraction such as 0.1, received '{margin}'"]
    )


@pytest.mark.parametrize("minutes", ["-1", "nan", "inf", "ten"])
def test_minutes_that_are_no_duration_are_wrong_use(upgrade: pytest.Pytester, minutes: str) -> None:
    result = run(upgrade, f"--upgrade-minutes={minutes}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*--upgrade-minutes: expected minutes *received '{minutes}'"])


def replay(pytester: pytest.Pytester, *more: str, record_is_kept: bool = True) -> pytest.RunResult:
    """Run with pairs of which the new side is always slower by 30 %."""
    pytester.makeconftest(f"record_is_kept = {record_is_kept}\n{REPLAY}")
    return run(pytester, "-m", "upgrade", f"--reference-python={sys.executable}", *more)


def test_the_last_line_of_the_record_says_what_was_answered_and_what_that_holds_for(
    upgrade: pytest.Pytester,
) -> None:
    result = replay(upgrade, "--runs=runs", "--upgrade-margin=0.2", "-k", "import")
    result.assert_outcomes(passed=1, deselected=3)
    (record,) = Path(upgrade.path, "runs").glob("upgrade-*.jsonl")
    assert json.loads(record.read_text().splitlines()[-1]) == {
        "reference": sys.executable,
        "changed": [],
        "corpus": "standin",
        "margin_fraction": 0.2,
        "answered": ["import:all"],
        "regressed": ["import:all"],
    }


def test_a_record_that_cannot_be_finished_is_told_and_the_verdicts_stand(
    upgrade: pytest.Pytester,
) -> None:
    result = replay(upgrade, record_is_kept=False)
    result.assert_outcomes(passed=2, deselected=2)
    result.stdout.fnmatch_lines(["*upgrade-*.jsonl: not written: Is a directory."])


def test_an_accuracy_without_a_baseline_is_an_error_of_that_question_alone(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(test_upgrade=TESTS.replace('"import", "all"', '"accuracy", "lstm"'))
    result = replay(pytester, "--baselines=none")
    result.assert_outcomes(passed=1, failed=1, deselected=2)
    result.stdout.fnmatch_lines(["*accuracy/lstm.json: no such baseline."])


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
