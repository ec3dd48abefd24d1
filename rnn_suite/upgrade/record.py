"""What an upgrade run measured, on disk line by line, so that a run that is cut short leaves its evidence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rnn_suite.errors import FormatError
from rnn_suite.jsonable import append_line, to_jsonable


class Record:
    """A file of JSON lines that is only ever appended to."""

    def __init__(self, path: Path) -> None:
        """Make sure of its folder; the file comes with the first line.

        Raises:
            FormatError: if the folder cannot be made.
        """
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._unwritten(error) from error

    def append(self, **found: Any) -> None:
        """Add a line and wait until it is on the disk.

        Raises:
            FormatError: if it cannot be written.
        """
        try:
            line = json.dumps(to_jsonable(found), allow_nan=False)
        except ValueError as error:
            raise FormatError(f"{self.path}: not written: {error}") from error
        try:
            append_line(self.path, line)
        except OSError as error:
            raise self._unwritten(error) from error

    def _unwritten(self, error: OSError) -> FormatError:
        return FormatError(
            f"{self.path}: not written: {error.strerror}.\nNext: free some space, or let --runs name a "
            "folder that can be written"
        )
