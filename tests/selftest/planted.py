"""What a planted fault breaks: the rules of a topic, by name."""

from __future__ import annotations

import functools
from typing import Any

import keras
import pytest

from rnn_suite.checks.rules import run_rules


def broken_rules(topic: str, subject: str = "all") -> set[str]:
    """Run every rule of `topic` in this process and return the names of those that are broken."""
    findings = run_rules(topic, subject).findings
    return {finding.name.partition(": ")[0] for finding in findings if not finding.holds}


def change_arguments(monkeypatch: pytest.MonkeyPatch, layer: str, **changed: Any) -> None:
    """Let the Keras layer class called `layer` take other values than it is given, or by default."""
    # Keras reads the signature of a layer's __init__, so that cannot be wrapped.
    original = getattr(keras.layers, layer)
    monkeypatch.setattr(
        keras.layers, layer, lambda *args, **kwargs: original(*args, **kwargs | changed)
    )


def wrap(monkeypatch: pytest.MonkeyPatch, owner: Any, method: str, wrapper: Any) -> None:
    """Let `owner.method` be `wrapper(original, self, ...)`."""
    original = getattr(owner, method)

    @functools.wraps(original)
    def wounded(self: Any, *args: Any, **kwargs: Any) -> Any:
        return wrapper(original, self, *args, **kwargs)

    monkeypatch.setattr(owner, method, wounded)
