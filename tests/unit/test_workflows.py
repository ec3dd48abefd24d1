"""Do the workflows, the action and the recipe for GitLab name things that exist? A schema cannot tell."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rnn_suite.plugin.reporter import NOTHING_COMPARED
from tests.unit import pipelines
from tests.unit.pipelines import ACTION, GITLAB, ROOT, WORKFLOWS, Step, read, steps

SCRIPTS = [one for one in steps() if one.run]
DOCUMENT = pipelines.DOCUMENT.read_text(encoding="utf-8")
OURS = re.compile(r"\./|OWNER/rnn-suite@VERSION")
"""The action, as this repository and as others name it."""
PINNED = 'PIP_CONSTRAINT="$PWD/tests/releases/newest.txt" '


def pytest_lines() -> list[tuple[str, list[str]]]:
    """Return the words behind each call of pytest, also where tox hands them on."""
    found = []
    for one in SCRIPTS:
        for line in one.run.splitlines():
            # Those of the action stand in an array.
            called = re.search(
                r"\bpytest (?P<a>.*)|\btox .* -- (?P<b>.*)|options\+?=\((?P<c>.*)\)", line
            )
            if called:
                words = next(group for group in called.groups() if group is not None)
                found.append((str(one), shlex.split(words)))
    return found


@pytest.fixture(scope="module")
def known_to_pytest() -> str:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
    return "".join(
        subprocess.run(
            [*command, option], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
        for option in ("--help", "--markers")
    )


@pytest.mark.parametrize("one", SCRIPTS, ids=str)
def test_every_script_is_one_that_bash_can_read(one: Step) -> None:
    bash = shutil.which("bash") or "bash"
    ended = subprocess.run([bash, "-n"], input=one.run, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("one", SCRIPTS, ids=str)
def test_no_script_has_text_of_others_pasted_into_it(one: Step) -> None:
    assert "${{" not in one.run


def test_every_environment_that_tox_is_asked_for_exists() -> None:
    ini = configparser.ConfigParser(interpolation=None)
    ini.read(ROOT / "tox.ini")
    asked = {
        name
        for one in SCRIPTS
        for names in re.findall(r"\btox -e (\S+)", one.run)
        for name in names.split(",")
    }
    assert {"lint", "types", "tests", "smoke", "reference", "upgrade"} <= asked
    assert {f"testenv:{name}" for name in asked} <= set(ini.sections())


def test_every_option_given_to_pytest_is_one_of_its_own(known_to_pytest: str) -> None:
    given = [
        (where, word.partition("=")[0])
        for where, words in pytest_lines()
        for word in words
        if word.startswith("--")
    ]
    assert given
    for where, option in given:
        assert re.search(rf"^\s.*{option}\b", known_to_pytest, re.MULTILINE), f"{where}: {option}"


def test_every_marker_asked_for_is_declared(known_to_pytest: str) -> None:
    asked = [words[words.index("-m") + 1] for _, words in pytest_lines() if "-m" in words]
    asked += [one.inputs["marker"] for one in steps() if "marker" in one.inputs]
    asked.append(read(ACTION)["inputs"]["marker"]["default"])
    names = {name for one in asked for name in one.split()} - {"and", "or", "not", "$MARKER"}
    assert {"smoke", "rules", "upgrade"} <= names
    for name in names:
        assert f"@pytest.mark.{name}:" in known_to_pytest


def test_the_action_is_given_inputs_that_it_has() -> None:
    inputs = read(ACTION)["inputs"]
    uses = [one for one in steps() if OURS.fullmatch(one.uses)]
    assert {one.uses for one in uses} == {"./", "OWNER/rnn-suite@VERSION"}
    for one in uses:
        assert set(one.inputs) <= set(inputs), one


@pytest.mark.parametrize("path", [*WORKFLOWS, ACTION], ids=lambda path: path.name)
def test_outputs_and_inputs_that_are_read_exist(path: Path) -> None:
    content = read(path)
    text = path.read_text(encoding="utf-8")
    jobs = content.get("jobs", {"": content.get("runs")}).values()
    ids = {one.get("id"): one for job in jobs for one in job["steps"]}
    for name, output in re.findall(r"steps\.(\w+)\.outputs\.([\w-]+)", text):
        if ids[name].get("uses") == "./":
            assert output in read(ACTION)["outputs"]
        elif "run" in ids[name]:
            assert f"{output}=" in ids[name]["run"]
    for name in re.findall(r"inputs\.([\w-]+)", text):
        assert name in content["inputs"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_run_whose_jobs_are_all_skipped_ends_no_other_run(path: Path) -> None:
    content = read(path)
    always = [job for job in content["jobs"].values() if job.get("if", "always()") == "always()"]
    # A workflow takes its place in the group before a job looks at its condition.
    assert always or "concurrency" not in content


@pytest.mark.parametrize("name", ["comment.yml", "upgrade.yml"])
def test_a_job_with_a_condition_still_runs_once_at_a_time(name: str) -> None:
    (job,) = read(ROOT / ".github/workflows" / name)["jobs"].values()
    assert job["concurrency"]["group"]


def test_pull_requests_run_on_the_pinned_versions() -> None:
    ours = [one for one in steps() if re.match(r"(ci|upgrade)\.yml", one.where)]
    asked = [
        line
        for one in ours
        for line in one.run.splitlines()
        if re.search(r"tox -e (types|tests|smoke)\b", line)
    ]
    assert len(asked) == 4
    assert [line for line in asked if PINNED + "tox -e" not in line] == []
    (action,) = (one for one in ours if one.uses == "./")
    assert action.inputs["candidate"] == "-r tests/releases/newest.txt"


def test_who_asks_in_pairs_asks_for_behaviour_of_the_same_versions_beside_it() -> None:
    told = "".join(one.run + "\n" for one in steps() if one.where == "upgrade.yml, upgrade")
    assert 'tox -e smoke -- -m "smoke or rules"' in told
    assert "tox -e upgrade" in told
    recipe = [one.inputs for one in steps() if one.where == "ci.md, gate" and OURS.match(one.uses)]
    assert [one["marker"] for one in recipe] == ["smoke or rules", "upgrade"]
    assert len({one["candidate"] for one in recipe}) == 1
    assert len({one["report"] for one in recipe}) == 2
    asked = {
        name: (job["rules"][0]["if"].partition(" && ")[0], "\n".join(job["script"]))
        for name, job in read(GITLAB).items()
        if isinstance(job, dict) and "script" in job
    }
    in_pairs = {name for name, (_, script) in asked.items() if "-m upgrade" in script}
    assert in_pairs == {"upgrade", "newest"}
    for name in in_pairs:
        when, script = asked[name]
        (installs,) = re.findall(r"^pip install .*", script, re.MULTILINE)
        assert [
            other
            for other, (also_when, also) in asked.items()
            if also_when == when and installs in also.splitlines() and re.search("-m .?smoke", also)
        ], name


def test_gitlab_looks_for_changes_of_the_file_that_is_installed() -> None:
    content = read(GITLAB)
    assert content["upgrade"]["rules"][0]["changes"] == ["$PINS"]
    assert all(
        "requirements" not in "".join(job.get("script", []))
        for job in content.values()
        if isinstance(job, dict)
    )


def test_files_that_are_named_exist() -> None:
    for path in WORKFLOWS:
        text = path.read_text(encoding="utf-8")
        named = re.findall(r"(?<![\w./])(?:rnn_suite|tests)/[\w/]+\.\w+", text)
        named += re.findall(r"cache-dependency-path: (\S+\.\w+)", text)
        missing = [name for name in named if not (ROOT / name).exists()]
        assert not missing, f"{path.name}: {missing}"


def test_the_workflows_that_comments_are_written_for_exist() -> None:
    awaited = set(read(ROOT / ".github/workflows/comment.yml")["on"]["workflow_run"]["workflows"])
    assert awaited <= {read(path)["name"] for path in WORKFLOWS}


def test_the_data_is_cached_under_one_key() -> None:
    keys = [
        one.inputs.get("key", "") for one in steps() if one.where.partition(",")[0] != ACTION.name
    ]
    assert len({key for key in keys if key.startswith("rnn-suite-data-")}) == 1


def test_lint_reads_every_file_that_has_a_schema() -> None:
    lint = (ROOT / "tox.ini").read_text(encoding="utf-8")
    for path in (*WORKFLOWS, ACTION, GITLAB, ROOT / ".github" / "dependabot.yml"):
        assert f" {path.relative_to(ROOT)}" in lint


def test_the_document_tells_of_every_workflow_input_and_output() -> None:
    action = read(ACTION)
    for name in (*action["inputs"], *action["outputs"]):
        assert f"\n| `{name}` | " in DOCUMENT
    for path in WORKFLOWS:
        assert f"\n| [{path.name}]" in DOCUMENT


def test_the_document_tells_what_to_do_on_every_exit_status() -> None:
    rows = set(re.findall(r"^\| (\d+) \|", DOCUMENT, re.MULTILINE))
    assert rows == {str(int(status)) for status in (*pytest.ExitCode, NOTHING_COMPARED)}
