"""A folder in which a step runs as on GitHub, with a `gh` that notes what it is asked for."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

from tests.unit.pipelines import ROOT, step

# As GitHub starts `shell: bash`.
BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")
GH = f"""#!{sys.executable}
import json, os, sys
from pathlib import Path

here = Path(os.environ["GH_FOLDER"])
words = sys.argv[1:]
with open(here / "calls", "a") as calls:
    print(json.dumps(words), file=calls)
if words[:2] == ["run", "download"]:
    sys.exit(0 if "RUNNER_TEMP" in os.environ and (here / "temp" / "reports").exists() else 1)
elif words[:2] == ["issue", "list"]:
    print((here / "issues.json").read_text())
elif words[0] == "api" and words[-1].endswith("/comments"):
    print((here / "comments.json").read_text())
elif words[0] == "api" and "repos/o/r/pulls" in words:
    print((here / "pulls.json").read_text())
elif words[0] == "api":
    print('{{"html_url": "https://example.invalid/1"}}')
"""

needs_jq = pytest.mark.skipif(shutil.which("jq") is None, reason="GitHub's machines have jq")


class Runner:
    """That folder, and what GitHub knows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.temp = folder / "temp"
        self.temp.mkdir()
        (folder / "bin").mkdir()
        self.program("gh", GH)
        self.have("pulls", [{"number": 7, "head": {"sha": "c0ffee"}}])
        self.have("comments", [])
        self.have("issues", [])

    def program(self, name: str, script: str) -> None:
        """Let the step find this program before all others."""
        path = self.folder / "bin" / name
        path.write_text(script)
        path.chmod(0o755)

    def have(self, name: str, content: Any) -> None:
        """Let GitHub know these pull requests, comments or issues."""
        (self.folder / f"{name}.json").write_text(json.dumps(content))

    def report(self, folder: Path, safety: str, **differing: Any) -> None:
        """Leave a report with this answer, of one question that was compared unless said otherwise."""
        folder.mkdir(parents=True)
        verdicts = {
            "finished": True,
            "answer": {"safety": safety, "line": f"It is {safety}."},
            "unanswered": [],
            "verdicts": [{"verdict": {"outcome": "inconclusive"}}],
        }
        (folder / "verdicts.json").write_text(json.dumps(verdicts | differing))
        (folder / "summary.md").write_text(f"# It is {safety}\n")

    def run(self, file: str, name: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the script of a step."""
        environment = {
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "GH_FOLDER": str(self.folder),
            "GH_REPO": "o/r",
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_WORKSPACE": str(self.folder),
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_OUTPUT": str(self.folder / "outputs"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "step_summary"),
        }
        return subprocess.run(
            [*BASH, step(file, name).run],
            cwd=self.folder,
            env=environment | variables,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def calls(self) -> list[str]:
        """What was asked of `gh`."""
        path = self.folder / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        return [" ".join(json.loads(line)) for line in lines]

    @property
    def outputs(self) -> dict[str, str]:
        """The outputs of the step: each is `NAME=VALUE`, or `NAME<<END` and lines up to `END`."""
        found = {}
        lines = iter((self.folder / "outputs").read_text().splitlines())
        for line in lines:
            name, several, end = line.partition("<<")
            if several:
                found[name] = "\n".join(takewhile(end.__ne__, lines))
            else:
                name, _, found[name] = line.partition("=")
        return found
