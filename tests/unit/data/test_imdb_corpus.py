from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rnn_suite.data import imdb
from rnn_suite.data.download import DownloadError
from rnn_suite.errors import CorpusError
from rnn_suite.experiment import CorpusConfig

NOWHERE = "http://127.0.0.1:9/imdb.npz"


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_url_and_hash_are_those_keras_pins() -> None:
    import inspect

    import keras.src.datasets.imdb as keras_imdb

    source = inspect.getsource(keras_imdb.load_data)
    assert imdb.SHA256 in source
    assert imdb.URL.removesuffix("imdb.npz") in source


def test_a_named_file_is_taken_whatever_its_hash(imdb_file: Path) -> None:
    file = imdb.find()
    assert (file.path, file.sha256) == (imdb_file, sha256(imdb_file))
    assert "RNN_SUITE_IMDB" in file.found


def test_a_tilde_in_the_named_path_is_the_home_folder(
    imdb_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(imdb_file.parent))
    monkeypatch.setenv("RNN_SUITE_IMDB", "~/imdb.npz")
    assert imdb.find().path == imdb_file


@pytest.mark.parametrize("wrong", ["missing.npz", "."])
def test_a_named_path_that_is_no_file_is_an_error_though_keras_has_one(
    write_imdb: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    (tmp_path / "keras" / "datasets").mkdir(parents=True)
    path = write_imdb("keras/datasets/imdb.npz")
    monkeypatch.setenv("RNN_SUITE_IMDB", str(tmp_path / wrong))
    with pytest.raises(CorpusError, match=r"(?s)RNN_SUITE_IMDB.*Expected: .*Received: .*unset"):
        imdb.find(sha256=sha256(path))


@pytest.mark.usefixtures("imdb_file")
def test_a_named_file_beyond_the_size_bound_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imdb, "MAX_FILE_BYTES", 100)
    with pytest.raises(CorpusError, match="too large"):
        imdb.find()


def test_the_file_in_keras_cache_is_taken_if_its_hash_is_right(
    write_imdb: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "keras" / "datasets").mkdir(parents=True)
    path = write_imdb("keras/datasets/imdb.npz")
    file = imdb.find(url=NOWHERE, sha256=sha256(path))
    assert (file.path, file.found) == (path, "in Keras's cache")


def test_a_file_in_keras_cache_with_another_hash_is_not_opened_and_the_error_says_so(
    tmp_path: Path,
) -> None:
    (tmp_path / "keras" / "datasets").mkdir(parents=True)
    (tmp_path / "keras" / "datasets" / "imdb.npz").write_bytes(b"not Keras's")
    with pytest.raises(DownloadError, match=r"keras/datasets/imdb\.npz has the wrong sha256"):
        imdb.find(url=NOWHERE)


def test_what_was_downloaded_earlier_is_taken_if_its_hash_is_right(
    write_imdb: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "cache").mkdir()
    path = write_imdb("cache/imdb.npz")
    assert imdb.find(url=NOWHERE, sha256=sha256(path)).path == path


@pytest.mark.usefixtures("imdb_file")
def test_identity_counts_whole_splits_and_a_start_token_a_review(members: dict[str, Any]) -> None:
    config = CorpusConfig(maxlen=3, train_samples=2, test_samples=2, num_words=10)
    identity = imdb.load(config).identity
    assert (identity.name, identity.train_reviews, identity.test_reviews) == ("imdb", 40, 30)
    assert identity.train_tokens == sum(map(len, members["x_train"])) + 40
    assert identity.test_tokens == sum(map(len, members["x_test"])) + 30


def test_identity_hash_is_that_of_the_file_and_not_of_what_was_read(imdb_file: Path) -> None:
    assert imdb.load(CorpusConfig()).identity.sha256 == sha256(imdb_file)


@pytest.mark.usefixtures("imdb_file")
def test_identity_is_the_same_whatever_the_configuration_and_the_cache() -> None:
    cold = imdb.load(CorpusConfig(num_words=20, start_char=0)).identity
    warm = imdb.load(CorpusConfig(shuffle_seed=1, train_samples=5)).identity
    assert cold == warm


def test_identity_differs_if_one_word_does(
    write_imdb: Callable[..., Path], members: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RNN_SUITE_IMDB", str(write_imdb("a.npz")))
    ours = imdb.load(CorpusConfig()).identity
    next(review for review in members["x_test"] if review)[0] += 1
    monkeypatch.setenv("RNN_SUITE_IMDB", str(write_imdb("b.npz")))
    assert imdb.load(CorpusConfig()).identity.sha256 != ours.sha256


def test_source_names_paper_and_file(imdb_file: Path) -> None:
    source = imdb.load(CorpusConfig()).source
    assert "Maas et al. 2011" in source
    assert str(imdb_file) in source


@pytest.mark.usefixtures("real_imdb")
def test_the_real_file_has_the_published_counts() -> None:
    identity = imdb.load(CorpusConfig(train_samples=2, test_samples=2)).identity
    assert (identity.train_reviews, identity.test_reviews) == (25_000, 25_000)
    assert identity.train_tokens / 25_000 == pytest.approx(238.71364)
    assert identity.test_tokens / 25_000 == pytest.approx(230.80432)
