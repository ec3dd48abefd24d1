"""Whole searches, with environments that pip makes of small wheels."""

from __future__ import annotations

import json
import sys
import venv
import zipfile
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import pip
import pytest

from rnn_suite.bisect import BisectError, Culprit, find_culprit
from rnn_suite.bisect.commands import run_python
from rnn_suite.bisect.environments import Recipe, make_environment
from rnn_suite.bisect.path import Change
from rnn_suite.errors import FormatError, MeasurementError

Put = Callable[..., None]

HERE = Path(sys.executable)
QUESTION = "step time of lstm"
MORE = "and one more for each that gives no answer"
NO_GONE = "ERROR: No matching distribution found for gone"
ALPHA = {"1.0": 1, "1.1": 2, "1.2": 3, "1.3": 11, "1.10": 12, "2.0": 13}


class Bench:
    """Searches in one folder, with a record of what they measured and told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.told: list[str] = []
        self.measured: list[str] = []
        self.strange: Collection[str] = ()
        """Numbers that give no answer."""

    def end(self, *requirements: str) -> Path:
        """Return the interpreter of one end of an upgrade: wheels unpacked, and a pip on loan."""
        end = self.folder / "ends" / "-".join(requirements).replace("==", "-")
        if not end.exists():
            venv.create(end, symlinks=True)
            site = next((end / "lib").glob("*/site-packages"))
            for requirement in requirements:
                stem = requirement.replace("==", "-")
                with zipfile.ZipFile(self.folder / "shelf" / f"{stem}-py3-none-any.whl") as wheel:
                    wheel.extractall(site)
            for lent in Path(pip.__file__).parents[1].glob("pip*"):
                (site / lent.name).symlink_to(lent)
        return end / "bin" / "python"

    def is_red(self, python: Path) -> bool | None:
        """Ask alpha's number: from 10 on it is red."""
        program = "import alpha; print(alpha.number)"
        number = run_python(python, ["-c", program], seconds=60).output.strip()
        self.measured.append(number)
        if number in self.strange:
            return None
        return int(number) >= 10

    def search(
        self,
        old: Path,
        new: Path,
        is_red: Callable[[Path], bool | None] | None = None,
        *,
        known_red: bool = True,
    ) -> Culprit:
        """Run a search."""
        return find_culprit(
            old,
            new,
            question=QUESTION,
            is_red=is_red or self.is_red,
            folder=self.folder / "bisect",
            tell=self.told.append,
            known_red=known_red,
        )


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A folder to search in."""
    return Bench(tmp_path)


Ends = tuple[Path, Path]


@pytest.fixture(scope="module")
def made(
    tmp_path_factory: pytest.TempPathFactory,
    shelve: Callable[[Path, pytest.MonkeyPatch], Put],
) -> Iterator[tuple[Ends, Path]]:
    """Yield an upgrade of four packages, and a folder for environments that its searches share.

    Alpha does it: its releases from 1.3 on are red, the third after the old one.
    """
    folder = tmp_path_factory.mktemp("upgrade")
    with pytest.MonkeyPatch.context() as monkeypatch:
        put = shelve(folder / "shelf", monkeypatch)
        for version, number in ALPHA.items():
            put("alpha", version, number=number)
        for version in ("1.0", "2.0"):
            put("beta", version)
            put("numpy", version)
            put("keras", version, "alpha", "beta", "numpy")
        names = ("alpha", "beta", "keras", "numpy")
        bench = Bench(folder)
        old, new = (bench.end(*(f"{n}=={v}" for n in names)) for v in ("1.0", "2.0"))
        environments = folder / "environments"
        environments.mkdir()
        yield (old, new), environments


@pytest.fixture
def ends(bench: Bench, made: tuple[Ends, Path]) -> Ends:
    """Both ends of the upgrade of four packages."""
    both, environments = made
    (bench.folder / "bisect").mkdir()
    (bench.folder / "bisect" / "environments").symlink_to(environments)
    return both


def test_the_package_and_its_release_are_found_in_as_many_runs_as_were_said(
    bench: Bench, ends: Ends
) -> None:
    found = bench.search(*ends)
    assert found == Culprit(
        question=QUESTION,
        changes=(Change(name="alpha", before="1.2", after="1.3"),),
        narrowed=True,
        runs=len(bench.measured),
        worst_case_runs=2 + 3,
    )
    assert found.runs <= found.worst_case_runs
    assert str(found) == (
        "step time of lstm: turned red with alpha 1.2 -> 1.3 (4 runs; planned: at most 5)."
    )
    assert bench.told == [
        "at most 2 runs to the package, and at most 3 more to its release",
        f"4 steps from the reference to the candidate: at most 2 runs, {MORE}",
        "run 1 of at most 2: 2 of 4 steps, the last beta 1.0 -> 2.0: red",
        "run 2 of at most 2: 1 of 4 steps, the last alpha 1.0 -> 2.0: red",
        f"4 releases between alpha 1.0 -> 2.0: at most 3 runs, {MORE}",
        "run 3 of at most 5: alpha 1.3: red",
        "run 4 of at most 5: alpha 1.2: good",
    ]


def test_a_search_that_was_cut_short_goes_on_where_it_was_and_one_that_ended_does_not(
    bench: Bench, ends: Ends
) -> None:
    def cut_short(python: Path) -> bool | None:
        if len(bench.measured) == 2:
            raise KeyboardInterrupt
        return bench.is_red(python)

    with pytest.raises(KeyboardInterrupt):
        bench.search(*ends, is_red=cut_short)
    bench.told.clear()
    found = bench.search(*ends)
    assert found.changes == (Change(name="alpha", before="1.2", after="1.3"),)
    assert found.runs == len(bench.measured) == 4
    assert bench.told[2].endswith("beta 1.0 -> 2.0: red, as asked before")
    bench.measured.clear()
    assert bench.search(*ends) == found
    assert len(bench.measured) == 4


def test_a_candidate_that_nobody_has_called_red_is_measured_before_anything_is_searched(
    bench: Bench, ends: Ends
) -> None:
    with pytest.raises(BisectError, match="Expected: a candidate that is red"):
        bench.search(*ends, is_red=lambda _python: False, known_red=False)
    assert bench.measured == []


def test_a_candidate_that_was_measured_and_good_is_measured_anew_the_next_time(
    bench: Bench, ends: Ends
) -> None:
    asked: list[Path] = []

    def is_red(python: Path) -> bool:
        asked.append(python)
        return False

    for _ in range(2):
        with pytest.raises(BisectError, match="measured: good"):
            bench.search(*ends, is_red=is_red, known_red=False)
    assert asked == [ends[1]] * 2


def test_runs_without_an_answer_leave_a_range_and_are_told_with_their_reason(
    bench: Bench, ends: Ends
) -> None:
    bench.strange = ("3", "11")
    found = bench.search(*ends)
    assert found.changes == (Change(name="alpha", before="1.1", after="1.10"),)
    assert not found.narrowed
    assert "turned red somewhere in alpha 1.1 -> 1.10; what lies between gave no answer" in str(
        found
    )
    assert bench.told[-4:] == [
        "run 3 of at most 5: alpha 1.3: unknown: inconclusive",
        "run 4 of at most 6: alpha 1.2: unknown: inconclusive",
        "run 5 of at most 7: alpha 1.10: red",
        "run 6 of at most 7: alpha 1.1: good",
    ]


def test_a_measurement_that_fails_and_an_environment_that_cannot_be_made_are_no_answers(
    bench: Bench, put: Put
) -> None:
    put("keras", "1.0", "alpha")
    for version, number in ALPHA.items():
        put("alpha", version, *(["gone"] if version == "1.2" else []), number=number)
    old, new = (bench.end(f"alpha=={v}", "keras==1.0") for v in ("1.0", "2.0"))

    def is_red(python: Path) -> bool | None:
        red = bench.is_red(python)
        if bench.measured[-1] == "11":
            raise MeasurementError("no answer: it crashed\nand its last words")
        return red

    found = bench.search(old, new, is_red=is_red)
    assert found.changes == (Change(name="alpha", before="1.1", after="1.10"),)
    assert not found.narrowed
    assert bench.told[-4:] == [
        "run 1 of at most 3: alpha 1.3: unknown: no answer: it crashed",
        f"run 2 of at most 4: alpha 1.2: unknown: No environment: {NO_GONE}",
        "run 3 of at most 5: alpha 1.10: red",
        "run 4 of at most 5: alpha 1.1: good",
    ]
    lines = (bench.folder / "bisect" / "answers.jsonl").read_text().splitlines()
    reasons = [json.loads(line)["reason"] for line in lines]
    assert reasons[0] == "no answer: it crashed\nand its last words"
    assert "Received: exit status 1" in reasons[1]


def test_packages_that_move_together_are_named_together_and_follow_the_one_asked_about(
    bench: Bench, put: Put
) -> None:
    for number, version in ((1, "1.0"), (2, "1.5"), (20, "2.0")):
        put("alpha", version, number=number)
    for version, bounds in (("1.0", "<1.5"), ("1.1", "==1.5"), ("1.2", ">=2"), ("2.0", ">=2")):
        put("keras", version, f"alpha{bounds}")
    old, new = (bench.end(f"alpha=={v}", f"keras=={v}") for v in ("1.0", "2.0"))
    found = bench.search(old, new)
    assert found.changes == (Change(name="keras", before="1.1", after="1.2"),)
    assert found.moved_along == (Change(name="alpha", before="1.5", after="2.0"),)
    assert "keras 1.1 -> 1.2; with it moved alpha 1.5 -> 2.0 (2 runs" in str(found)
    assert found.runs == found.worst_case_runs == 2


def test_what_moved_elsewhere_on_the_way_is_not_said_to_have_moved_with_the_release(
    bench: Bench, put: Put
) -> None:
    for version in ("1.0", "2.0"):
        put("alpha", version)
    for number, (version, bound) in enumerate(
        [("1.0", "<2"), ("1.1", ">=2"), ("1.2", ">=2"), ("2.0", ">=2")]
    ):
        put("keras", version, f"alpha{bound}", number=number)
    old, new = (bench.end(f"alpha=={v}", f"keras=={v}") for v in ("1.0", "2.0"))

    def is_red(python: Path) -> bool:
        program = "import keras; print(keras.number)"
        return int(run_python(python, ["-c", program], seconds=60).output) >= 2

    found = bench.search(old, new, is_red=is_red)
    assert found.changes == (Change(name="keras", before="1.1", after="1.2"),)
    assert found.moved_along == ()
    assert str(found).endswith("turned red with keras 1.1 -> 1.2 (2 runs; planned: at most 2).")


def test_what_moved_between_the_last_release_and_the_reference_itself_is_read_there(
    bench: Bench, put: Put
) -> None:
    for version in ("1.0", "2.0"):
        put("alpha", version, number=10 * int(version[0]) - 10)
    for version, bound in (("1.0", "<2"), ("1.1", ">=2"), ("2.0", ">=2")):
        put("keras", version, f"alpha{bound}")
    old, new = (bench.end(f"alpha=={v}", f"keras=={v}") for v in ("1.0", "2.0"))
    found = bench.search(old, new)
    assert found.changes == (Change(name="keras", before="1.0", after="1.1"),)
    assert found.moved_along == (Change(name="alpha", before="1.0", after="2.0"),)


def test_without_an_index_the_package_is_still_named(bench: Bench, put: Put) -> None:
    for version in ("1.0", "1.5", "2.0"):
        put("keras", version)
    old, new = (bench.end(f"keras=={v}") for v in ("1.0", "2.0"))
    for wheel in (bench.folder / "shelf").iterdir():
        wheel.unlink()
    found = bench.search(old, new)
    assert found.changes == (Change(name="keras", before="1.0", after="2.0"),)
    assert found.narrowed
    assert bench.told[-1].startswith(
        "the releases between keras 1.0 -> 2.0 are not asked: No releases"
    )


def test_other_differences_are_told_and_not_searched(bench: Bench, put: Put) -> None:
    for version in ("1.0", "2.0"):
        put("keras", version)
        put("tool", version)
    old, new = (bench.end(f"keras=={v}", f"tool=={v}") for v in ("1.0", "2.0"))
    found = bench.search(old, new)
    assert found.changes == (Change(name="keras", before="1.0", after="2.0"),)
    assert found.runs == found.worst_case_runs == 0
    assert bench.told[0].endswith("do not need them: tool 1.0 -> 2.0")


def test_equal_ends_are_nothing_to_bisect(bench: Bench, put: Put) -> None:
    put("keras", "1.0")
    end = bench.end("keras==1.0")
    with pytest.raises(BisectError, match="Nothing to bisect"):
        bench.search(end, end)


def test_two_versions_of_python_are_refused_with_the_remedy(
    bench: Bench, script: Callable[[str], Path]
) -> None:
    old = "import platform; platform.python_version_tuple = lambda: ('3', '99', '0')"
    python = script(f'exec "$PYTHON" -c "{old}; import sys; exec(sys.argv[1])" "$3"')
    with pytest.raises(BisectError, match=r"Python changed too[\s\S]*3\.99 in the reference"):
        bench.search(python, HERE)


def test_a_candidate_without_pip_is_refused_with_the_remedy(bench: Bench, put: Put) -> None:
    put("keras", "1.0")
    bare = make_environment(bench.folder, HERE, Recipe(requirements=("keras==1.0",), complete=True))
    with pytest.raises(BisectError, match=r"Next: run .*python -m ensurepip"):
        bench.search(bare, bare)


def test_a_damaged_log_is_refused_before_anything_is_measured(bench: Bench, ends: Ends) -> None:
    (bench.folder / "bisect" / "answers.jsonl").write_text("{\n")
    with pytest.raises(FormatError, match=r"Damaged log\. .*line 1"):
        bench.search(*ends)
    assert bench.measured == []
