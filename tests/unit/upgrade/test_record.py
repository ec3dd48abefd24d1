from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from rnn_suite.errors import FormatError
from rnn_suite.upgrade.phases import Values
from rnn_suite.upgrade.record import Record


def lines(path: Path) -> list[object]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_each_thing_found_is_a_line_of_json(tmp_path: Path) -> None:
    record = Record(tmp_path / "runs" / "a.jsonl")
    record.append(set="first set", values={"build:lstm": [Values(old=(1.5,), new=(2.0, 3.0))]})
    record.append(seeds=[1, 2])
    assert lines(record.path) == [
        {"set": "first set", "values": {"build:lstm": [{"old": [1.5], "new": [2.0, 3.0]}]}},
        {"seeds": [1, 2]},
    ]


def test_lines_survive_a_process_that_is_killed_after_them(tmp_path: Path) -> None:
    program = (
        "import os, sys\nfrom pathlib import Path\nfrom rnn_suite.upgrade.record import Record\n"
        "record = Record(Path(sys.argv[1]))\nrecord.append(pair=1)\nrecord.append(pair=2)\n"
        "os.kill(os.getpid(), 9)"
    )
    path = tmp_path / "a.jsonl"
    ended = subprocess.run(
        [sys.executable, "-c", program, path], check=False, cwd=Path(__file__).parents[3]
    )
    assert ended.returncode == -9
    assert lines(path) == [{"pair": 1}, {"pair": 2}]


def test_what_stood_there_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    Record(path).append(pair=1)
    Record(path).append(pair=2)
    assert lines(path) == [{"pair": 1}, {"pair": 2}]


def test_nothing_is_written_before_something_is_found(tmp_path: Path) -> None:
    assert not Record(tmp_path / "a.jsonl").path.exists()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused_and_what_stood_there_untouched(
    tmp_path: Path, value: float
) -> None:
    record = Record(tmp_path / "a.jsonl")
    record.append(pair=1)
    with pytest.raises(FormatError, match="not JSON compliant"):
        record.append(values=[Values(old=(value,), new=(1.0,))])
    assert lines(record.path) == [{"pair": 1}]


def test_a_folder_that_cannot_be_made_is_an_error_with_its_remedy(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(FormatError) as caught:
        Record(tmp_path / "runs" / "sub" / "a.jsonl")
    assert str(caught.value) == (
        f"{tmp_path}/runs/sub/a.jsonl: not written: Not a directory.\n"
        "Next: free some space, or let --runs name a folder that can be written"
    )


def test_a_file_that_cannot_be_written_is_an_error_with_its_remedy(tmp_path: Path) -> None:
    record = Record(tmp_path / "a.jsonl")
    record.path.mkdir()
    with pytest.raises(FormatError, match=r"a\.jsonl: not written: Is a directory\.\nNext: free"):
        record.append(pair=1)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_an_error_with_its_remedy() -> None:
    with pytest.raises(FormatError, match="No space left on device"):
        Record(Path("/dev/full")).append(pair=1)
