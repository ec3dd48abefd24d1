"""Is what the documents say true: commands, options, variables, links, and the numbers of tables?

Commands that take minutes or change something are not run to their end here. What pytest is given has to
collect tests; tox has to know its environments; what pip is given has to be requirements; modules and scripts
are run as they stand where that is quick, and asked for their help where it is not.
"""

from __future__ import annotations

import ast
import configparser
import importlib
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from rnn_suite.jsonable import read_json, write_json
from rnn_suite.report.results_table import machines, results_table
from rnn_suite.run_report import Answer, RunReport, Safety, write_run
from tests.unit.documents import DOCUMENTS, ROOT, Command, Fence, commands, fences

COMMANDS = commands()
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DEFAULT_MARKS: str = PROJECT["tool"]["pytest"]["ini_options"]["addopts"][-1]

QUICK = {
    "rnn_suite.report.results_table",
    "rnn_suite.report.search_table",
    "rnn_suite.report.search_plots",
    "rnn_suite.report.page",
    "tests/benchmarks/five_verdicts.py",
}
"""What is run as the documents say it: it takes seconds."""

MEANT = {"rnn_suite.gate": "tests/gate"}
"""What a wheel makes a package of; see `force-include` in pyproject.toml."""


OURS = re.compile(r"^(\.|\$\(echo \S+\.whl\))(?=\[|$)")
"""This project, as pip is told of it: the folder, or a wheel of it."""


def of(program: str) -> pytest.MarkDecorator:
    """Give a test each command of `program`, once where several documents have it."""
    found = {one.arguments: one for one in COMMANDS if one.program == program}
    return pytest.mark.parametrize("command", found.values(), ids=str)


@cache
def run(*arguments: str | Path, cwd: Path = ROOT, given: str = "") -> str:
    """Return what Python with these arguments prints, errors too; it has to end well."""
    # An outer pytest's settings are not a reader's.
    hidden = ("PYTEST_", "TOX_")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(hidden)}
    ended = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**environment, "PYTHONPATH": str(ROOT), "COLUMNS": "200"},
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    return ended.stdout


def test_every_command_is_of_a_kind_that_is_tested_here() -> None:
    known = {"pytest", "tox", "python", "pip", "ruff", "mypy", "git"}
    assert [str(one) for one in COMMANDS if one.program not in known] == []


@dataclass(frozen=True, slots=True)
class Picked:
    """Which tests a command of pytest asks for."""

    m: str
    k: str
    places: tuple[str, ...]

    @property
    def readers_file(self) -> str | None:
        """The file of the reader's own, if it names one."""
        return next((place for place in self.places if not (ROOT / place).exists()), None)


def parsed(command: Command) -> tuple[Picked, list[str]]:
    """Return which tests a command of pytest picks, and its other options."""
    words, places, options = list(command.arguments), [], []
    # Without -m there is the one of pyproject.toml.
    expressions = {"-m": DEFAULT_MARKS, "-k": ""}
    while words:
        word = words.pop(0)
        if word in expressions:
            expressions[word] = words.pop(0)
        elif word == "--pyargs":
            places.append(MEANT[words.pop(0)])
        elif not word.startswith("-"):
            places.append(word)
        else:
            options.append(word)
            if words and "=" not in word and not _is_option_or_place(words[0]):
                options.append(words.pop(0))
    return Picked(expressions["-m"], expressions["-k"], tuple(places)), options


def _is_option_or_place(word: str) -> bool:
    return word.startswith("-") or word.endswith(".py") or (ROOT / word).exists()


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """How many tests each command of pytest picks; all options of all of them are given at once."""
    ours = [one for one in COMMANDS if one.program == "pytest"]
    here = {str(one): one for one in ours if parsed(one)[0].readers_file is None}
    asked = [_asking(list(here.values()), ROOT, ROOT / "pyproject.toml", ["tests"])]
    for document in {one.document for one in ours if str(one) not in here}:
        folder = tmp_path_factory.mktemp("mine")
        (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        mine = [one for one in ours if str(one) not in here and one.document == document]
        # The document says what stands in the reader's file.
        text = next(f.text for f in fences(document) if "\ndef test_" in f.text)
        for name in {parsed(one)[0].readers_file for one in mine}:
            (folder / str(name)).write_text(text, encoding="utf-8")
        # Each document has a file of the same name.
        asked.append(
            _asking(mine, folder, folder / "pytest.ini", ["--import-mode=importlib", str(folder)])
        )
    found = collecting(asked)
    for status, said, _ in found:
        assert status == 0, said
    return {name: count for *_, counts in found for name, count in counts.items()}


def collecting(asked: list[dict[str, Any]]) -> list[tuple[int, str, dict[str, int]]]:
    """Return what `collecting.py` says of each."""
    said = run(ROOT / "tests" / "unit" / "collecting.py", given=json.dumps(asked))
    return [(status, words, counts) for status, words, counts in json.loads(said.splitlines()[-1])]


def _asking(
    asking: Sequence[Command], folder: Path, config: Path, places: list[str]
) -> dict[str, Any]:
    options = [word for one in asking for word in parsed(one)[1]]
    return {
        "options": [
            "--rootdir",
            str(folder),
            "-c",
            str(config),
            "-p",
            "no:cacheprovider",
            *options,
        ],
        "places": places,
        "selections": {
            str(one): {**asdict(picked), "places": [str(folder / place) for place in picked.places]}
            for one, picked in ((one, parsed(one)[0]) for one in asking)
        },
    }


@of("pytest")
def test_what_pytest_is_given_picks_tests_and_has_no_unknown_option(
    command: Command, collected: dict[str, int]
) -> None:
    assert collected[str(command)] > 0


def test_an_unknown_option_and_a_marker_that_picks_nothing_are_noticed() -> None:
    place = "tests/unit/test_findings.py"

    def asked(marker: str, *options: str) -> dict[str, Any]:
        selection = {"m": marker, "k": "", "places": [str(ROOT / place)]}
        return {"options": options, "places": [place], "selections": {"one": selection}}

    found = collecting([asked("not smoke"), asked("smoke"), asked("smoke", "--no-such-option")])
    assert [status for status, _, _ in found] == [0, 0, pytest.ExitCode.USAGE_ERROR]
    assert [counts.get("one", 0) > 0 for _, _, counts in found] == [True, False, False]


@cache
def tox_environments() -> str:
    """Return the settings of every environment that any command names, in tox's own words."""
    names = dict.fromkeys(
        name for one in COMMANDS if one.program == "tox" for name in environments(one)
    )
    return run("-m", "tox", "config", "-k", "commands", "--colored", "no", "-e", ",".join(names))


def environments(command: Command) -> list[str]:
    return command.arguments[command.arguments.index("-e") + 1].split(",")


@of("tox")
def test_tox_knows_the_environment_and_what_to_run_in_it(command: Command) -> None:
    settings = configparser.ConfigParser(interpolation=None)
    settings.read_string(tox_environments())
    for name in environments(command):
        assert settings[f"testenv:{name}"]["commands"].strip(), name


def test_tox_refuses_an_environment_that_it_does_not_know() -> None:
    with pytest.raises(AssertionError, match="tf999"):
        run("-m", "tox", "config", "-k", "commands", "-e", "artifacts-tf999")


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder that looks like this one, where commands may leave files.

    Its DIR holds a report's run, and `my-cluster` what a search leaves.
    """
    for name in ("baselines", "tests", "docs"):
        (tmp_path / name).symlink_to(ROOT / name)
    ended = RunReport(
        started="2026-11-25T04:00:00Z",
        written="2026-11-25T04:00:00Z",
        finished=True,
        answer=Answer(safety=Safety.NOT_KNOWN, line="Not known: nothing was compared."),
        header=(),
        versions=(),
        verdicts=(),
        unanswered=(),
        recorded=(),
        trained=(),
        told=(),
    )
    write_run(tmp_path / "DIR" / "verdicts.json", ended)
    recorded = read_json(ROOT / "baselines/smoke/standin/search/all.json")["measured"]
    write_json(tmp_path / "my-cluster" / "result.json", recorded["searches"][0])
    return tmp_path


@of("python")
def test_a_module_or_script_runs_or_has_a_help_that_knows_the_options(
    command: Command, elsewhere: Path
) -> None:
    words = list(command.arguments)
    name = words[1] if words[0] == "-m" else words[0]
    if name in QUICK:
        assert run(*words, cwd=elsewhere) or any(elsewhere.iterdir())
    else:
        shown = run(*words, "--help", cwd=elsewhere)
        options = [word.partition("=")[0] for word in words if word.startswith("--")]
        assert [option for option in options if option not in shown] == []


@of("pip")
def test_what_pip_installs_is_a_requirement_with_known_extras(command: Command) -> None:
    verb, *words = command.arguments
    assert verb in ("install", "wheel")
    requirements = [word for word in words if not word.startswith("-")]
    assert requirements
    known = PROJECT["project"]
    for word in requirements:
        requirement = Requirement(OURS.sub(known["name"], word))
        if requirement.name == known["name"]:
            assert requirement.extras <= set(known["optional-dependencies"])


@pytest.mark.parametrize(
    "command", [one for one in COMMANDS if one.program in ("ruff", "mypy")], ids=str
)
def test_tox_runs_the_checkers_that_are_told_of(command: Command) -> None:
    assert f"{command.program} {command.arguments[0]}" in (ROOT / "tox.ini").read_text()


@of("git")
def test_what_git_is_told_about_is_here(command: Command) -> None:
    paths = command.arguments[command.arguments.index("--") + 1 :]
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize(
    "fence",
    [
        f
        for document in DOCUMENTS
        for f in fences(document)
        if f.kind == "python" and not f.indented
    ],
    ids=lambda fence: fence.document.name,
)
def test_python_is_python_and_imports_what_there_is(fence: Fence) -> None:
    for node in ast.walk(ast.parse(fence.text)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("rnn_suite"):
            module = importlib.import_module(node.module)
            assert [name.name for name in node.names if not hasattr(module, name.name)] == []


def test_every_variable_that_is_named_is_read_somewhere() -> None:
    code = [ROOT / "tox.ini", *ROOT.glob("rnn_suite/**/*.py")]
    known = set(re.findall(r"RNN_SUITE_[A-Z_]+", "".join(path.read_text() for path in code)))
    for document in DOCUMENTS:
        named = set(re.findall(r"RNN_SUITE_[A-Z_]+", document.read_text(encoding="utf-8")))
        assert named <= known, document


def test_the_options_of_the_readme_are_those_of_the_plugin() -> None:
    shown = run("-m", "pytest", "--help").partition("\nrnn-suite: is it safe to upgrade?:\n")[2]
    options = set(re.findall(r"^  (--[\w-]+)", shown.partition("\n\n")[0], re.MULTILINE))
    assert "--corpus" in options
    table = (ROOT / "README.md").read_text().partition("\n| option | does |\n")[2]
    told = re.findall(r"^\| `(--[\w-]+)", table.partition("\n\n")[0], re.MULTILINE)
    assert set(told) == options


def test_every_file_that_the_documents_link_to_exists() -> None:
    for document in (*DOCUMENTS, ROOT / "CHANGELOG.md"):
        links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))
        missing = [link for link in links if not (document.parent / link).exists()]
        assert not missing, f"{document}: {missing}"


def test_the_index_lists_every_document() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    here = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert [name for name in here if f"({name})" not in index] == []


@pytest.fixture(scope="module")
def readme() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_results_table_is_what_its_command_prints(readme: str) -> None:
    table = "\n".join(results_table(ROOT / "baselines"))
    assert table.count("\n") > 1, "no accuracy baseline was found"
    assert table in readme


def test_the_machines_are_those_of_the_baselines(readme: str) -> None:
    found = machines(ROOT / "baselines")
    assert found
    for machine in found:
        assert machine in readme


def test_the_examples_of_verdicts_are_what_their_command_prints() -> None:
    printed = run("tests/benchmarks/five_verdicts.py")
    examples = re.findall(r": (.+)\n  Expected: .*\n  Received: (.+)\n", printed)
    told = (ROOT / "docs" / "deciding.md").read_text(encoding="utf-8")
    assert len({outcome for outcome, _ in examples}) == 5
    for outcome, received in examples:
        assert f"| {outcome} | {received} |" in told


def test_the_readmes_example_of_a_model_of_your_own_is_the_one_that_is_run() -> None:
    readme, page = (
        (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/own_model.md")
    )
    for marker in ("own model example", "own model commands"):
        block = re.compile(rf"<!-- {marker} -->\n```.*?```", re.DOTALL)
        (shown,), (run,) = block.findall(readme), block.findall(page)
        assert shown == run


def test_every_known_fault_stands_in_the_list_of_upstream_ones() -> None:
    rules = {
        one["finding"].partition(":")[0]
        for path in (ROOT / "baselines" / "rules").glob("*/*.json")
        for one in read_json(path)["gate"].get("known_faults", ())
    }
    text = (ROOT / "docs" / "upstream.md").read_text(encoding="utf-8")
    listed = text.partition("## Known on ")[2].partition("\n## ")[0]
    rows = [line.split("|") for line in listed.splitlines() if "| `" in line]
    assert {row[2].strip().strip("`") for row in rows} == rules
