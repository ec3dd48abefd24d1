from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.plugin.conftest import Project


def run(project: Project, *arguments: str) -> pytest.RunResult:
    return project.pytester.runpytest_inprocess(
        "-p", "rnn_suite.plugin", "-p", "no:cacheprovider", *arguments
    )


def test_an_unknown_corpus_is_a_usage_error_with_the_known_ones(recorded: Project) -> None:
    result = run(recorded, "--corpus=imbd")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    shown = result.stdout.str() + result.stderr.str()
    assert "Unknown corpus" in shown
    assert "one of auto, imdb, standin" in shown
    assert "Received: 'imbd'" in shown


def test_the_header_names_the_corpus_that_was_asked_for(recorded: Project) -> None:
    result = run(recorded, "--corpus=standin")
    result.stdout.fnmatch_lines(["rnn-suite: corpus standin: *asked for by name*"])
    assert result.ret == 0


def test_the_header_names_the_libraries_and_their_versions(recorded: Project) -> None:
    import numpy as np

    result = run(recorded, "--corpus=standin")
    result.stdout.fnmatch_lines([f"rnn-suite: tensorflow *, keras *, numpy {np.__version__}"])


def test_auto_takes_the_file_that_is_named_and_says_so(
    recorded: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = recorded.pytester.makefile(".npz", imdb="not looked into before it is needed")
    monkeypatch.setenv("RNN_SUITE_IMDB", str(named))
    result = run(recorded)
    result.stdout.fnmatch_lines([f"rnn-suite: corpus imdb: *{named}*RNN_SUITE_IMDB*"])


def test_a_wrong_path_is_a_usage_error_and_never_another_corpus(
    recorded: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RNN_SUITE_IMDB", "no/such/imdb.npz")
    result = run(recorded)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    shown = result.stdout.str() + result.stderr.str()
    assert "RNN_SUITE_IMDB names no file that can be read" in shown
    assert "no/such/imdb.npz" in shown
    assert "corpus standin" not in shown


def test_the_experiments_of_a_run_are_on_its_corpus(recorded: Project) -> None:
    recorded.pytester.makepyfile(
        test_gate="""
        def test_corpus(gate, make_experiment):
            assert make_experiment("smoke", "lstm").corpus.name == "standin"
        """
    )
    run(recorded, "--corpus=standin").assert_outcomes(passed=1)
