from __future__ import annotations

import json
from pathlib import Path

import pytest

from rnn_suite.bisect.log import Log
from rnn_suite.bisect.search import Answer
from rnn_suite.errors import FormatError

ALPHA, BETA = ("alpha==1",), ("alpha==1", "beta==2")


def opened(folder: Path, *, question: str = "step time", upgrade: str = "ab") -> Log:
    return Log(folder / "answers.jsonl", question=question, upgrade=upgrade)


def test_answers_are_taken_up_by_the_next_search(tmp_path: Path) -> None:
    first = opened(tmp_path)
    first.keep(ALPHA, Answer.GOOD)
    first.keep(BETA, Answer.RED)
    second = opened(tmp_path)
    assert (second.known(ALPHA), second.known(BETA)) == (Answer.GOOD, Answer.RED)
    assert second.known(("alpha==3",)) is None


def test_each_answer_is_a_line_that_can_be_read_without_the_suite(tmp_path: Path) -> None:
    opened(tmp_path).keep(BETA, Answer.UNKNOWN, "no network")
    (line,) = (tmp_path / "answers.jsonl").read_text().splitlines()
    read = json.loads(line)
    assert read.pop("date").endswith("+00:00")
    assert read == {
        "answer": "unknown",
        "pins": ["alpha==1", "beta==2"],
        "question": "step time",
        "reason": "no network",
        "upgrade": "ab",
    }


def test_an_unknown_answer_is_asked_again(tmp_path: Path) -> None:
    opened(tmp_path).keep(ALPHA, Answer.UNKNOWN, "inconclusive")
    assert opened(tmp_path).known(ALPHA) is None


def test_answers_to_another_question_or_upgrade_are_not_taken(tmp_path: Path) -> None:
    opened(tmp_path).keep(ALPHA, Answer.GOOD)
    assert opened(tmp_path, question="memory").known(ALPHA) is None
    assert opened(tmp_path, upgrade="cd").known(ALPHA) is None


def test_after_a_search_has_ended_the_next_one_asks_anew(tmp_path: Path) -> None:
    opened(tmp_path, question="memory").keep(ALPHA, Answer.RED)
    first = opened(tmp_path)
    first.keep(ALPHA, Answer.GOOD)
    first.finish()
    assert first.known(ALPHA) is None
    assert opened(tmp_path).known(ALPHA) is None
    assert opened(tmp_path, question="memory").known(ALPHA) is Answer.RED


@pytest.mark.parametrize(
    "torn", [b"{", b'{"answer": "go', b"\xff", b'{"whole": "but no line end"}']
)
def test_a_last_line_that_was_cut_off_is_ignored_and_overwritten(
    tmp_path: Path, torn: bytes
) -> None:
    opened(tmp_path).keep(ALPHA, Answer.GOOD)
    with (tmp_path / "answers.jsonl").open("ab") as file:
        file.write(torn)
    second = opened(tmp_path)
    assert second.known(ALPHA) is Answer.GOOD
    second.keep(BETA, Answer.RED)
    third = opened(tmp_path)
    assert (third.known(ALPHA), third.known(BETA)) == (Answer.GOOD, Answer.RED)


@pytest.mark.parametrize(
    "damage", [b"{", b"", b"[]", b'{"answer": "good"}', b"\xff\xfe", b"NaN", b"[" * 100_000]
)
def test_other_damage_is_refused_by_file_and_line_and_left_alone(
    tmp_path: Path, damage: bytes
) -> None:
    opened(tmp_path).keep(ALPHA, Answer.GOOD)
    path = tmp_path / "answers.jsonl"
    content = path.read_bytes() + damage + b"\n"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=r"Damaged log\. .*answers\.jsonl, line 2"):
        opened(tmp_path)
    assert path.read_bytes() == content


def test_an_answer_that_no_search_gives_is_damage(tmp_path: Path) -> None:
    opened(tmp_path).keep(ALPHA, Answer.GOOD)
    path = tmp_path / "answers.jsonl"
    path.write_text(path.read_text().replace('"good"', '"fine"'))
    with pytest.raises(FormatError, match=r"line 1.*\.answer"):
        opened(tmp_path)


def test_a_file_that_cannot_be_written_or_read_is_refused_by_name(tmp_path: Path) -> None:
    log = opened(tmp_path / "file")
    (tmp_path / "file").write_text("")
    with pytest.raises(FormatError, match=r"answers\.jsonl: not written"):
        log.keep(ALPHA, Answer.GOOD)
    (tmp_path / "answers.jsonl").mkdir()
    with pytest.raises(FormatError, match=r"answers\.jsonl: cannot be read"):
        opened(tmp_path)
