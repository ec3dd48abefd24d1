"""The commands that the documents tell a reader to type, wherever they stand in them."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

DOCUMENTS = tuple(
    ROOT / name
    for name in (
        *("README.md", "CONTRIBUTING.md", "baselines/README.md"),
        *sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("docs/*.md")),
    )
)

_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<kind>\w*)\n(?P<text>.*?)^ *```$", re.DOTALL | re.MULTILINE
)
_INLINE = re.compile(r"`([^`]+)`")
_VARIABLE = re.compile(r"[A-Z_]+=")
_HERE_DOCUMENT = re.compile(r" *<<'(\w+)'\n.*?\n\1$", re.DOTALL | re.MULTILINE)
_SHELL = ("sh", "shell", "bash", "console")
_OF_THE_SHELL = ("cd", "export", "unset", "wait")
_PROGRAMS = ("pytest", "tox", "python", "pip", "ruff", "mypy", "git")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """A block of code in a document."""

    document: Path
    kind: str
    """What stands behind its three marks."""
    text: str
    indented: bool
    """Whether it is part of a list, and may be a part of a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command of a document."""

    document: Path
    program: str
    """Without its folder and version: `venv/bin/python3` is `python`."""
    arguments: tuple[str, ...]
    """As the shell hands them over, without `...`."""

    def __str__(self) -> str:
        return f"{self.document.relative_to(ROOT)}: {shlex.join([self.program, *self.arguments])}"


def fences(document: Path) -> list[Fence]:
    """Return the blocks of code of a document."""
    return [
        Fence(
            document=document,
            kind=found["kind"],
            text=re.sub(rf"^{found['indent']}", "", found["text"], flags=re.MULTILINE),
            indented=bool(found["indent"]),
        )
        for found in _FENCE.finditer(document.read_text(encoding="utf-8"))
    ]


def commands() -> list[Command]:
    """Return every command of every document once, whether it stands in a block, a sentence or a table."""
    found = []
    for document in DOCUMENTS:
        for fence in fences(document):
            if fence.kind in _SHELL:
                text = _HERE_DOCUMENT.sub("", fence.text).replace("\\\n", " ")
                lines = [line for line in text.splitlines() if shlex.split(line, comments=True)]
                found += [
                    command(document, line) for line in lines if not line.endswith("python -")
                ]
        prose = _FENCE.sub("", document.read_text(encoding="utf-8"))
        for (span,) in (match.groups() for match in _INLINE.finditer(prose)):
            one = _command_in(document, " ".join(span.replace("\\|", "|").split()))
            # A program's name alone is told of, not typed.
            if (
                one is not None
                and one.program in _PROGRAMS
                and one.arguments not in ((), ("install",))
            ):
                found.append(one)
    return [one for one in dict.fromkeys(found) if one.program not in _OF_THE_SHELL]


def _command_in(document: Path, span: str) -> Command | None:
    try:
        return command(document, span)
    except ValueError:
        return None


def command(document: Path, line: str) -> Command:
    """Return what a line of shell runs.

    Raises:
        ValueError: if it runs nothing, or is no line of shell.
    """
    words = shlex.split(line, comments=True)
    while words and _VARIABLE.match(words[0]):
        words.pop(0)
    if not words:
        raise ValueError(f"no command: {line}")
    program, *arguments = words
    if _benchmark(program):
        program, arguments = "python", [f"tests/benchmarks/{program}", *arguments]
    return Command(
        document=document,
        program=_name(program),
        arguments=tuple(word for word in arguments if word not in ("...", "&")),
    )


def _name(program: str) -> str:
    return Path(program).name.removesuffix("3")


def _benchmark(word: str) -> bool:
    return word.endswith(".py") and (ROOT / "tests" / "benchmarks" / word).exists()
