"""What a fault is, and how one is planted in a library."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.selftest.faults.references import REFERENCES

Wound = Callable[[float], None]
"""Plants a fault; takes its size, which is 0 where it has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault that an upgrade may bring."""

    name: str
    told: str
    """In words, one sentence."""
    wound: Wound
    kind: str
    """Of which kind of harm it is."""
    sees: frozenset[str]
    """Questions of smoke, one of which at least must turn red; where it is harmless, those that may."""
    sizes: tuple[float, ...]
    """The sizes that are tried, the least harm first; one 0 where it has none."""
    unit: str
    """What a size is."""
    cell: str
    """The cell that it is tried on; the others of its kind are the same code."""
    after: str
    """The module that is wounded as soon as it is imported."""
    reference: str
    """Where something of the kind has really happened; empty where none was found."""
    harmless: bool
    """Whether a user gets the same all the same, so that nothing may turn red."""
    raises: bool
    """Whether a user gets an error; what else errors alone catch may be planted wrongly, and do no more."""


FAULTS: dict[str, Fault] = {}
"""Every fault, by name, once its module is imported."""


def fault(
    kind: str,
    *sees: str,
    sizes: tuple[float, ...] = (0.0,),
    unit: str = "",
    cell: str = "lstm",
    after: str = "keras",
    harmless: bool = False,
    raises: bool = False,
) -> Callable[[Wound], Wound]:
    """Enter a function into the table of faults; its docstring says what it does."""

    def enter(wound: Wound) -> Wound:
        name = wound.__name__
        FAULTS[name] = Fault(
            name=name,
            told=" ".join((wound.__doc__ or "").split()),
            wound=wound,
            kind=kind,
            sees=frozenset(sees),
            sizes=sizes,
            unit=unit,
            cell=cell,
            after=after,
            reference=REFERENCES.get(name, ""),
            harmless=harmless,
            raises=raises,
        )
        return wound

    return enter


def around(
    owner: Any,
    name: str,
    wrapper: Callable[..., Any],
    *,
    put: Callable[[Any, str, Any], None] = setattr,
) -> None:
    """Let `owner.name` be `wrapper(original, ...)`, with the signature that it had; `put` sets it."""
    original = getattr(owner, name)

    @functools.wraps(original)
    def wounded(*args: Any, **kwargs: Any) -> Any:
        return wrapper(original, *args, **kwargs)

    put(owner, name, wounded)


def change_signature_default(owner: Any, method: str, **changed: Any) -> None:
    """Let arguments of a method have other defaults."""

    def defaulted(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
        return original(self, *args, **changed | kwargs)

    around(owner, method, defaulted)
