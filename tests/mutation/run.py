"""Mutation testing of what decides: change one place, run that module's unit tests, expect them to fail.

Run from the root: `python tests/mutation/run.py [MODULE ...]`. The tree is copied and only the copy is
changed. Prints a line for each module and one for each mutant that no test noticed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

UNIT = "tests/unit"

TESTS = {
    "rnn_suite/statistics.py": ["test_statistics.py"],
    "rnn_suite/signed_rank.py": ["test_signed_rank.py"],
    "rnn_suite/upgrade/decision.py": ["upgrade/test_decision.py"],
    "rnn_suite/report/answer.py": ["report/test_answer.py"],
    "rnn_suite/questions/accuracy.py": ["test_questions_accuracy.py"],
    "rnn_suite/questions/rules.py": ["test_rules.py"],
    "rnn_suite/questions/replay.py": ["test_questions_replay.py"],
    "rnn_suite/questions/exact.py": ["test_questions_exact.py"],
    "rnn_suite/questions/step_time.py": ["test_questions_step_time.py"],
    "rnn_suite/looks.py": ["test_looks.py"],
    "rnn_suite/verdicts.py": ["report/test_answer.py", "test_comparison.py"],
    "rnn_suite/baselines.py": ["test_comparison.py", "test_baselines.py"],
}
"""Each mutated module, and the tests below `tests/unit` that have to notice."""

UNWANTED = [
    # Of arithmetic the opposite is enough: minus for plus, a quotient for a product, and the reverse.
    r"core/ReplaceBinaryOperator_(Add|Sub)_(?!Sub$|Add$)",
    r"core/ReplaceBinaryOperator_(Mul|Div)_(?!Div$|Mul$)",
    r"core/ReplaceBinaryOperator_(Pow|Mod|FloorDiv)_(?!Mul$)",
    r"core/ReplaceUnaryOperator_USub_(Not|Invert)",
    r"core/ReplaceComparisonOperator_(Lt|LtE|Gt|GtE|Eq|NotEq)_(Is|IsNot)",
    r"core/ReplaceComparisonOperator_(Is|IsNot)_(Lt|LtE|Gt|GtE|Eq|NotEq)",
    # What notices three of a comparison's mutants notices these (Kaminski, Ammann and Offutt, 2013).
    r"core/ReplaceComparisonOperator_(Lt_(Eq|Gt)|Gt_(Eq|Lt)|Eq_(Lt|Gt))$",
    r"core/ReplaceComparisonOperator_(LtE_(NotEq|GtE)|GtE_(NotEq|LtE)|NotEq_(LtE|GtE))$",
    # What they guard against is a programmer's slip, not a measurement's.
    r"core/RemoveDecorator",
    # "|" stands in annotations only, which nothing evaluates.
    r"core/ReplaceBinaryOperator_BitOr_\w+",
]
"""Operators of Cosmic Ray that are left out, as regular expressions."""

SECONDS = 60
"""A mutant that runs on for so long is caught: its loop has no end."""


def main() -> int:
    """Mutate the modules on the command line, or all of them, and return 1 if a mutant survived."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "modules", nargs="*", metavar="MODULE", help=f"all, or of {', '.join(TESTS)}"
    )
    modules = parser.parse_args().modules or list(TESTS)
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder, "tree")
        tree.mkdir()
        for name in ("rnn_suite", "tests", "baselines"):
            shutil.copytree(name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy("pyproject.toml", tree)
        return int(sum(_survivors(module, tree) for module in modules) > 0)


def _survivors(module: str, tree: Path) -> int:
    """Mutate `module` in `tree`, print what came of it, and return how many mutants survived."""
    tests = " ".join(f"{UNIT}/{name}" for name in TESTS[module])
    command = f"{sys.executable} -B -m pytest -q -x -p no:cacheprovider {tests}"
    # So that the tests pass where nothing is changed; otherwise every mutant would count as caught.
    subprocess.run(command.split(), cwd=tree, check=True, stdout=subprocess.DEVNULL)
    config = tree.parent / "config.toml"
    lines = json.dumps(_lines(tree / module))
    # A string or a list of strings is written in TOML as in JSON.
    config.write_text(
        f"[cosmic-ray]\nmodule-path = {json.dumps(module)}\ntimeout = {SECONDS}\n"
        f"excluded-modules = []\ntest-command = {json.dumps(command)}\n"
        "[cosmic-ray.distributor]\nname = 'local'\n"
        f"[cosmic-ray.filters.operators-filter]\nexclude-operators = {json.dumps(UNWANTED)}\n"
        f"[cosmic-ray.filters.line-filter.lines]\n{json.dumps(module)} = {lines}\n",
        encoding="utf-8",
    )
    session = tree.parent / f"{module.replace('/', '.')}.sqlite"
    for step in (
        ["cosmic-ray", "init", str(config), str(session)],
        ["cr-filter-operators", str(session), str(config)],
        ["cr-filter-lines", "--config", str(config), str(session)],
        ["cosmic-ray", "exec", str(config), str(session)],
    ):
        subprocess.run(step, cwd=tree, check=True)
    dumped = subprocess.run(
        ["cosmic-ray", "dump", str(session)],  # noqa: S607 (the one of this environment)
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    done = [json.loads(line) for line in dumped.splitlines()]
    tested = [(item, result) for item, result in done if result["test_outcome"]]
    alive = [(item, result) for item, result in tested if result["test_outcome"] == "survived"]
    print(f"{module}: {len(tested)} mutants, {len(tested) - len(alive)} killed", flush=True)
    for item, result in alive:
        (mutation,) = item["mutations"]
        changed = [
            line
            for line in result["diff"].splitlines()
            if line[:1] in "+-" and line[:3] not in ("+++", "---")
        ]
        print(f"  survived: line {mutation['start_pos'][0]}, {mutation['operator_name']}")
        print(*(f"    {line}" for line in changed), sep="\n", flush=True)
    return len(alive)


def _lines(module: Path) -> list[str]:
    """Return the numbers of the lines that are mutated: no decorators, tables or keyword-only marks."""
    return [
        str(number)
        for number, line in enumerate(module.read_text(encoding="utf-8").splitlines(), 1)
        if not line.lstrip().startswith(("@", "Topic(")) and "*, " not in f"{line.strip()} "
    ]


if __name__ == "__main__":
    sys.exit(main())
