from __future__ import annotations

import pytest


def test_a_project_that_does_not_use_the_suite_sees_nothing_of_it(plain: pytest.Pytester) -> None:
    result = plain.runpytest_inprocess("-p", "rnn_suite.plugin", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=1)
    assert result.ret == 0
    assert "rnn-suite:" not in result.stdout.str()
    assert "rnn-suite =" not in result.stdout.str()
    assert "compare" not in result.stdout.str()


def test_a_failing_test_of_such_a_project_fails_as_ever(plain: pytest.Pytester) -> None:
    plain.makepyfile("def test_two():\n    assert 1 + 1 == 3\n")
    result = plain.runpytest_inprocess("-p", "rnn_suite.plugin", "-p", "no:cacheprovider")
    result.assert_outcomes(failed=1)
    assert result.ret == 1


def test_such_a_project_is_left_without_new_files(plain: pytest.Pytester) -> None:
    before = {path.name for path in plain.path.iterdir()}
    plain.runpytest_inprocess("-p", "rnn_suite.plugin", "-p", "no:cacheprovider")
    after = {path.name for path in plain.path.iterdir()} - {"__pycache__"}
    assert after == before


def test_such_a_project_runs_on_several_processes_as_ever(plain: pytest.Pytester) -> None:
    result = plain.runpytest_subprocess("-p", "rnn_suite.plugin", "-p", "xdist.plugin", "-n1")
    result.assert_outcomes(passed=1)
    assert result.ret == 0


def test_installing_the_package_brings_the_plugin(
    plain: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    result = plain.runpytest_subprocess("--help")
    result.stdout.fnmatch_lines(["*--update-baselines*"])


@pytest.fixture
def installed(plain: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Such a project, where pytest loads every plugin that is installed."""
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    return plain


def test_the_plugin_can_be_turned_off_wholly(installed: pytest.Pytester) -> None:
    result = installed.runpytest_subprocess("-p", "no:rnn_suite", "--help", "--markers")
    text = result.stdout.str()
    for word in ("rnn-suite:", "--corpus", "--reference-python", "--tuner-workers", "--report="):
        assert word not in text
    result = installed.runpytest_subprocess("-p", "no:rnn_suite", "--trace-config")
    result.assert_outcomes(passed=1)
    assert "rnn_suite.plugin" not in result.stdout.str()


def test_turned_off_its_options_are_wrong_use(installed: pytest.Pytester) -> None:
    result = installed.runpytest_subprocess("-p", "no:rnn_suite", "--strict-verdicts")
    assert result.ret == pytest.ExitCode.USAGE_ERROR


def test_a_conftest_that_cannot_be_configured_is_told_as_ever(plain: pytest.Pytester) -> None:
    plain.makeconftest(
        "import pytest\n\ndef pytest_configure():\n    raise pytest.UsageError('not so')\n"
    )
    result = plain.runpytest_inprocess("-p", "rnn_suite.plugin", "-p", "no:cacheprovider")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.stderr.lines[0] == "ERROR: not so"


def test_on_github_such_a_project_writes_no_summary_of_its_step(
    plain: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(plain.path / "step.md"))
    result = plain.runpytest_inprocess("-p", "rnn_suite.plugin", "-p", "no:cacheprovider")
    assert "::" not in result.stdout.str()
    assert not (plain.path / "step.md").exists()
