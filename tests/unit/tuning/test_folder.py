"""What is written down of a search before its processes start, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from rnn_suite.errors import FormatError, InvalidExperimentError, SuiteError, UnknownNameError
from rnn_suite.experiment import CorpusConfig
from rnn_suite.tuning.folder import (
    ASKED,
    RESULT,
    SEARCHED,
    ask,
    asked,
    fault_file,
    found,
    is_asked,
    note_end,
    searched,
)
from rnn_suite.tuning.processes import SearchProcess
from rnn_suite.tuning.work import main
from tests.unit.tuning.real_searches import tiny_search


@pytest.mark.parametrize("seed", [0, -1, 2**31])
def test_a_seed_that_no_search_takes_is_refused_before_anything_is_written(
    tmp_path: Path, seed: int
) -> None:
    with pytest.raises(InvalidExperimentError, match=rf"field seeds\.\n.*no seed.*\n.*\({seed},\)"):
        SearchProcess(tiny_search(), seed, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_corpus_that_is_unknown_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    search = replace(tiny_search(), corpus=CorpusConfig(name="imbd"))
    with pytest.raises(UnknownNameError, match="one of imdb, standin\nReceived: 'imbd'"):
        ask(search, 1, tmp_path / "new", workers=1)
    assert not (tmp_path / "new").exists()


def test_an_objective_that_is_no_accuracy_is_refused_by_its_field(tmp_path: Path) -> None:
    search = replace(tiny_search(), objective="val_loss")
    with pytest.raises(InvalidExperimentError, match=r"field objective.*\n.*val_accuracy or"):
        ask(search, 1, tmp_path / "new", workers=1)


def test_a_folder_may_be_named_as_text(tmp_path: Path) -> None:
    ask(tiny_search(), 1, str(tmp_path / "new"), workers=1)
    assert asked(tmp_path / "new").search == tiny_search()


def test_of_another_search_the_fields_that_differ_are_named_and_no_others(tmp_path: Path) -> None:
    ask(tiny_search(), 1, tmp_path, workers=1)
    with pytest.raises(FormatError) as raised:
        ask(replace(tiny_search(), max_epochs=3), 2, tmp_path, workers=2)
    assert "differing (there / asked now): search.max_epochs: 2 / 3; seed: 1 / 2\n" in str(
        raised.value
    )


def test_of_other_versions_those_that_differ_are_named_and_no_others(tmp_path: Path) -> None:
    ask(tiny_search(), 1, tmp_path, workers=1)
    content = json.loads((tmp_path / ASKED).read_text())
    now, content["libraries"]["keras"] = content["libraries"]["keras"], "3.0.0"
    (tmp_path / ASKED).write_text(json.dumps(content))
    with pytest.raises(FormatError) as raised:
        ask(tiny_search(), 1, tmp_path, workers=1)
    assert f"differing (there / asked now): keras 3.0.0 / {now}\n" in str(raised.value)


@pytest.mark.parametrize("content", ["", "{", "{}", "[]"])
@pytest.mark.parametrize(
    ("name", "read", "deleted"),
    [(ASKED, asked, ""), (SEARCHED, searched, SEARCHED), (RESULT, found, RESULT)],
)
def test_a_damaged_note_is_an_error_that_names_it_and_the_remedy(
    tmp_path: Path, name: str, read: Callable[[Path], object], deleted: str, content: str
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(FormatError) as raised:
        read(tmp_path)
    assert str(raised.value).startswith(f"Damaged search. {tmp_path / name}")
    assert f"\nNext: delete {tmp_path / deleted} and search again, or bring the file back" in str(
        raised.value
    )


def test_a_process_in_a_folder_that_does_not_exist_makes_none_and_says_what_to_do(
    tmp_path: Path,
) -> None:
    with pytest.raises(SystemExit, match=r"first, with rnn_suite\.tuning\.folder\.ask"):
        main(tmp_path / "wrong", 0, ["search"])
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("part", ["search", "cluster", "rebuild"])
def test_a_process_in_a_folder_of_something_else_writes_nothing_there(
    tmp_path: Path, part: str
) -> None:
    with pytest.raises(SystemExit, match="no search is asked for here"):
        main(tmp_path, 0, [part])
    assert [*tmp_path.iterdir()] == []


def test_a_process_leaves_its_fault_in_the_folder_of_its_search(tmp_path: Path) -> None:
    ask(tiny_search(), 1, tmp_path, workers=1)
    note_end(tmp_path, 1.0, stopped=False)
    (tmp_path / SEARCHED).write_text("{")
    with pytest.raises(SystemExit) as ended:
        main(tmp_path, 0, ["rebuild"])
    assert fault_file(tmp_path, None).read_text() == str(ended.value)


def test_a_folder_says_whether_a_search_is_asked_for_there(tmp_path: Path) -> None:
    assert not is_asked(tmp_path)
    with pytest.raises(SuiteError, match="no search is asked for here"):
        asked(tmp_path)
    ask(tiny_search(), 1, tmp_path, workers=1)
    assert is_asked(tmp_path)
