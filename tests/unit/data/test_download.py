from __future__ import annotations

import hashlib
import io
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from rnn_suite.data import download as download_module
from rnn_suite.data import imdb
from rnn_suite.data.download import DownloadError, download
from rnn_suite.errors import CorpusError

BODY = bytes(range(256)) * 1_000
SHA256 = hashlib.sha256(BODY).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    """Answers each path with one kind of good or bad behaviour."""

    released: threading.Event

    def do_GET(self) -> None:
        if self.path == "/missing":
            self.send_error(404)
            return
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/whole")
            self.end_headers()
            return
        if self.path == "/silent":
            self.released.wait(20)
            return
        self.send_response(200)
        if self.path != "/unmeasured":
            self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        if self.path in ("/cut", "/stalled"):
            self.wfile.write(BODY[:1_000])
            self.wfile.flush()
            if self.path == "/stalled":
                self.released.wait(20)
            return
        self.wfile.write(BODY)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's name
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    _Handler.released = threading.Event()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        _Handler.released.set()
        running.shutdown()
        thread.join()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "new" / "imdb.npz"


@pytest.mark.parametrize("path", ["whole", "unmeasured", "moved"])
def test_a_file_with_the_right_hash_is_returned_and_kept(
    server: str, target: Path, path: str
) -> None:
    assert download(f"{server}/{path}", SHA256, target) == BODY
    assert target.read_bytes() == BODY
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize(
    ("path", "cause"),
    [
        ("missing", "the server answered 404"),
        ("cut", f"cut short: 1000 of {len(BODY)} bytes"),
        ("stalled", "the server sent nothing for 0.3 s"),
        ("silent", "(timed out|sent nothing)"),
    ],
)
def test_a_bad_answer_is_one_error_with_url_cause_and_remedy_and_nothing_is_kept(
    server: str, target: Path, path: str, cause: str
) -> None:
    with pytest.raises(DownloadError, match=cause) as caught:
        download(f"{server}/{path}", SHA256, target, timeout_seconds=0.3)
    for part in (f"{server}/{path}", "RNN_SUITE_IMDB", "--corpus standin"):
        assert part in str(caught.value)
    assert isinstance(caught.value, CorpusError)
    assert not target.exists()


def test_another_hash_is_an_error_with_both_hashes_and_nothing_is_kept(
    server: str, target: Path
) -> None:
    with pytest.raises(DownloadError, match=f"expected {'0' * 64}, received {SHA256}"):
        download(f"{server}/whole", "0" * 64, target)
    assert not target.exists()


def test_an_earlier_file_survives_a_failed_download(server: str, target: Path) -> None:
    target.parent.mkdir()
    target.write_bytes(b"earlier")
    with pytest.raises(DownloadError):
        download(f"{server}/cut", SHA256, target)
    assert target.read_bytes() == b"earlier"


def test_no_connection_is_an_error_with_its_cause_in_one_line(target: Path) -> None:
    with pytest.raises(DownloadError, match="Connection refused") as caught:
        download("http://127.0.0.1:9/imdb.npz", SHA256, target)
    assert "\n" not in caught.value.cause


def test_a_body_beyond_the_bound_is_not_read_to_its_end(
    server: str, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download_module, "MAX_BYTES", 1_000)
    with pytest.raises(DownloadError, match="larger than 1000 bytes"):
        download(f"{server}/unmeasured", SHA256, target)


def test_a_folder_that_cannot_be_written_is_an_error(server: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DownloadError, match="cannot be kept"):
        download(f"{server}/whole", SHA256, tmp_path / "file" / "imdb.npz")


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_drawn_on_a_terminal_and_nowhere_else(
    server: str, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for stream, drawn in ((_Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setattr(sys, "stderr", stream)
        download(f"{server}/whole", SHA256, target)
        assert ("imdb.npz" in stream.getvalue()) is drawn


def test_find_downloads_once_and_reads_the_kept_file_from_then_on(
    server: str, tmp_path: Path
) -> None:
    first = imdb.find(url=f"{server}/whole", sha256=SHA256)
    assert (first.path, first.content) == (tmp_path / "cache" / "imdb.npz", BODY)
    again = imdb.find(url=f"{server}/missing", sha256=SHA256)
    assert (again.content, again.found) == (BODY, "downloaded earlier")
