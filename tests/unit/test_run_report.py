from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rnn_suite.errors import FormatError
from rnn_suite.run_report import read_run, write_run
from tests.unit.report.test_summary import run
from tests.unit.report.verdicts import PASS, REGRESSED


def test_a_run_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    found = run(PASS, REGRESSED)
    write_run(tmp_path / "verdicts.json", found)
    assert read_run(tmp_path / "verdicts.json") == found


@pytest.mark.parametrize("schema", [0, 2, "1", None, True])
def test_another_schema_is_refused_by_name(tmp_path: Path, schema: Any) -> None:
    path = tmp_path / "verdicts.json"
    write_run(path, run(PASS))
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema": schema}))
    with pytest.raises(
        FormatError, match=rf"verdicts.json: .*\nExpected: schema 1\nReceived: {schema!r}"
    ):
        read_run(path)


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"schema": 1}', '{"schema": 1, "verdicts": 3}']
)
def test_a_damaged_file_is_refused_by_name(tmp_path: Path, content: str) -> None:
    path = tmp_path / "verdicts.json"
    path.write_text(content)
    with pytest.raises(FormatError, match=r"verdicts\.json"):
        read_run(path)
