"""Projects of Keras Tuner, as real tuners left them, read without it: whole, and damaged."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import rnn_suite.checks
from rnn_suite.errors import FormatError
from rnn_suite.tuning.project import NOTES, read_trials

KEPT = Path(rnn_suite.checks.__file__).parent / "projects"
ARCHIVES = sorted(KEPT.glob("*.zip"))


@pytest.fixture(params=ARCHIVES, ids=[path.stem for path in ARCHIVES])
def unpacked(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    with zipfile.ZipFile(request.param) as archive:
        archive.extractall(tmp_path)
    return tmp_path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return the project of a search that ended, under the newest libraries."""
    with zipfile.ZipFile(ARCHIVES[-1]) as archive:
        archive.extractall(tmp_path)
    return tmp_path / "finished" / "project"


def cut_in_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def removed(path: Path) -> None:
    path.unlink()


def changed(**fields: object) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        path.write_text(json.dumps(json.loads(path.read_text()) | fields))

    return change


def replaced(content: object) -> Callable[[Path], None]:
    def replace(path: Path) -> None:
        path.write_text(json.dumps(content))

    return replace


def test_trials_are_read_in_the_order_they_were_begun(unpacked: Path) -> None:
    trials = read_trials(unpacked / "finished" / "project")
    assert [trial.trial for trial in trials] == [f"{number:04}" for number in range(10)]
    assert {trial.status for trial in trials} == {"COMPLETED"}
    assert all(trial.values.keys() == {"units", "learning_rate"} for trial in trials)


def test_hyperbands_own_values_are_told_apart_from_those_that_are_searched(unpacked: Path) -> None:
    trials = read_trials(unpacked / "finished" / "project")
    assert [trial.bracket for trial in trials] == [1] * 7 + [0] * 3
    assert [trial.round for trial in trials] == [0] * 5 + [1] * 2 + [0] * 3
    assert [trial.epochs for trial in trials] == [2] * 5 + [4] * 5
    promoted = trials[5]
    parents = {trial.trial: trial for trial in trials[:5]}
    assert promoted.initial_epoch == 2
    assert promoted.values == parents[promoted.parent].values


def test_the_score_is_the_objective_of_the_best_epoch_of_our_notes(unpacked: Path) -> None:
    for trial in read_trials(unpacked / "finished" / "project"):
        assert trial.score == min(trial.history["val_loss"])
        assert len(trial.history["val_loss"]) == trial.epochs - trial.initial_epoch
        assert trial.seconds > 0


def test_the_trial_that_a_kill_hit_is_still_running_and_has_no_score(unpacked: Path) -> None:
    *ended, hit = read_trials(unpacked / "cut_short" / "project")
    assert {trial.status for trial in ended} == {"COMPLETED"}
    assert (hit.trial, hit.status, hit.score, hit.history) == ("0005", "RUNNING", None, {})


def test_a_folder_without_a_project_holds_no_trials(tmp_path: Path) -> None:
    assert read_trials(tmp_path / "new") == ()


@pytest.mark.parametrize(
    ("file", "damage", "fault"),
    [
        ("trial_0003/trial.json", cut_in_half, "is not JSON"),
        ("trial_0003/trial.json", emptied, "is empty"),
        ("trial_0003/trial.json", removed, "no such file"),
        ("trial_0003/trial.json", replaced([]), "of another kind"),
        ("trial_0003/trial.json", changed(hyperparameters={}), "of another kind"),
        ("trial_0003/trial.json", changed(score="good"), "of another kind"),
        (f"trial_0003/{NOTES}", cut_in_half, "is not JSON"),
        (f"trial_0003/{NOTES}", changed(seconds="long"), "Received: 'long'"),
        ("oracle.json", cut_in_half, "is not JSON"),
        ("oracle.json", emptied, "is empty"),
        ("oracle.json", replaced({"schema": 1}), "of another kind"),
        ("oracle.json", replaced(["0000"]), "of another kind"),
        ("oracle.json", changed(start_order=None), "of another kind"),
    ],
)
def test_a_damaged_file_is_an_error_that_names_it_and_the_remedy(
    project: Path, file: str, damage: Callable[[Path], None], fault: str
) -> None:
    damage(project / file)
    with pytest.raises(FormatError) as raised:
        read_trials(project)
    message = str(raised.value)
    assert message.startswith(f"Damaged search. {project / file}")
    assert re.search(
        rf"{re.escape(fault)}.*Next: delete {re.escape(str(project))} ", message, re.DOTALL
    )


def test_a_trial_whose_folder_is_gone_is_an_error_that_names_it(project: Path) -> None:
    for path in (folder := project / "trial_0004").iterdir():
        path.unlink()
    folder.rmdir()
    with pytest.raises(FormatError, match=r"trial_0004/trial\.json: no such file"):
        read_trials(project)


def test_reading_a_damaged_project_changes_nothing(project: Path) -> None:
    def content() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}

    cut_in_half(project / "oracle.json")
    before = content()
    with pytest.raises(FormatError):
        read_trials(project)
    assert content() == before


def test_a_trial_that_the_search_does_not_know_of_is_not_one_of_its_trials(project: Path) -> None:
    # A kill can leave it behind: Keras Tuner writes a trial before it writes what the search knows.
    (project / "trial_0010").mkdir()
    (project / "trial_0010" / "trial.json").write_text("{}")
    assert len(read_trials(project)) == 10


def test_archives_come_oldest_first_and_are_small() -> None:
    from rnn_suite.checks.parts.tuner_projects import project_archives

    archives = project_archives()
    assert [archive.name for archive in archives] == [
        "keras-tuner 1.4.6, keras 3.3.3",
        "keras-tuner 1.4.7, keras 3.8.0",
        "keras-tuner 1.4.8, keras 3.15.1",
    ]
    assert [archive.file for archive in archives] == [path.name for path in ARCHIVES]
    assert all(path.stat().st_size < 60_000 for path in ARCHIVES)


def test_nothing_in_an_archive_lands_outside_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rnn_suite.checks.parts import tuner_projects

    with zipfile.ZipFile(tmp_path / "hostile.zip", "w") as archive:
        for name in ("../up.txt", str(tmp_path / "root.txt")):
            archive.writestr(name, "out")
    monkeypatch.setattr(tuner_projects, "_KEPT", tmp_path)
    hostile = tuner_projects.ProjectArchive(name="hostile", file="hostile.zip")
    with hostile.unpacked() as folder:
        assert {path.name for path in folder.rglob("*.txt")} == {"up.txt", "root.txt"}
        assert not (folder.parent / "up.txt").exists()
    assert not (tmp_path / "root.txt").exists()
