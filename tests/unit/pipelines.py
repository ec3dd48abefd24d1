"""What GitHub and GitLab are told to do, read from the files that tell it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTION = ROOT / "action.yml"
GITLAB = ROOT / "docs" / "gitlab-ci.yml"


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
    """Return every step of every workflow and of the action, and the scripts of GitLab's jobs."""
    return [*_of_workflows(), *_of_action(), *_of_gitlab()]


def step(file: str, name: str) -> Step:
    """Return the one step of a file that has this name."""
    (found,) = (one for one in steps() if one.where.startswith(file) and one.name == name)
    return found


def _of_workflows() -> Iterator[Step]:
    for path in WORKFLOWS:
        for job, content in read(path)["jobs"].items():
            yield from (_step(f"{path.name}, {job}", one) for one in content["steps"])


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
