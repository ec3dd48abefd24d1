"""The gate on real upgrades: every release of a row of them, and what each step along the row broke.

    python -m tests.selftest.releases FOLDER [--at-once N] [--into DOCUMENT]

Each release is installed into an environment of its own and asked what smoke and the rules ask, on the
stand-in. What it answered is kept in FOLDER, and not asked again. At the end the tables are printed, or put
into a document such as `docs/releases.md`, between the two marks there.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from rnn_suite.evidence import against_baseline, read_measured
from rnn_suite.questions.rules import TOPICS, RuleFindings
from rnn_suite.run_report import RunReport, read_run
from rnn_suite.verdicts import Outcome
from tests.selftest.explained import EXPLAINED
from tests.selftest.marked import at_least_one, expect_marks, folder, tell
from tests.selftest.provenance import commit_of, machine, measured_in
from tests.selftest.wounded_gate import ROOT

MARK = "releases"
UNEXPLAINED = "nothing found"

Broken = dict[str, str]
"""Question by what is broken: the name of a rule, or the question and its cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Versions that are installed together, as they were when the newest of them was new."""

    tensorflow: str
    keras: str
    numpy: str
    keras_tuner: str
    tensorboard: bool = False
    """Whether TensorBoard is asked for besides; up to 2.20 TensorFlow brings it."""

    @property
    def name(self) -> str:
        """What its files are called."""
        beside = "-tensorboard" if self.tensorboard else ""
        return f"tensorflow-{self.tensorflow}-keras-{self.keras}-numpy-{self.numpy}{beside}"

    @property
    def words(self) -> str:
        """What a reader needs to know it by."""
        beside = ", with TensorBoard" if self.tensorboard else ""
        return f"{self.tensorflow}, {self.keras}, {self.numpy}{beside}"

    @property
    def pins(self) -> tuple[str, ...]:
        """What pip is asked for."""
        return (
            f"tensorflow-cpu=={self.tensorflow}",
            f"keras=={self.keras}",
            f"numpy=={self.numpy}",
            f"keras-tuner[bayesian]=={self.keras_tuner}",
            *(["tensorboard"] if self.tensorboard else []),
        )


RELEASES = tuple(
    Release(
        tensorflow=tensorflow, keras=keras, numpy=numpy, keras_tuner=tuner, tensorboard=bool(board)
    )
    for tensorflow, keras, numpy, tuner, *board in (
        ("2.16.1", "3.0.5", "1.26.4", "1.4.6"),
        ("2.16.2", "3.3.3", "1.26.4", "1.4.7"),
        ("2.17.1", "3.5.0", "1.26.4", "1.4.7"),
        ("2.18.0", "3.6.0", "2.0.2", "1.4.7"),
        ("2.18.1", "3.8.0", "2.0.2", "1.4.7"),
        ("2.19.1", "3.10.0", "2.1.3", "1.4.7"),
        ("2.20.0", "3.11.3", "2.3.5", "1.4.7"),
        ("2.20.0", "3.12.4", "2.3.5", "1.4.8"),
        ("2.21.0", "3.13.2", "2.4.6", "1.4.8"),
        ("2.21.0", "3.14.1", "2.4.6", "1.4.8"),
        ("2.21.0", "3.15.1", "2.4.6", "1.4.8"),
        ("2.21.0", "3.15.1", "2.3.5", "1.4.8", "with TensorBoard"),
    )
)
"""The row, oldest first."""


def kept_at(place: Path, release: Release) -> Path:
    """Return where the report of `release` is kept."""
    return place / f"{release.name}.json"


def ask(place: Path, release: Release) -> Path:
    """Return the report of `release`, which is asked where `place` has none."""
    kept = kept_at(place, release)
    if kept.exists():
        return kept
    own = place / release.name
    python = own / "venv" / "bin" / "python"
    with (place / f"{release.name}.txt").open("w") as words:

        def run(*command: str | Path) -> int:
            environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
            return subprocess.run(
                command, cwd=ROOT, env=environment, stdout=words, stderr=words, check=False
            ).returncode

        if not python.exists():
            run(sys.executable, "-m", "venv", own / "venv")
        if run(python, "-m", "pip", "install", "-e", f"{ROOT}[test]", *release.pins):
            raise RuntimeError(f"{release.name} cannot be installed; see {words.name}")
        asked = ("-m", "smoke or rules", "--corpus=standin", "-p", "no:cacheprovider")
        where = (f"--runs={own}/runs", f"--report={own}/report")
        run(python, "-m", "pytest", *asked, *where)
    written = own / "report" / "verdicts.json"
    if not (written.exists() and read_run(written).finished):
        raise RuntimeError(f"{release.name} did not come to its end; see {words.name}")
    written.rename(kept)
    shutil.rmtree(own)
    return kept


def broken(run: RunReport) -> Broken:
    """Return what is broken or without an answer: the rule, or the question and its cell; and its question.

    Rules that a gate knows to be broken are among them: an upgrade brought that, too.
    """
    found: Broken = {}
    for one in run.verdicts:
        verdict = one.verdict
        if verdict.question in TOPICS:
            evidence = against_baseline(verdict.evidence)
            assert evidence is not None
            measured = read_measured(RuleFindings, evidence.new.measured, where=verdict.name)
            for finding in measured.findings:
                if not finding.holds:
                    found[finding.name.partition(": ")[0]] = verdict.question
        elif verdict.outcome is Outcome.REGRESSED:
            found[f"{verdict.question} of {verdict.cell}"] = verdict.question
    for lost in run.unanswered:
        found[lost.test.rpartition("::")[2]] = "no answer"
    return found


def row_table(runs: Sequence[tuple[Release, RunReport]]) -> str:
    """Return what each release answered, in Markdown."""
    lines = ["| TensorFlow | Keras | NumPy | answer | red questions |", "|---|---|---|---|---|"]
    for release, run in runs:
        red = sorted({one.verdict.question for one in run.of(Outcome.REGRESSED)})
        without = [f"no answer: {one.test.rpartition('::')[2]}" for one in run.unanswered]
        lines.append(
            f"| {release.words.replace(', ', ' | ', 2)} | {run.answer.safety} "
            f"| {', '.join(red + without) or 'none'} |"
        )
    return "\n".join(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a step from one release to the next changed; nothing but the upgrade where it changed nothing."""

    upgrade: str
    kind: str
    """`broken`, `mended` or `nothing`."""
    question: str = ""
    name: str = ""
    """The rule, or the question and its cell."""

    @property
    def upstream(self) -> str:
        """What upstream says of it."""
        return EXPLAINED.get(self.name, UNEXPLAINED) if self.name else ""


def steps(row: Sequence[tuple[Release, Broken]]) -> Iterator[Change]:
    """Yield everything that a step from one release to the next broke or mended."""
    for (old, was), (new, now) in pairwise(row):
        upgrade = f"{old.words} to {new.words}"
        for name in sorted(now.keys() - was.keys()):
            yield Change(upgrade=upgrade, kind="broken", question=now[name], name=name)
        for name in sorted(was.keys() - now.keys()):
            yield Change(upgrade=upgrade, kind="mended", question=was[name], name=name)
        if was.keys() == now.keys():
            yield Change(upgrade=upgrade, kind="nothing")


def steps_table(changes: Sequence[Change]) -> str:
    """Return the steps in Markdown; rules of one question with one cause share a row."""
    rows: dict[tuple[str, str, str, str], list[str]] = {}
    for one in changes:
        cause = (one.upgrade, one.kind, one.question, one.upstream)
        rows.setdefault(cause, []).append(f"`{one.name}`" if one.name else "")
    lines = [
        "| upgrade of TensorFlow, Keras, NumPy | | question | rules | upstream |",
        "|---|---|---|---|---|",
    ]
    for (upgrade, kind, question, upstream), names in rows.items():
        lines.append(f"| {upgrade} | {kind} | {question} | {', '.join(names)} | {upstream} |")
    return "\n".join(lines)


def matrix(row: Sequence[tuple[Release, Broken]]) -> str:
    """Return which release breaks which rule, in Markdown."""
    names = sorted({(question, name) for _, found in row for name, question in found.items()})
    heads = " | ".join(release.words.partition(", ")[2] for release, _ in row)
    lines = [f"| question | rule | {heads} |", "|---" * (len(row) + 2) + "|"]
    for question, name in names:
        cells = ["x" if name in found else "" for _, found in row]
        lines.append(f"| {question} | `{name}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def report(runs: Sequence[tuple[Release, RunReport]], commit: str) -> str:
    """Return all that there is to say, with where it was measured."""
    row = [(release, broken(run)) for release, run in runs]
    changes = list(steps(row))
    counted = Counter(change.kind for change in changes)
    unexplained = [change.name for change in changes if change.upstream.startswith(UNEXPLAINED)]
    counts = (
        f"{len(runs)} releases, {len(runs) - 1} upgrades: {counted['broken']} rules or questions broken, "
        f"{counted['mended']} mended; without an explanation: {', '.join(unexplained) or 'none'}."
    )
    parts = (
        counts,
        f"{measured_in([run for _, run in runs], commit, machine)}.",
        row_table(runs),
        "Which Keras and NumPy break what, known faults among them:",
        matrix(row),
        "What each upgrade changed:",
        steps_table(changes),
    )
    return "\n\n".join(parts)


def main() -> None:
    """Ask every release, and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.selftest.releases", description=__doc__)
    parser.add_argument("folder", type=folder, help="where what was answered is kept")
    parser.add_argument(
        "--at-once", type=at_least_one, default=1, metavar="N", help="releases at a time"
    )
    parser.add_argument("--into", type=Path, metavar="DOCUMENT", help="where the tables are put")
    chosen = parser.parse_args()
    expect_marks(parser, chosen.into, MARK)
    place = chosen.folder
    commit = commit_of(place, adding=not all(kept_at(place, one).exists() for one in RELEASES))
    with ThreadPoolExecutor(chosen.at_once) as pool:
        paths = list(pool.map(lambda release: ask(place, release), RELEASES))
    told = report(
        [(release, read_run(path)) for release, path in zip(RELEASES, paths, strict=True)], commit
    )
    tell(told, chosen.into, MARK)


if __name__ == "__main__":
    main()
