from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from tests.plugin.conftest import Project


def suite_of(project: Project, *arguments: str) -> ET.Element:
    """Run the project's tests and return the `testsuite` of its JUnit file."""
    project.run("--junitxml=junit.xml", *arguments)
    root = ET.parse(project.pytester.path / "junit.xml").getroot()  # noqa: S314 (our own file)
    (suite,) = root.iter("testsuite")
    return suite


def counts(suite: ET.Element) -> dict[str, int]:
    return {name: int(suite.attrib[name]) for name in ("tests", "failures", "errors", "skipped")}


def test_a_regression_is_counted_as_a_failure_with_its_text(recorded: Project) -> None:
    recorded.measures("parameters-lstm", parameters=101)
    suite = suite_of(recorded)
    assert counts(suite) == {"tests": 1, "failures": 1, "errors": 0, "skipped": 0}
    (failure,) = suite.iter("failure")
    assert "parameters of lstm: regressed" in (failure.text or "")
    assert "Received: 101 parameters" in (failure.text or "")


def test_a_missing_baseline_is_counted_as_a_failure_with_its_text(project: Project) -> None:
    suite = suite_of(project)
    assert counts(suite) == {"tests": 1, "failures": 1, "errors": 0, "skipped": 0}
    (failure,) = suite.iter("failure")
    assert "no such baseline" in (failure.text or "")


def test_an_inconclusive_verdict_is_counted_as_a_failure_where_verdicts_are_strict(
    project: Project,
) -> None:
    project.measured.clear()
    project.measures_accuracies([0.78, 0.82] * 10)
    project.update()
    project.change("accuracy-lstm", "gate", allowed_drop_fraction=0.05, floor_fraction=0.6)
    project.measures_accuracies([0.75, 0.79])
    assert counts(suite_of(project))["failures"] == 0
    assert counts(suite_of(project, "--strict-verdicts"))["failures"] == 1


def test_what_cannot_be_compared_and_what_is_recorded_are_counted_as_skipped(
    recorded: Project,
) -> None:
    assert counts(suite_of(recorded, "--update-baselines"))["skipped"] == 1
    recorded.measures("parameters-lstm", parameters=100, units=5)
    assert counts(suite_of(recorded))["skipped"] == 1


def test_a_verdict_is_kept_whole_among_the_properties(recorded: Project) -> None:
    properties = {
        element.attrib["name"]: element.attrib["value"]
        for element in suite_of(recorded).iter("property")
    }
    assert '"outcome": "pass"' in properties["rnn_suite_verdict"]
