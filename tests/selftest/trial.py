"""The gate on trial: each fault of the catalogue through the real smoke gate, and what saw it.

    python -m tests.selftest.trial [NAME[:SIZE] ...] [--kept FOLDER] [--into DOCUMENT]

One run after another, each a pytest of its own with its libraries wounded from outside. What a run found
is kept in a file beside this module, with where and when; tried are the faults that are named, or else
those that have no file. Before the first, this machine's step times are recorded. At the end the tables of
all that is kept are printed, or put into a document such as `docs/trial.md`, between the two marks there.

Asked is smoke on the stand-in: of the fault's cell, and the rules that are not asked cell by cell; accuracy,
which takes most of the time, only where nothing else saw the fault. Faults of the tuner are asked the
search and the rules about it.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rnn_suite.errors import FormatError
from rnn_suite.jsonable import MAY_BE_ABSENT, from_jsonable, read_json, write_json
from rnn_suite.models import CELLS
from rnn_suite.questions import QUESTIONS
from tests.selftest.faults import FAULTS, Fault
from tests.selftest.faults.gate import BESIDE, DECISIONS
from tests.selftest.marked import expect_marks, folder, tell
from tests.selftest.provenance import measured_now
from tests.selftest.wounded_gate import end_with_what_runs, gate, record_step_times

MARK = "trial"
KEPT = Path(__file__).with_name("tried")
"""What was found, a file a fault and size."""

ASKED = {
    **{cell: f"{cell} or all-" for cell in CELLS},
    "tuner": "search or tuner",
    DECISIONS: "all-decisions or (smoke-lstm and replay)",
}
"""What pytest's -k selects, by the cell of a fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What the gate made of one fault."""

    fault: str
    size: float
    caught: bool
    """Whether the run was no pass."""
    seen_by: tuple[str, ...]
    """Questions that were red, or could not be answered, by name."""
    seconds: float
    """Wall time of all runs that it took."""
    measured: str
    """Day, commit, machine and libraries."""
    ended_in_errors: tuple[str, ...] | None = field(default=None, metadata=MAY_BE_ABSENT)
    """Those of `seen_by` that saw nothing but errors that something raised; None where nobody looked."""


def file_name(fault: Fault, size: float) -> str:
    """Return the name of the file that keeps what was found about one try."""
    return f"{fault.name}-{size:g}.json"


def attempt(fault: Fault, size: float, baselines: Path, measured: str) -> Tried:
    """Try one fault: without accuracy, and with it where nothing saw the fault, or nothing should."""
    wounds = ",".join(filter(None, (f"{fault.name}:{size:g}", BESIDE.get(fault.name))))
    seconds = 0.0
    for more in ("",) if fault.harmless else ("and not accuracy", ""):
        with tempfile.TemporaryDirectory() as scratch:
            found = gate(
                Path(scratch),
                f"({ASKED[fault.cell]}) {more}".strip(),
                wounds,
                f"--baselines={baselines}",
            )
        seconds += found.seconds
        if found.status != 0 or fault.cell not in CELLS:
            break
    seen = ", ".join(found.seen_by) or found.answer
    print(
        f"{fault.name}:{size:g}: status {found.status}: {seen} ({seconds:.0f} s)",
        flush=True,
    )
    return Tried(
        fault=fault.name,
        size=size,
        caught=found.status != 0,
        seen_by=found.seen_by,
        seconds=round(seconds, 1),
        measured=measured,
        ended_in_errors=found.ended_in_errors,
    )


def wanted(kept: Path, named: Sequence[str]) -> list[tuple[Fault, float]]:
    """Return the tries that are `named`, or else those of the catalogue that `kept` does not have.

    Raises:
        ValueError: if a name, or the size behind its colon, is in no row of the catalogue.
    """
    if not named:
        return [
            (fault, size)
            for fault in FAULTS.values()
            for size in fault.sizes
            if not (kept / file_name(fault, size)).exists()
        ]
    found = []
    for one in named:
        fault_name, colon, size = one.partition(":")
        if fault_name not in FAULTS:
            there = ", ".join(sorted(FAULTS))
            raise ValueError(f"no such fault: {fault_name}; there are {there}")
        fault = FAULTS[fault_name]
        sizes = {f"{known:g}": known for known in fault.sizes}
        if colon and size not in sizes:
            raise ValueError(f"{one}: no such size; there are {', '.join(sizes)}")
        found += [(fault, known) for known in ([sizes[size]] if colon else fault.sizes)]
    return found


def try_all(kept: Path, tries: Sequence[tuple[Fault, float]]) -> None:
    """Try faults, each with a size, and keep what was found."""
    if not tries:
        return
    measured = measured_now()
    end_with_what_runs()
    with tempfile.TemporaryDirectory() as scratch:
        baselines = record_step_times(Path(scratch), ("standin",))
        for fault, size in tries:
            path = kept / file_name(fault, size)
            write_json(path, attempt(fault, size, baselines, measured))


def read_tried(kept: Path) -> list[Tried]:
    """Return what `kept` has, in the order of the catalogue."""
    paths = [kept / file_name(one, size) for one in FAULTS.values() for size in one.sizes]
    return [
        from_jsonable(Tried, read_json(path), where=str(path)) for path in paths if path.exists()
    ]


def table(tried: Sequence[Tried]) -> str:
    """Return the table of what was caught by what, in Markdown."""
    lines = [
        "| kind | fault | size | caught | by | of those expected | seconds |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in tried:
        fault = FAULTS[one.fault]
        by = ", ".join(one.seen_by) or ("no answer" if one.caught else "")
        expected = ", ".join(sorted(fault.sees & set(one.seen_by))) or "-"
        size = f"{one.size:g} {fault.unit}" if fault.unit else ""
        caught = {True: "yes", False: "no"}[one.caught]
        told = f"{fault.told} `{fault.name}`{_seen_at(fault.reference)}"
        lines.append(
            f"| {fault.kind} | {told} | {size} | {caught} | {by} | {expected} | {one.seconds:.0f} |"
        )
    return "\n".join(lines)


def _seen_at(reference: str) -> str:
    project, _, number = reference.partition("#")
    address = f"https://github.com/{project}/issues/{number}"
    return f" ([{reference}]({address}))" if reference else ""


def matrix(tried: Sequence[Tried]) -> str:
    """Return which question saw which fault, in Markdown; questions that saw none have no column."""
    questions = [
        question for question in QUESTIONS if any(question in one.seen_by for one in tried)
    ]
    lines = [f"| | {' | '.join(questions)} |", "|---" * (len(questions) + 1) + "|"]
    for one in tried:
        cells = ["x" if question in one.seen_by else "" for question in questions]
        lines.append(f"| {name(one)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def harmful(tried: Sequence[Tried]) -> list[Tried]:
    """Return those that gave a user something else."""
    return [one for one in tried if not FAULTS[one.fault].harmless]


def rightly_red(one: Tried) -> bool:
    """Return whether nothing saw what was tried but questions that should."""
    return bool(one.seen_by) and FAULTS[one.fault].sees.issuperset(one.seen_by)


def summary(tried: Sequence[Tried]) -> str:
    """Return how many were caught and by what, and which were not."""
    planted = harmful(tried)
    harmless = [one for one in tried if FAULTS[one.fault].harmless]
    caught = [one for one in planted if one.caught]
    missed = [name(one) for one in planted if not one.caught]
    otherwise = [name(one) for one in caught if not seen_as_expected(one)]
    red = [one.fault for one in harmless if one.caught and not rightly_red(one)]
    raised = [name(one) for one in caught if only_raised(one)]
    names = {one.fault for one in planted}
    hours = sum(one.seconds for one in tried) / 3600
    return (
        f"{len(caught)} of {len(planted)} caught ({len(names)} faults, with their sizes); "
        f"missed: {', '.join(missed) or 'none'}. "
        f"Caught, but by no question that the catalogue names for it: {', '.join(otherwise) or 'none'}. "
        f"Caught by errors alone, as a fault is that raises one: {', '.join(raised) or 'none'}. "
        f"{len(harmless) - len(red)} of {len(harmless)} harmless changes stay green; "
        f"red: {', '.join(red) or 'none'}. All runs together took {hours:.1f} hours."
    )


def name(one: Tried) -> str:
    """Return a fault and its size, as the commands take them."""
    return f"{one.fault}:{one.size:g}" if FAULTS[one.fault].unit else one.fault


def seen_as_expected(one: Tried) -> bool:
    """Return whether a question saw the fault that the catalogue names for it; where it names none, any."""
    sees = FAULTS[one.fault].sees
    return not sees or not sees.isdisjoint(one.seen_by)


def only_raised(one: Tried) -> bool:
    """Return whether every question that saw a fault saw an error and nothing else, as far as is known."""
    return one.ended_in_errors is not None and set(one.seen_by) == set(one.ended_in_errors)


def where_tried(tried: Sequence[Tried]) -> list[str]:
    """Return how many tries were made where and when, in words."""
    return [f"{n} tries: {where}" for where, n in Counter(one.measured for one in tried).items()]


def report(tried: Sequence[Tried]) -> str:
    """Return all that there is to say, with where it was measured."""
    whole = sum(len(fault.sizes) for fault in FAULTS.values())
    share = f"{len(tried)} of the catalogue's {whole} tries stand here."
    parts = (
        f"{share} {summary(tried)}",
        "\n".join(f"- {where}." for where in where_tried(tried)),
        "Seconds are those of one run each, and hold whatever else the machine did.",
        table(tried),
        "Which question saw which fault:",
        matrix(tried),
    )
    return "\n\n".join(parts)


def main() -> None:
    """Try what is named, or what was not tried, and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.selftest.trial", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME[:SIZE]", help="faults to try (default: new ones)"
    )
    parser.add_argument(
        "--kept", type=folder, metavar="FOLDER", default=KEPT, help="where what was found is kept"
    )
    parser.add_argument("--into", type=Path, metavar="DOCUMENT", help="where the tables are put")
    chosen = parser.parse_args()
    expect_marks(parser, chosen.into, MARK)
    try:
        tries = wanted(chosen.kept, chosen.names)
    except ValueError as error:
        parser.error(str(error))
    try_all(chosen.kept, tries)
    try:
        tried = read_tried(chosen.kept)
    except FormatError as error:
        parser.error(f"{error}\nNext: delete it to try that fault again")
    tell(report(tried), chosen.into, MARK)


if __name__ == "__main__":
    main()
