from __future__ import annotations

import platform
from importlib import metadata

import pytest

from rnn_suite import environment
from rnn_suite.environment import describe_environment, library_versions
from rnn_suite.jsonable import from_jsonable, to_jsonable
from rnn_suite.results import Environment


def test_the_fingerprint_names_the_versions_that_are_imported() -> None:
    import keras
    import numpy as np
    import tensorflow as tf

    found = describe_environment()
    assert (found.tensorflow, found.keras) == (tf.__version__, keras.__version__)
    assert (found.numpy, found.python) == (np.__version__, platform.python_version())


def test_the_fingerprint_describes_the_machine() -> None:
    found = describe_environment()
    assert found.system == f"{platform.system()} {platform.machine()}"
    assert found.cores >= 1
    assert found.memory_gib >= 1
    assert found.processor


def test_two_fingerprints_of_one_process_are_equal() -> None:
    assert describe_environment() == describe_environment()


def test_the_fingerprint_outlives_a_file() -> None:
    found = describe_environment()
    assert from_jsonable(Environment, to_jsonable(found), where="here") == found


def test_the_settings_that_change_arithmetic_and_threads_are_part_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    assert describe_environment().onednn == "default"
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "1")
    found = describe_environment()
    assert found.onednn == "0"
    assert found.threads == 1


def test_a_library_that_is_absent_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", absent)
    assert set(library_versions().values()) == {"not installed"}


def test_every_distribution_of_tensorflow_is_recognised(monkeypatch: pytest.MonkeyPatch) -> None:
    def only_cpu(name: str) -> str:
        if name != "tensorflow-cpu":
            raise metadata.PackageNotFoundError(name)
        return "2.99.0"

    monkeypatch.setattr(metadata, "version", only_cpu)
    assert environment.library_versions()["tensorflow"] == "2.99.0"
