from __future__ import annotations

import pytest

TESTS = """
from pathlib import Path

import pytest

@pytest.fixture(scope="session")
def workbench():
    Path("trained").write_text("")

@pytest.mark.gpu
def test_on_a_gpu(workbench, gate):
    pass

def test_without_one():
    pass
"""


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess(
        "-p", "rnn_suite.plugin", "-p", "no:cacheprovider", "--corpus=standin", *arguments
    )


@pytest.fixture
def without_gpu(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project that asks for a GPU, on a machine whose GPUs are hidden if it has any."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    pytester.makepyfile(TESTS)
    return pytester


def test_without_a_gpu_the_run_stops_at_once_and_trains_nothing(
    without_gpu: pytest.Pytester,
) -> None:
    result = run(without_gpu, "-m", "gpu")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(["*The marker gpu asks for a GPU and TensorFlow sees none.*"])
    assert "the marker full to train on the processor" in result.stdout.str()
    assert not (without_gpu.path / "trained").exists()


def test_without_a_gpu_in_several_processes_the_run_trains_nothing_and_is_no_pass(
    without_gpu: pytest.Pytester,
) -> None:
    result = run(without_gpu, "-p", "xdist.plugin", "-n1", "-m", "gpu")
    assert result.ret not in (0, pytest.ExitCode.NO_TESTS_COLLECTED)
    assert not (without_gpu.path / "trained").exists()


def test_tests_without_the_marker_run_without_a_gpu(without_gpu: pytest.Pytester) -> None:
    result = run(without_gpu, "-m", "not gpu")
    result.assert_outcomes(passed=1, deselected=1)
    assert result.ret == 0


def test_listing_the_tests_needs_no_gpu(without_gpu: pytest.Pytester) -> None:
    assert run(without_gpu, "--collect-only", "-m", "gpu").ret == 0
