"""Does a question without an answer that holds keep the gate from calling an upgrade safe?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.plugin.conftest import Project

XDIST = ("-p", "xdist.plugin", "-n2")
RERUNS = ("-p", "pytest_rerunfailures")


@pytest.fixture
def two(recorded: Project) -> Project:
    """A project with two questions and their baselines."""
    recorded.measures("parameters-gru", parameters=7)
    recorded.update()
    return recorded


def run(project: Project, *arguments: str) -> pytest.RunResult:
    return project.pytester.runpytest_subprocess(
        *("-p", "rnn_suite.plugin", "-p", "no:cacheprovider", "--corpus=standin", "--report=out"),
        *arguments,
    )


def report(project: Project) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((project.pytester.path / "out/verdicts.json").read_text())
    return content


def why(project: Project) -> dict[str, str]:
    return {one["test"]: one["why"] for one in report(project)["unanswered"]}


def also(project: Project, body: str, **files: str) -> None:
    """Add a test that asks what the project's own tests ask, and does something besides."""
    project.pytester.makepyfile(
        test_more=f"""
        import os
        import pytest
        from test_gate import test_ask as ask

        {body}
        """,
        **files,
    )


ASKS = "ask('parameters-lstm', gate, suite_environment)"


def test_the_question_of_a_worker_that_dies_has_no_answer(two: Project) -> None:
    also(two, "def test_dies(gate):\n            os._exit(3)")
    result = run(two, *XDIST)
    assert result.ret == 1
    assert "crashed while running" in why(two)["test_more.py::test_dies"]
    assert result.outlines[-1].startswith("Not known: no regression in 2 comparisons")
    assert report(two)["answer"]["safety"] == "not known"


def test_what_no_worker_reached_has_no_answer(two: Project) -> None:
    also(
        two, "def test_dies(gate):\n            os._exit(3)", test_zz="def test_late(gate): pass\n"
    )
    run(
        two,
        *XDIST,
        "--max-worker-restart=0",
        "--dist=loadfile",
        "-n1",
        "test_more.py",
        "test_zz.py",
    )
    assert why(two)["test_zz.py::test_late"] == "not reached"
    assert report(two)["finished"] is False
    assert report(two)["answer"]["safety"] == "not known"


def test_what_x_left_out_on_several_processes_is_not_reached(two: Project) -> None:
    also(two, "def test_fails(gate):\n            assert False")
    two.pytester.makepyfile(test_zz="import pytest\n@pytest.mark.parametrize('n', range(40))\n"
                            "def test_late(gate, n): pass\n")  # fmt: skip
    run(two, *XDIST, "-x", "test_more.py", "test_zz.py")
    assert "not reached" in why(two).values()
    assert report(two)["finished"] is False


@pytest.mark.parametrize("words", [(), XDIST], ids=["one process", "two"])
def test_a_file_that_cannot_be_read_may_hold_questions(
    two: Project, words: tuple[str, ...]
) -> None:
    two.pytester.makepyfile(test_broken="import no_such_module\ndef test_ask(gate): pass\n")
    result = run(two, "--continue-on-collection-errors", *words)
    assert why(two) == {"test_broken.py": "ModuleNotFoundError: No module named 'no_such_module'"}
    assert result.outlines[-1].startswith("Not known: ")
    assert result.ret == 1


LATE = {
    "1 == 2": f"def test_more(gate, suite_environment):\n            {ASKS}\n            assert 1 == 2",
    "tired": f"def test_more(gate, suite_environment):\n            {ASKS}\n            pytest.skip('tired')",
    "OSError: full": f"""@pytest.fixture
        def room():
            yield
            raise OSError('full')

        def test_more(gate, suite_environment, room):
            {ASKS}""",
}


@pytest.mark.parametrize("reason", LATE)
def test_what_fails_after_its_verdict_has_no_answer(two: Project, reason: str) -> None:
    also(two, LATE[reason])
    result = run(two, "test_more.py", "-k", "more")
    (found,) = why(two).values()
    assert reason in found
    assert [one["verdict"]["outcome"] for one in report(two)["verdicts"]] == ["pass"]
    assert result.outlines[-1].startswith("Not known: no regression in 1 comparison, but without")


def test_a_verdict_that_is_told_as_an_error_is_no_pass(recorded: Project) -> None:
    recorded.measures_accuracies([0.80 + 0.001 * (i % 5) for i in range(20)])
    recorded.update()
    recorded.measures_accuracies([0.90 + 0.001 * (i % 5) for i in range(20)])
    result = run(recorded, "-W", "error")
    assert result.ret == 1
    assert "improved" in {one["verdict"]["outcome"] for one in report(recorded)["verdicts"]}
    assert result.outlines[-1].startswith("Not known: ")


def test_each_verdict_keeps_what_it_rests_on_where_a_test_asks_twice(two: Project) -> None:
    also(
        two,
        f"def test_more(gate, suite_environment):\n            {ASKS}\n"
        "            ask('parameters-gru', gate, suite_environment)",
    )
    run(two, "test_more.py", "-k", "more")
    measured = {
        one["verdict"]["cell"]: one["verdict"]["evidence"]["baseline"]["new"]["measured"]["parameters"]
        for one in report(two)["verdicts"]
    }  # fmt: skip
    assert measured == {"lstm": 100, "gru": 7}


FLAKY = """
        @pytest.fixture
        def attempt(request):
            seen = request.config.stash.setdefault(KEY, [])
            seen.append(1)
            return len(seen)

        KEY = pytest.StashKey()

        def test_more(gate, suite_environment, attempt):
            import test_gate
            test_gate.ASKED['parameters-lstm'] = {'parameters': 100 + (attempt == 1)}
            ask('parameters-lstm', gate, suite_environment)
"""


def test_a_regression_that_a_rerun_does_not_see_stays_one(two: Project) -> None:
    also(two, FLAKY)
    result = run(two, *RERUNS, "--reruns=1", "test_more.py", "-k", "more")
    result.assert_outcomes(passed=1)
    outcomes = [one["verdict"]["outcome"] for one in report(two)["verdicts"]]
    assert outcomes == ["regressed", "pass"]
    measured = [
        one["verdict"]["evidence"]["baseline"]["new"]["measured"]["parameters"]
        for one in report(two)["verdicts"]
    ]
    assert measured == [101, 100]
    assert result.ret == 1
    assert result.outlines[-1] == "Not safe: parameters of lstm regressed (100 -> 101)."


def test_a_rerun_that_answers_makes_up_for_an_error_before_it(two: Project) -> None:
    also(two, FLAKY.replace("ask('par", "assert attempt == 2\n            ask('par"))
    result = run(two, *RERUNS, "--reruns=1", "test_more.py", "-k", "more")
    assert result.ret == 0
    assert report(two)["answer"]["safety"] == "safe"


def test_a_regression_that_is_expected_to_fail_stays_one(two: Project) -> None:
    two.measures("parameters-gru", parameters=8)
    also(
        two,
        "@pytest.mark.xfail\n        def test_more(gate, suite_environment):\n"
        "            ask('parameters-gru', gate, suite_environment)",
    )
    result = run(two, "test_more.py", "-k", "more")
    result.assert_outcomes(xfailed=1)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["A regression stays one, *", "Not safe: parameters of gru *"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-k", "gru"), "-k 'gru'"),
        (("test_gate.py::test_ask[parameters-gru]",), "test_gate.py::test_ask[parameters-gru]"),
        (("--deselect", "test_gate.py::test_ask[parameters-lstm]"), "--deselect"),
    ],
)
def test_safe_says_what_was_left_out(two: Project, words: tuple[str, ...], said: str) -> None:
    assert run(two, *words).outlines[-1] == (
        f"Safe: no regression in 1 comparison (asked was only {said})."
    )


def test_what_keeps_a_question_from_an_answer_is_told_with_its_remedy(two: Project) -> None:
    two.path("parameters-gru").unlink()
    result = run(two)
    assert "To settle it: bring the file back from version control" in result.outlines[-1]


def test_that_nothing_was_upgraded_is_told(two: Project) -> None:
    told = "Nothing was upgraded: TensorFlow, Keras and NumPy are the same, old and new."
    run(two).stdout.fnmatch_lines([told])
    for name in ("summary.md", "report.html"):
        assert (two.pytester.path / "out" / name).read_text().find(told) > 0
    two.change("parameters-lstm", "environment", keras="3.12.0")
    run(two).stdout.no_fnmatch_line(told)


def test_an_answer_of_one_worker_does_not_make_up_for_the_fault_of_another(two: Project) -> None:
    also(
        two,
        "def test_more(gate, suite_environment, worker_id):\n"
        "            if worker_id == 'gw0':\n                pytest.skip('not here')\n"
        f"            {ASKS}",
    )
    result = run(
        two, "-p", "xdist.plugin", "--dist=each", "--tx=2*popen", "test_more.py", "-k", "more"
    )
    assert why(two) == {"test_more.py::test_more": "Skipped: not here"}
    assert result.outlines[-1].startswith("Not known: ")


def test_a_gate_that_is_taken_within_a_test_asks_too(two: Project) -> None:
    two.measures("parameters-gru", parameters=8)
    also(
        two,
        "@pytest.mark.xfail\n        def test_more(request, suite_environment):\n"
        "            ask('parameters-gru', request.getfixturevalue('gate'), suite_environment)",
    )
    result = run(two, "test_more.py", "-k", "more")
    assert result.ret == 1
    assert result.outlines[-1] == "Not safe: parameters of gru regressed (7 -> 8)."


def test_the_same_test_twice_gives_two_verdicts(two: Project) -> None:
    also(two, FLAKY.replace("(attempt == 1)", "(attempt == 2)"))
    result = run(two, "--keep-duplicates", "test_more.py", "test_more.py", "-k", "more")
    assert result.ret == 1
    assert result.outlines[-1].startswith("Not safe: parameters of lstm regressed (100 -> 101)")


@pytest.mark.parametrize("end", ["os._exit(3)", "raise KeyboardInterrupt"])
def test_a_regression_is_kept_though_its_teardown_ends_everything(two: Project, end: str) -> None:
    two.measures("parameters-gru", parameters=8)
    also(
        two,
        f"@pytest.fixture\n        def room():\n            yield\n            {end}\n\n"
        "        def test_more(gate, suite_environment, room):\n"
        "            ask('parameters-gru', gate, suite_environment)",
    )
    run(two, "test_more.py", "-k", "more")
    assert report(two)["answer"]["safety"] == "not safe"
    assert report(two)["finished"] is False


def test_a_test_that_takes_the_gate_and_asks_nothing_is_no_pass(two: Project) -> None:
    also(two, "def test_more(gate):\n            pass")
    result = run(two)
    assert why(two) == {"test_more.py::test_more": "its test ended and asked nothing"}
    assert report(two)["finished"] is True
    assert result.ret == 1


def test_an_end_by_another_plugin_half_way_is_no_pass(two: Project) -> None:
    also(two, "def test_more(gate):\n            pytest.exit('enough', returncode=0)")
    result = run(two)
    assert result.ret == 1
    assert why(two) == {"test_more.py::test_more": "not reached"}


def test_a_file_that_is_skipped_whole_is_told(two: Project) -> None:
    two.pytester.makepyfile(test_more="import pytest\npytest.importorskip('no_such_module')\n")
    result = run(two)
    result.stdout.fnmatch_lines(
        ["Skipped whole, with all it may ask: test_more.py (*no_such_module*"]
    )


def test_a_run_of_several_processes_that_answered_all_is_not_taken_up(two: Project) -> None:
    also(
        two,
        "\n        ".join(
            f"def test_{name}(gate, suite_environment, workbench):\n            {ASKS}"
            for name in ("one", "two")
        ),
    )
    words = [*XDIST, "--runs=runs", "test_more.py", "-k", "one or two"]
    for _ in range(2):
        assert "taking up" not in run(two, *words).stderr.str()
    assert len(list((two.pytester.path / "runs").glob("*/finished"))) == 4


def test_a_test_of_the_gate_that_asks_nothing_and_fails_has_no_answer(two: Project) -> None:
    also(two, "def test_more(workbench):\n            assert workbench is None")
    result = run(two)
    assert result.ret == 1
    assert list(why(two)) == ["test_more.py::test_more"]
    assert result.outlines[-1].startswith("Not known: ")


def test_tests_of_others_that_fail_are_told_beside_the_answer(two: Project) -> None:
    two.pytester.makepyfile(test_other="def test_other():\n    assert False\n")
    result = run(two)
    assert result.ret == 1
    assert result.outlines[-1] == "Safe: no regression in 2 comparisons (1 other test failed)."


def test_the_remedy_is_that_of_what_has_a_reason(two: Project) -> None:
    two.pytester.makepyfile(test_broken="import no_such_module\ndef test_ask(gate): pass\n")
    assert "No module named 'no_such_module'" in run(two).outlines[-1]
