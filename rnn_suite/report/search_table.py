"""Searches as tables: `python -m rnn_suite.report.search_table [--markdown] FILE.json ...`.

Each file is the `result.json` of a search or a baseline of the question `search`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rnn_suite.baselines import load_baseline
from rnn_suite.errors import FormatError, SuiteError
from rnn_suite.hyperband import brackets
from rnn_suite.jsonable import from_jsonable, read_json
from rnn_suite.questions import question_named
from rnn_suite.report.terminal import table
from rnn_suite.trials import COMPLETED, SearchResult, TrialResult

_QUESTION = "search"
"""Name of the question whose baselines hold searches."""

Rows = list[tuple[str, ...]]


def search_table(result: SearchResult, best: int = 10) -> list[str]:
    """Return the lines of a table of the best trials, of the winner and of the cost, as plain text.

    Epochs are those that the trial trained itself, after those of the trial it goes on from, as in `4+6`.
    Of equal scores the trial that began first stands first, as in Keras Tuner.

    Args:
        result: of one search.
        best: how many trials, at most.
    """
    headings, *rows = _rows(result, best)
    return [*table([headings, *rows]), *_sentences(result)]


def search_markdown(result: SearchResult, best: int = 10) -> list[str]:
    """Return what `search_table` does, as Markdown."""
    headings, *rows = _rows(result, best)
    lines = [headings, ("---",) * len(headings), *rows]
    return [
        *(f"| {' | '.join(line)} |" for line in lines),
        *("", *(f"- {sentence}" for sentence in _sentences(result))),
    ]


def searches_in(path: Path) -> tuple[SearchResult, ...]:
    """Return the searches that lie in a `result.json`, or in a baseline of the question `search`.

    Raises:
        SuiteError: if the file is missing, damaged, or holds something else.
    """
    content = read_json(path)
    if isinstance(content, dict) and "question" in content:
        if content["question"] != _QUESTION:
            raise FormatError(
                f"{path}: holds no search.\n"
                f"Expected: result.json of a search, or a baseline of the question {_QUESTION}\n"
                f"Received: a baseline of the question {content['question']}\n"
                f"Next: name a file such as baselines/smoke/imdb/{_QUESTION}/all.json"
            )
        measured = load_baseline(path, question_named(_QUESTION)).measurement.measured
        return tuple(measured.searches)
    return (from_jsonable(SearchResult, content, where=str(path)),)


def _rows(result: SearchResult, best: int) -> Rows:
    names = sorted({name for trial in result.trials for name in trial.values})
    bracket = brackets(result.trials)
    scored = [(t.score, t) for t in result.trials if t.score is not None]
    scored.sort(key=lambda pair: -pair[0])
    return [
        ("rank", "trial", "bracket/round", "epochs", *names, "score", "seconds"),
        *(
            (
                str(rank),
                trial.trial,
                f"{bracket[trial.trial]}/{trial.round}",
                (f"{trial.initial_epoch}+" if trial.initial_epoch else "")
                + str(trial.trained_epochs),
                *(trial.values.get(name, "-") for name in names),
                f"{score:.4f}",
                f"{trial.seconds:.1f}",
            )
            for rank, (score, trial) in enumerate(scored[:best], start=1)
        ),
    ]


def _sentences(result: SearchResult) -> list[str]:
    failed = [trial for trial in result.trials if trial.status != COMPLETED]
    return [
        _winner(result),
        _cost(result, len(failed)),
        *(f"Failed: trial {t.trial} ({_told(t)}): {t.fault or t.status}" for t in failed),
    ]


def _winner(result: SearchResult) -> str:
    best = result.best
    if best is None:
        return "Winner: none; Keras Tuner gave up, because one trial after the other failed"
    values = next((_told(t) for t in result.trials if t.trial == best.trial), "values unknown")
    return (
        f"Winner: trial {best.trial} ({values}), score {best.score:.4f}; rebuilt and trained "
        f"{len(best.history.get('loss', ()))} epochs: test accuracy {best.test_accuracy:.4f}, "
        f"test loss {best.test_loss:.4f}"
    )


def _cost(result: SearchResult, failed: int) -> str:
    own = result.tuner_seconds
    # A search that was taken up keeps the seconds of its last part, and its trials keep theirs.
    taken_up = sum(trial.seconds for trial in result.trials) > result.seconds * result.workers
    return (
        f"Cost: {len(result.trials)} trials, {failed} of them failed, "
        f"{sum(trial.trained_epochs for trial in result.trials)} epochs trained, {result.seconds:.1f} s "
        + ("in its last part, " if taken_up else "")
        + f"in {result.workers} process{'es' if result.workers > 1 else ''}"
        + ("" if result.best is None else " without the rebuilt model")
        + ("" if own is None else f", of which the tuner's own {own:.2f} s a trial")
    )


def _told(trial: TrialResult) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted(trial.values.items()))


def main(arguments: Sequence[str]) -> None:
    """Print every search in the files that are named.

    Raises:
        SuiteError: as `searches_in`.
    """
    parser = argparse.ArgumentParser(
        prog="python -m rnn_suite.report.search_table",
        description="Print searches as tables: the best trials, the winner and the cost.",
    )
    parser.add_argument("--markdown", action="store_true", help="as Markdown, not as plain text")
    parser.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE.json",
        help=f"result.json of a search, or a baseline of the question {_QUESTION}",
    )
    asked = parser.parse_args(arguments)
    for path in asked.files:
        for result in searches_in(path):
            lines = search_markdown(result) if asked.markdown else search_table(result)
            heading = f"{path}, search seed {result.seed}"
            print("\n".join([f"### {heading}\n" if asked.markdown else heading, *lines, ""]))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except SuiteError as error:
        sys.exit(str(error))
