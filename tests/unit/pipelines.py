"""What GitHub and GitLab are told to do, read from the files that tell it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTION = ROOT / "action.yml"
GITLAB = ROOT / "docs" / "gitlab-ci.yml"
DOCUMENT = ROOT / "docs" / "ci.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a job or of the action."""

    where: str
    """File and job."""
    name: str
    """What it is called, else what it runs or uses."""
    run: str = ""
    """Its shell script."""
    uses: str = ""
    """The action that it uses instead."""
    inputs: dict[str, str] = field(default_factory=dict)
    """What that action is given, or the variables of the script."""

    def __str__(self) -> str:
        return f"{self.where}: {self.name}"


def read(path: Path) -> Any:
    """Return what a YAML file holds."""
    return YAML(typ="safe").load(path)


def steps() -> list[Step]:
    """Return every step of every workflow, also of those to copy, of the action and of GitLab's jobs."""
    return [*_of_workflows(), *_of_document(), *_of_action(), *_of_gitlab()]


def step(file: str, name: str) -> Step:
    """Return the one step of a file that has this name."""
    (found,) = (one for one in steps() if one.where.startswith(file) and one.name == name)
    return found


def _of_workflows() -> Iterator[Step]:
    for path in WORKFLOWS:
        yield from _of_workflow(path.name, read(path))


def _of_document() -> Iterator[Step]:
    text = DOCUMENT.read_text(encoding="utf-8")
    for block in re.findall(r"^```yaml\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        yield from _of_workflow(DOCUMENT.name, YAML(typ="safe").load(block))


def _of_workflow(file: str, content: Any) -> Iterator[Step]:
    for job, told in content["jobs"].items():
        yield from (_step(f"{file}, {job}", one) for one in told["steps"])


def _of_action() -> Iterator[Step]:
    yield from (_step(ACTION.name, one) for one in read(ACTION)["runs"]["steps"])


def _of_gitlab() -> Iterator[Step]:
    for job, content in read(GITLAB).items():
        if isinstance(content, dict) and "script" in content:
            yield Step(
                where=f"{GITLAB.name}, {job}", name="script", run="\n".join(content["script"])
            )


def _step(where: str, content: dict[str, Any]) -> Step:
    run, uses = content.get("run", ""), content.get("uses", "")
    return Step(
        where=where,
        name=content.get("name", run or uses),
        run=run,
        uses=uses,
        inputs=content.get("with", content.get("env", {})),
    )
