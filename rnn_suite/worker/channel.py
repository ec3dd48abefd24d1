"""The worker's end of the line: requests in, answers out, each one line of JSON."""

from __future__ import annotations

import json
from typing import Any, TextIO

Request = dict[str, Any]
"""What is asked for, under `do`, and with what."""


class Channel:
    """Reads requests and writes answers."""

    def __init__(self, requests: TextIO, answers: TextIO) -> None:
        self._requests, self._answers = requests, answers

    def receive(self) -> Request | None:
        """Wait for the next request and return it; None when there will be no more."""
        line = self._requests.readline()
        if not line:
            return None
        request: Request = json.loads(line)
        return request

    def done(self, **found: Any) -> None:
        """Answer with what was found."""
        self._send({"done": found})

    def failed(self, words: str) -> None:
        """Answer that it could not be done, and why."""
        self._send({"failed": words})

    def _send(self, answer: dict[str, Any]) -> None:
        self._answers.write(json.dumps(answer) + "\n")
        self._answers.flush()
