"""IMDB movie reviews: find the file, read it safely, prepare it as Keras does.

Maas, Daly, Pham, Huang, Ng and Potts, "Learning Word Vectors for Sentiment Analysis", ACL 2011:
25,000 training and 25,000 test reviews, half of each positive.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from rnn_suite.data.dataset import Dataset
from rnn_suite.data.download import DownloadError, download
from rnn_suite.data.flat_cache import cache_folder, cache_path, load_flat, store_flat
from rnn_suite.data.preparation import prepare
from rnn_suite.data.reviews import Reviews, identify
from rnn_suite.data.safe_npz import read_splits
from rnn_suite.errors import CorpusError
from rnn_suite.experiment import CorpusConfig

# Where keras.datasets.imdb fetches the file, and the hash it pins.
URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/imdb.npz"
SHA256 = "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"

MAX_FILE_BYTES = 64 * 2**20
"""Largest file read; the real one has 17 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFile:
    """An `imdb.npz`: its bytes, read once, so that what was hashed is what is opened."""

    path: Path
    content: bytes
    sha256: str
    found: str
    """How it was found, in words for a person."""


def load(config: CorpusConfig) -> Dataset:
    """Return the reviews as `config` asks, from the first place of `find` that has them.

    The arithmetic is that of `keras.datasets.imdb.load_data` and `pad_sequences`, array for array.
    What was read once is kept in the suite's cache folder and opens in milliseconds afterwards.

    Raises:
        CorpusError: if the file is missing, damaged, has another schema, or cannot be downloaded;
            or if more reviews are asked for than there are.

    Warns:
        CacheWarning: if the cache folder cannot be written.
    """
    file = find()
    source = f"IMDB (Maas et al. 2011), {file.path}, {file.found}"
    return prepare(_read(file), config, source=source)


def locate() -> str:
    """Return where the file is and how it was found, in words for a person.

    Raises:
        CorpusError: as `find` does.
    """
    file = find()
    return f"{file.path}, {file.found}"


def _read(file: FoundFile) -> Reviews:
    # Keyed by the hash of the whole file: size and time of change can lie, and hashing takes 20 ms.
    flat = cache_path("imdb", file.sha256)
    kept = load_flat(flat, name="imdb")
    if kept is not None:
        return kept
    train, test = read_splits(file.content, name=str(file.path))
    identity = identify("imdb", train, test, sha256=file.sha256)
    reviews = Reviews(train=train, test=test, identity=identity)
    store_flat(flat, reviews)
    return reviews


def find(*, url: str = URL, sha256: str = SHA256) -> FoundFile:
    """Return the `imdb.npz` to read: the one named, else a cached one, else a downloaded one.

    1. `RNN_SUITE_IMDB`, where it is set: any file of the right schema, whatever its hash.
    2. `datasets/imdb.npz` in `KERAS_HOME`, else in `~/.keras`, if its hash is `sha256`.
    3. `imdb.npz` in the suite's cache folder, if its hash is `sha256`.
    4. A download from `url`, kept in the suite's cache folder.

    Raises:
        CorpusError: if `RNN_SUITE_IMDB` names no file that can be read; nothing else is tried then.
        DownloadError: if the file is in no cache and cannot be downloaded.
    """
    if named := os.environ.get("RNN_SUITE_IMDB"):
        path = Path(named).expanduser()
        content = _read_named(path)
        return FoundFile(
            path=path,
            content=content,
            sha256=hashlib.sha256(content).hexdigest(),
            found="named by RNN_SUITE_IMDB",
        )
    keras_home = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()
    ours = cache_folder() / "imdb.npz"
    refused = []
    for path, found in (
        (keras_home / "datasets" / "imdb.npz", "in Keras's cache"),
        (ours, "downloaded earlier"),
    ):
        try:
            cached = path.read_bytes()
        except FileNotFoundError:
            continue
        except OSError as error:
            refused.append(f"{path} cannot be read ({error.strerror})")
            continue
        received = hashlib.sha256(cached).hexdigest()
        if received == sha256:
            return FoundFile(path=path, content=cached, sha256=sha256, found=found)
        refused.append(f"{path} has the wrong sha256 {received}, expected {sha256}")
    try:
        content = download(url, sha256, ours)
    except DownloadError as error:
        raise DownloadError(url, "; ".join([error.cause, *refused])) from error
    return FoundFile(path=ours, content=content, sha256=sha256, found=f"downloaded from {url}")


def _read_named(path: Path) -> bytes:
    try:
        if path.is_file() and path.stat().st_size > MAX_FILE_BYTES:
            raise CorpusError(
                f"RNN_SUITE_IMDB names a file that is too large.\n"
                f"Expected: at most {MAX_FILE_BYTES} bytes\n"
                f"Received: {path} of {path.stat().st_size} bytes\n"
                "Let it name Keras's imdb.npz, which has 17 MB."
            )
        return path.read_bytes()
    except OSError as error:
        raise CorpusError(
            f"RNN_SUITE_IMDB names no file that can be read.\nExpected: the path of an imdb.npz\n"
            f"Received: {path} ({error.strerror})\n"
            "Correct it, or unset it to use Keras's cache or a download."
        ) from error
