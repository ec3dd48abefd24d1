"""What a gate test holds in its hand: from a measurement to a verdict to the test's end."""

from __future__ import annotations

import json
import os
import subprocess
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from rnn_suite.baselines import (
    Baseline,
    Measurement,
    Recorded,
    baseline_path,
    compare,
    load_baseline,
    rules_path,
    save_baseline,
)
from rnn_suite.experiment import Experiment
from rnn_suite.jsonable import lock_path, to_jsonable
from rnn_suite.own_model import OwnModel
from rnn_suite.plugin.shared import runs_folder
from rnn_suite.questions import Pair, Question
from rnn_suite.report.write import FILES
from rnn_suite.search import Search
from rnn_suite.verdicts import Outcome, Verdict

if TYPE_CHECKING:
    from rnn_suite.questions.rules import RuleFindings
    from rnn_suite.results import Environment
    from rnn_suite.workbench import Workbench

VERDICT, RECORDED, ASKED = "rnn_suite_verdict", "rnn_suite_recorded", "rnn_suite_asked"
"""Names under which facts travel with a test's report, into JUnit files and across processes."""

EVIDENCE = "rnn_suite_evidence"
"""Attribute of a test's report with what its verdicts rest on: across processes, and into no JUnit file."""

EVIDENCE_KEY: pytest.StashKey[list[str]] = pytest.StashKey()
"""Where a test keeps it until then, as JSON, one a verdict."""

ENDED_BY_VERDICT = "rnn_suite_ended_by_verdict"
"""Attribute of a test's report that says that nothing else failed or skipped it."""

NUMBER = "rnn_suite_number"
"""Attribute of a test's report with its place among the tests of its session."""

NUMBER_KEY: pytest.StashKey[int] = pytest.StashKey()
"""Where a test keeps it."""

OF_THE_GATE = "rnn_suite_of_the_gate"
"""Attribute of a test's report that says that the test belongs to the gate, though it may ask nothing."""

END_KEY: pytest.StashKey[BaseException] = pytest.StashKey()
"""Where a test keeps what its verdict, or its new baseline, ended it with."""


Subject = Experiment | Search | OwnModel
"""What is measured on a corpus."""


class VerdictWarning(UserWarning):
    """A verdict that lets the run pass and still wants to be read: improved or inconclusive."""


def baselines_folder(config: pytest.Config, profile: str) -> Path:
    """Return below which folder the baselines of `profile`, or of `rules`, lie.

    That is `--baselines` where it is given, else `baselines` below the root folder. Where that holds
    nothing of the profile, and nothing is recorded, it is what a wheel brought along.
    """
    named: Path | None = config.option.rnn_suite_baselines
    own = config.rootpath / "baselines"
    packaged = Path(__file__).parents[1] / "recorded"
    if (
        named is None
        and not config.option.rnn_suite_update_baselines
        and not (own / profile).is_dir()
    ):
        return packaged if (packaged / profile).is_dir() else own
    return named or own


class Gate:
    """Asks questions of one test: holds a measurement against its baseline, or records it."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self._request = request
        self._config = request.config
        self._properties: list[tuple[str, object]] = request.node.user_properties
        if (ASKED, True) not in self._properties:
            # Asked for within the test, which nobody could know before.
            self._properties.append((ASKED, True))

    @property
    def _environment(self) -> Environment:
        # Not before it is wanted: it imports TensorFlow.
        environment: Environment = self._request.getfixturevalue("suite_environment")
        return environment

    @property
    def updating(self) -> bool:
        """Whether this run records baselines instead of comparing with them."""
        return bool(self._config.option.rnn_suite_update_baselines)

    def measurement(
        self, workbench: Workbench, experiment: Experiment, measured: Any
    ) -> Measurement:
        """Return `measured` with the experiment, corpus and environment it belongs to."""
        return Measurement(
            experiment=experiment,
            corpus=workbench.dataset(experiment).identity,
            measured=measured,
            environment=self._environment,
        )

    def path(self, question: Question, experiment: Subject) -> Path:
        """Return where the question's baseline lies."""
        return baseline_path(
            baselines_folder(self._config, experiment.profile), question, experiment
        )

    def baseline(self, question: Question, experiment: Subject) -> Baseline:
        """Return the question's baseline.

        Raises:
            BaselineError: if it is missing or damaged.
        """
        return load_baseline(self.path(question, experiment), question)

    def ask(
        self,
        question: Question,
        experiment: Subject,
        new: Measurement,
        *,
        reconsider: Callable[[Verdict], Verdict] = lambda verdict: verdict,
    ) -> None:
        """Hold `new` against its baseline and let the test end accordingly, or record it.

        Args:
            question: what is asked.
            experiment: what was run.
            new: what was measured.
            reconsider: sees the verdict first, with what the test knows and no file holds.

        Raises:
            BaselineError: if the baseline is missing or damaged.
        """
        self._ask(question, self.path(question, experiment), new, reconsider)

    def ask_rules(self, question: Question, subject: str, measured: RuleFindings) -> None:
        """Hold what the rules of a topic found against its exceptions, as `ask` does.

        Args:
            question: one of the questions about rules.
            subject: the cell, or `all`.
            measured: what `rnn_suite.checks.rules.run_rules` returned.

        Raises:
            BaselineError: if the baseline is missing or damaged.
        """
        new = Measurement(
            experiment=None, corpus=None, measured=measured, environment=self._environment
        )
        root = baselines_folder(self._config, "rules")
        self._ask(question, rules_path(root, question, subject), new)

    def _ask(
        self,
        question: Question,
        path: Path,
        new: Measurement,
        reconsider: Callable[[Verdict], Verdict] = lambda verdict: verdict,
    ) -> None:
        if self.updating:
            self._record(question, path, new)
        (verdict,) = compare(question, [(load_baseline(path, question), new)])
        self.settle(reconsider(verdict))

    def settle(self, verdict: Verdict) -> None:
        """Let the test pass, warn, skip or fail as the verdict says."""
        words = to_jsonable(replace(verdict, evidence=None))
        self._properties.append((VERDICT, json.dumps(words)))
        evidence = self._request.node.stash.setdefault(EVIDENCE_KEY, [])
        evidence.append(json.dumps(verdict.evidence))
        strict = self._config.option.rnn_suite_strict_verdicts
        match verdict.outcome:
            case Outcome.REGRESSED:
                self._end(pytest.fail.Exception(str(verdict), pytrace=False))
            case Outcome.INCONCLUSIVE if strict:
                self._end(pytest.fail.Exception(str(verdict), pytrace=False))
            case Outcome.INCONCLUSIVE | Outcome.IMPROVED:
                warnings.warn(VerdictWarning(str(verdict)), stacklevel=2)
            case Outcome.NOT_COMPARABLE:
                self._end(pytest.skip.Exception(str(verdict)))

    def _end(self, end: BaseException) -> NoReturn:
        self._request.node.stash[END_KEY] = end
        raise end

    def check_answerable(self, question: Question, experiment: Subject) -> None:
        """Raise before hours of training what `ask` or `record` would raise after them.

        Raises:
            BaselineError: if the baseline is damaged, or is missing and asked for.
        """
        if not self.updating or self.path(question, experiment).exists():
            self.baseline(question, experiment)

    def record(self, question: Question, experiment: Subject, new: Measurement) -> None:
        """Write `new` as the question's baseline and end the test as skipped: nothing was compared."""
        self._record(question, self.path(question, experiment), new)

    def _record(self, question: Question, path: Path, new: Measurement) -> None:
        before = load_baseline(path, question) if path.exists() else None
        recorded = Recorded(
            date=time.strftime("%Y-%m-%d", time.gmtime()), commit=commit_of(self._config)
        )
        saved = save_baseline(path, question, new, recorded)
        line = f"{path}: {_old_beside_new(question, before or saved, new, is_new=before is None)}"
        self._properties.append((RECORDED, line))
        self._end(pytest.skip.Exception(f"baseline recorded, nothing compared: {line}"))


def _old_beside_new(question: Question, old: Baseline, new: Measurement, *, is_new: bool) -> str:
    pair = Pair(old=old.measurement.measured, gate=old.gate, new=new.measured)
    (judgement,) = question.judge([pair])
    return f"{'nothing' if is_new else judgement.baseline} -> {judgement.now}"


def commit_of(config: pytest.Config) -> str:
    """Return the commit of the checkout, or `unknown`; `+` at the end: with uncommitted changes.

    What this run writes itself is no change.
    """
    root, option = config.rootpath, config.option
    written = [runs_folder(config)]
    if option.rnn_suite_update_baselines:
        written += [root / "baselines", *filter(None, [option.rnn_suite_baselines])]
    report: Path | None = option.rnn_suite_report
    if report is not None:
        written += [report / name for name in FILES]
    history: Path | None = option.rnn_suite_history
    if history is not None:
        written += [history, lock_path(history)]
    # In a hook of git's own these name another repository.
    variables = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}

    def git(*words: str) -> str:
        command = ["git", "-C", str(root), *words]
        said = subprocess.check_output(command, env=variables, stderr=subprocess.DEVNULL)  # noqa: S603 (own words)
        return os.fsdecode(said).removesuffix("\n")

    try:
        top = Path(git("rev-parse", "--show-toplevel"))
        places = {place for path in written for place in (path, path.resolve())}
        inside = [path for path in places if path.is_relative_to(top) and path != top]
        not_ours = [f":(top,exclude,literal){path.relative_to(top)}" for path in inside]
        changed = git("status", "--porcelain", "--untracked-files=all", "--", ":(top)", *not_ours)
        return git("rev-parse", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
