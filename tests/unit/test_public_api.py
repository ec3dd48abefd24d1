from __future__ import annotations

import subprocess
import sys
from importlib import metadata

import rnn_suite

LIGHT = (
    "rnn_suite",
    "rnn_suite.models",
    "rnn_suite.data",
    "rnn_suite.baselines",
    "rnn_suite.looks",
    "rnn_suite.runs",
    "rnn_suite.environment",
    "rnn_suite.workbench",
    "rnn_suite.report.terminal",
    "rnn_suite.report.progress",
    "rnn_suite.plugin",
)


def test_nothing_but_training_and_its_neighbours_imports_tensorflow_or_keras() -> None:
    program = f"""
import importlib, sys
for name in {LIGHT}:
    importlib.import_module(name)
    for heavy in ("tensorflow", "keras", "keras_tuner"):
        if heavy in sys.modules:
            sys.exit(f"{{name}} imports {{heavy}}")
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_importing_the_package_alone_brings_neither_numpy_nor_scipy() -> None:
    program = "import sys, rnn_suite; print(*[m for m in ('numpy', 'scipy') if m in sys.modules])"
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ended.stdout.split() == []


def test_every_public_name_is_there() -> None:
    assert [name for name in rnn_suite.__all__ if not hasattr(rnn_suite, name)] == []


def test_the_public_names_are_sorted() -> None:
    assert rnn_suite.__all__ == sorted(rnn_suite.__all__)


def test_the_version_is_that_of_the_installed_distribution() -> None:
    assert metadata.version("rnn-suite") == rnn_suite.__version__


def test_the_package_carries_its_type_hints() -> None:
    files = metadata.files("rnn-suite") or []
    editable = any(file.name.endswith(".pth") for file in files)
    assert editable or any(file.match("rnn_suite/py.typed") for file in files)
