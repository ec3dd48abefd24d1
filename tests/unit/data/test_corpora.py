from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import rnn_suite.data
from rnn_suite.data import CORPORA, choose_corpus, imdb, load
from rnn_suite.errors import CorpusError, UnknownNameError
from rnn_suite.experiment import profile_experiment


def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    find = imdb.find
    monkeypatch.setattr(imdb, "find", lambda: find(url="http://127.0.0.1:9/imdb.npz"))


def test_every_row_is_keyed_by_its_name_and_described_in_one_line() -> None:
    for name, corpus in CORPORA.items():
        assert corpus.name == name
        assert corpus.description
        assert "\n" not in corpus.description


def test_load_takes_the_corpus_the_experiment_names() -> None:
    dataset = load(profile_experiment("smoke", corpus="standin", cell="lstm"))
    assert dataset.identity.name == "standin"
    assert dataset.x_train.shape == (8_000, 100)
    assert dataset.x_test.shape == (4_000, 100)


def test_an_unknown_corpus_is_an_error_that_lists_the_known() -> None:
    with pytest.raises(UnknownNameError, match=r"(?s)corpus.*imdb, standin.*'imbd'"):
        load(profile_experiment("smoke", corpus="imbd", cell="lstm"))
    with pytest.raises(UnknownNameError, match=r"(?s)corpus.*auto, imdb, standin.*'imbd'"):
        choose_corpus("imbd")


def test_the_standin_asked_for_by_name_looks_for_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RNN_SUITE_IMDB", "/nowhere")
    assert choose_corpus("standin").name == "standin"


def test_imdb_asked_for_by_name_is_one_error_at_once_where_it_cannot_be_had(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    offline(monkeypatch)
    with pytest.raises(CorpusError, match="Connection refused"):
        choose_corpus("imdb")


def test_imdb_asked_for_by_name_says_where_it_is(imdb_file: Path) -> None:
    choice = choose_corpus("imdb")
    assert choice.reason == f"asked for by name, {imdb_file}, named by RNN_SUITE_IMDB"


def test_auto_is_imdb_where_the_environment_names_it(imdb_file: Path) -> None:
    choice = choose_corpus("auto")
    assert choice.name == "imdb"
    assert choice.reason == f"{imdb_file}, named by RNN_SUITE_IMDB"


def test_auto_is_an_error_where_the_environment_names_no_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RNN_SUITE_IMDB", "/nowhere/imdb.npz")
    with pytest.raises(CorpusError, match=r"/nowhere/imdb\.npz"):
        choose_corpus("auto")


def test_auto_is_imdb_where_keras_has_cached_it(
    write_imdb: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "keras" / "datasets").mkdir(parents=True)
    path = write_imdb("keras/datasets/imdb.npz")
    find, sha256 = imdb.find, hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setattr(imdb, "find", lambda: find(sha256=sha256))
    assert choose_corpus("auto").name == "imdb"


def test_auto_is_the_standin_without_a_network_and_says_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    offline(monkeypatch)
    choice = choose_corpus("auto")
    assert choice.name == "standin"
    assert choice.reason.startswith("IMDB could not be downloaded: ")
    assert "Connection refused" in choice.reason
    assert "\n" not in choice.reason


def test_importing_the_corpora_imports_neither_tensorflow_nor_keras() -> None:
    script = "import sys, rnn_suite.data; print({'keras', 'tensorflow'} & set(sys.modules))"
    root = str(Path(rnn_suite.data.__file__).parents[2])
    printed = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        check=True,
        text=True,
        env={**os.environ, "PYTHONPATH": root},
    ).stdout
    assert printed.strip() == "set()"
