"""Does a wheel carry all that the gate needs where there is no checkout?"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRINT_FOLDERS = """
from rnn_suite.plugin.gate import baselines_folder

def test_print(request):
    for profile in ("smoke", "my_own"):
        print(f"in <{baselines_folder(request.config, profile)}>")
"""

RUN_EACH = """
import os, sys, pytest

for case in sys.argv[1:]:
    folder, *options = case.split()
    os.chdir(folder)
    assert pytest.main(["-q", "-s", *options]) == 0
"""


def python(*words: str | Path, folder: Path, path: Path | None = None) -> str:
    """Run this Python in `folder`, with what is installed in `path` before all else, and return its words."""
    variables = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    if path is not None:
        variables["PYTHONPATH"] = str(path)
    ended = subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built with what is installed here."""
    made = tmp_path_factory.mktemp("wheel")
    options = ("--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", made)
    python("-m", "pip", "wheel", *options, ROOT, folder=made)
    (path,) = made.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel installed in it."""
    folder = tmp_path_factory.mktemp("installed")
    options = ("--no-deps", "--no-index", "--no-compile", "--target", folder)
    python("-m", "pip", "install", *options, wheel, folder=folder)
    return folder


def files(folder: Path) -> set[str]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(f.relative_to(folder)) for f in found if "__pycache__" not in f.parts}


def test_the_wheel_holds_the_package_the_gates_tests_and_the_baselines(wheel: Path) -> None:
    expected = {f"rnn_suite/{name}" for name in files(ROOT / "rnn_suite")}
    expected |= {f"rnn_suite/gate/{name}" for name in files(ROOT / "tests" / "gate")}
    expected |= {f"rnn_suite/recorded/{name}" for name in files(ROOT / "baselines")}
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert held == expected


def collected(*words: str | Path, folder: Path, path: Path | None = None) -> list[str]:
    """Return the tests that are found, without the folders they lie in."""
    options = ("--collect-only", "-q", "-m", "smoke", "-p", "no:cacheprovider")
    printed = python("-m", "pytest", *options, *words, folder=folder, path=path)
    return [line.rpartition("/")[2] for line in printed.splitlines() if "::" in line]


@pytest.fixture(scope="module")
def asked_here() -> list[str]:
    """The tests that the checkout finds."""
    found = collected("tests/gate", folder=ROOT)
    assert found
    return found


def test_the_installed_gate_asks_what_the_checkout_asks(
    installed: Path, asked_here: list[str], tmp_path: Path
) -> None:
    found = collected("--pyargs", "rnn_suite.gate", folder=tmp_path, path=installed)
    assert found == asked_here


def test_settings_and_tests_of_another_project_leave_the_gate_as_it_is(
    installed: Path, asked_here: list[str], tmp_path: Path
) -> None:
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\naddopts = --strict-markers --strict-config --import-mode=prepend\n"
        "testpaths = theirs\nfilterwarnings = error\nxfail_strict = true\n"
    )
    (tmp_path / "conftest.py").write_text("import pytest\n")
    (tmp_path / "test_search.py").write_text("def test_theirs():\n    pass\n")
    words = ("test_search.py", "--pyargs", "rnn_suite.gate")
    assert collected(*words, folder=tmp_path, path=installed) == asked_here


def test_the_installed_gate_compares_with_the_baselines_it_brought(
    installed: Path, tmp_path: Path
) -> None:
    only = ("-m", "smoke", "-k", "recorded_number_of_parameters and lstm", "--corpus=standin")
    words = ("-m", "pytest", "--pyargs", "rnn_suite.gate", *only)
    printed = python(*words, folder=tmp_path, path=installed)
    assert "Safe: no regression in 1 comparison" in printed
    assert not (tmp_path / "baselines").exists()


def test_baselines_are_the_projects_where_it_has_any_of_a_profile(
    installed: Path, tmp_path: Path
) -> None:
    brought, cases, expected = f"{installed}/rnn_suite/recorded", [], []
    for name, kept, options, smoke, own in (
        ("has_none", "", "", brought, "ROOT/baselines"),
        ("has_others", "my_own", "", brought, "ROOT/baselines"),
        ("has_it", "smoke", "", "ROOT/baselines", "ROOT/baselines"),
        ("named", "", "--baselines=elsewhere", "ROOT/elsewhere", "ROOT/elsewhere"),
        # What is installed is never written to.
        ("records", "", "--update-baselines", "ROOT/baselines", "ROOT/baselines"),
    ):
        root = tmp_path / name
        (root / "baselines" / kept).mkdir(parents=True)
        (root / f"test_{name}.py").write_text(PRINT_FOLDERS)
        cases.append(f"{root} --rootdir={root} test_{name}.py {options}")
        expected += [folder.replace("ROOT", str(root)) for folder in (smoke, own)]
    printed = python("-c", RUN_EACH, *cases, folder=tmp_path, path=installed)
    assert re.findall(r"in <(.*)>", printed) == expected
