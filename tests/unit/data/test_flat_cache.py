from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rnn_suite.data
from rnn_suite.data import imdb
from rnn_suite.data.flat_cache import CacheWarning, cache_folder, load_flat
from rnn_suite.experiment import CorpusConfig

pytestmark = pytest.mark.usefixtures("imdb_file")


def only_cache_file(tmp_path: Path) -> Path:
    (path,) = (tmp_path / "cache").iterdir()
    return path


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let reading the npz fail, so that only the flat cache can answer."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("the npz was read")

    monkeypatch.setattr(imdb, "read_splits", refuse)


def test_the_second_load_reads_the_flat_cache_and_gives_the_same(
    request: pytest.FixtureRequest,
) -> None:
    cold = imdb.load(CorpusConfig())
    request.getfixturevalue("unread")
    warm = imdb.load(CorpusConfig())
    assert np.array_equal(cold.x_train, warm.x_train)
    assert np.array_equal(cold.x_test, warm.x_test)
    assert (cold.identity, cold.source) == (warm.identity, warm.source)


def test_a_changed_source_of_the_same_size_and_time_is_read_anew(
    write_imdb: Callable[..., Path], members: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_imdb()
    monkeypatch.setenv("RNN_SUITE_IMDB", str(path))
    old, stat = imdb.load(CorpusConfig()).y_train, path.stat()
    write_imdb(y_train=1 - members["y_train"])
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert np.array_equal(imdb.load(CorpusConfig()).y_train, 1 - old)


def test_a_flat_cache_damaged_anywhere_is_rebuilt(tmp_path: Path) -> None:
    sound = imdb.load(CorpusConfig())
    path = only_cache_file(tmp_path)
    content = path.read_bytes()
    for position in range(0, len(content), 101):
        damaged = bytearray(content)
        damaged[position] ^= 0xFF
        path.write_bytes(damaged)
        again = imdb.load(CorpusConfig())
        assert np.array_equal(again.x_train, sound.x_train)
        assert np.array_equal(again.y_test, sound.y_test)
        assert again.identity == sound.identity


@pytest.mark.parametrize("length", [0, 1, 1_000])
def test_a_flat_cache_cut_short_is_rebuilt(tmp_path: Path, length: int) -> None:
    sound = imdb.load(CorpusConfig())
    path = only_cache_file(tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[:length])
    assert np.array_equal(imdb.load(CorpusConfig()).x_train, sound.x_train)
    assert path.read_bytes() == content


def test_a_flat_cache_whose_arrays_do_not_belong_together_is_refused(tmp_path: Path) -> None:
    imdb.load(CorpusConfig())
    path = only_cache_file(tmp_path)
    with np.load(path, allow_pickle=False) as arrays:
        kept = dict(arrays)
    assert load_flat(path, name="imdb") is not None
    for name, wrong in (
        ("train_tokens", kept["train_tokens"][:-1]),
        ("test_labels", kept["test_labels"][:-1]),
        ("test_offsets", kept["test_offsets"][::-1]),
        ("train_labels", kept["train_labels"].astype(np.int8)),
    ):
        np.savez(path, **{**kept, name: wrong})
        assert load_flat(path, name="imdb") is None, name


def test_a_flat_cache_holds_no_pickle(tmp_path: Path) -> None:
    imdb.load(CorpusConfig())
    with np.load(only_cache_file(tmp_path), allow_pickle=False) as arrays:
        assert all(array.dtype != object for array in arrays.values())


def test_a_cache_folder_that_cannot_be_written_is_a_warning_with_folder_and_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("RNN_SUITE_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.warns(CacheWarning, match="RNN_SUITE_CACHE") as caught:
        dataset = imdb.load(CorpusConfig())
    assert str(tmp_path / "file" / "cache") in str(caught[0].message)
    assert dataset.x_train.shape == (40, 500)


def test_a_full_disk_is_a_warning_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.warns(CacheWarning, match="No space left"):
        imdb.load(CorpusConfig())
    assert list((tmp_path / "cache").iterdir()) == []


def test_processes_that_fill_one_cold_cache_at_once_agree(tmp_path: Path) -> None:
    script = (
        "import json; from rnn_suite.data import imdb; from rnn_suite.experiment import *;"
        "d = imdb.load(CorpusConfig(maxlen=20)); print(json.dumps(d.x_train.tolist()))"
    )
    root = str(Path(rnn_suite.data.__file__).parents[2])
    running = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", script],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": root},
        )
        for _ in range(3)
    ]
    outputs = [process.communicate(timeout=60)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0]
    expected = imdb.load(CorpusConfig(maxlen=20)).x_train.tolist()
    assert [json.loads(output) for output in outputs] == [expected] * 3
    assert only_cache_file(tmp_path).suffix == ".npz"


def test_the_cache_folder_follows_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cache_folder() == tmp_path / "cache"
    monkeypatch.delenv("RNN_SUITE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "rnn_suite"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "rnn_suite"
