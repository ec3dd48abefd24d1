"""Fetch one file of known hash: checked before anyone opens it, written whole or not at all."""

from __future__ import annotations

import hashlib
import http.client
import urllib.error
import urllib.request
from pathlib import Path

from rnn_suite.errors import CorpusError, FormatError
from rnn_suite.jsonable import write_atomically

TIMEOUT_SECONDS = 5.0
"""How long connecting may take, and any silence after that."""
MAX_BYTES = 64 * 2**20
"""Largest body accepted."""
_CHUNK_BYTES = 64 * 2**10


class DownloadError(CorpusError):
    """A file that could not be fetched, or is not the one that was asked for."""

    def __init__(self, url: str, cause: str) -> None:
        self.cause = cause
        """The cause alone, in one line."""
        super().__init__(
            f"IMDB could not be downloaded from {url}\nCause: {cause}\n"
            "Let RNN_SUITE_IMDB name an imdb.npz that is there already, or use --corpus standin, "
            "which needs no file and no network."
        )


def download(
    url: str, sha256: str, path: Path, *, timeout_seconds: float = TIMEOUT_SECONDS
) -> bytes:
    """Fetch `url`, verify its hash, keep it at `path`, and return the bytes.

    Proxies are taken from the environment, as urllib does. Progress is drawn on stderr where that
    is a terminal.

    Args:
        url: what is fetched; redirects are followed, and harmless since the hash decides.
        sha256: hash the body must have, in hexadecimal.
        path: where the body is kept, once it has that hash.
        timeout_seconds: how long connecting may take, and any silence after that.

    Raises:
        DownloadError: without a network, on an HTTP error, a stalled or cut-short body, one larger
            than `MAX_BYTES`, or another hash than `sha256`; and if `path` cannot be written.
    """
    try:
        body = _fetch(url, timeout_seconds)
    except urllib.error.HTTPError as error:
        error.close()
        raise DownloadError(url, f"the server answered {error.code} {error.reason}") from error
    except urllib.error.URLError as error:
        raise DownloadError(url, f"no connection: {error.reason}") from error
    except TimeoutError as error:
        raise DownloadError(url, f"the server sent nothing for {timeout_seconds:g} s") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise DownloadError(url, f"{type(error).__name__}: {error}") from error
    received = hashlib.sha256(body).hexdigest()
    if received != sha256:
        raise DownloadError(url, f"wrong sha256: expected {sha256}, received {received}")
    try:
        write_atomically(path, body)
    except FormatError as error:
        raise DownloadError(url, f"it came whole, but cannot be kept: {error}") from error
    return body


def _fetch(url: str, timeout_seconds: float) -> bytes:
    from tqdm import tqdm  # here, since most runs download nothing

    # The URL is Keras's own or a caller's, never something read from a file.
    with urllib.request.urlopen(url, timeout=timeout_seconds) as response:  # noqa: S310
        declared = response.headers.get("Content-Length")
        expected = int(declared) if declared else None
        body = bytearray()
        with tqdm(
            desc="imdb.npz", total=expected, unit="B", unit_scale=True, disable=None
        ) as progress:
            # read1 returns what has come, so that a silence is seen and progress moves.
            while chunk := response.read1(_CHUNK_BYTES):
                body += chunk
                progress.update(len(chunk))
                if len(body) > MAX_BYTES:
                    raise DownloadError(url, f"the body is larger than {MAX_BYTES} bytes")
    if expected is not None and len(body) != expected:
        raise DownloadError(url, f"cut short: {len(body)} of {expected} bytes came")
    return bytes(body)
