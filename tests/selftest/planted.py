"""What a planted fault breaks: the rules of a topic, by name."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import keras
import pytest

from rnn_suite.checks.rules import run_rules
from rnn_suite.findings import AN_ANSWER
from tests.selftest.faults.plant import Wound, around

_IN_AN_ERROR = ", in an error"


def in_an_error(*rules: str) -> set[str]:
    """Return what `broken_rules` calls rules that ended in an error."""
    return {rule + _IN_AN_ERROR for rule in rules}


def broken_rules(topic: str, subject: str = "all") -> set[str]:
    """Run every rule of `topic` in this process and return the names of those that are broken.

    One that ended in an error is `in_an_error`: a fault that is planted wrongly raises one, too.
    """
    return {
        finding.name.partition(": ")[0] + (_IN_AN_ERROR if finding.expected == AN_ANSWER else "")
        for finding in run_rules(topic, subject).findings
        if not finding.holds
    }


def change_arguments(monkeypatch: pytest.MonkeyPatch, layer: str, **changed: Any) -> None:
    """Let the Keras layer class called `layer` take other values than it is given, or by default."""
    # Keras reads the signature of a layer's __init__, so that cannot be wrapped.
    original = getattr(keras.layers, layer)
    monkeypatch.setattr(
        keras.layers, layer, lambda *args, **kwargs: original(*args, **kwargs | changed)
    )


def wrap(monkeypatch: pytest.MonkeyPatch, owner: Any, method: str, wrapper: Any) -> None:
    """Let `owner.method` be `wrapper(original, self, ...)`."""
    around(owner, method, wrapper, put=monkeypatch.setattr)


def of_the_catalogue(wound: Wound, owner: Any, name: str) -> Callable[[pytest.MonkeyPatch], None]:
    """Return what plants a fault of the catalogue that wounds `owner.name` and nothing else."""

    @functools.wraps(wound)
    def plant(monkeypatch: pytest.MonkeyPatch) -> None:
        # Put back at the end, and with it whatever is planted over it.
        monkeypatch.setattr(owner, name, getattr(owner, name))
        wound(0.0)

    return plant
