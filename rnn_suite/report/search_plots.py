"""Searches as figures: `python -m rnn_suite.report.search_plots FILE.json FOLDER`.

The file is one that `rnn_suite.report.search_table` reads.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from pathlib import Path

from rnn_suite.errors import SuiteError
from rnn_suite.jsonable import write_atomically
from rnn_suite.report.figures.canvas import styled
from rnn_suite.report.figures.search_curves import bracket_curves
from rnn_suite.report.figures.search_parallel import parallel_coordinates
from rnn_suite.report.figures.search_trials import search_title
from rnn_suite.report.search_table import searches_in
from rnn_suite.trials import SearchResult

_FIGURES = {"parallel_coordinates": parallel_coordinates, "learning_curves": bracket_curves}


def write_plots(result: SearchResult, folder: Path) -> list[Path]:
    """Write both figures as SVG, with text as text, and as PNG; the same result gives the same bytes.

    Raises:
        MissingPackageError: if Matplotlib is not installed.
        FormatError: if a file cannot be written.
    """
    written = []
    for name, draw in _FIGURES.items():
        with styled(name):
            figure = draw(result)
            figure.suptitle(search_title(result), fontsize=11)
            for kind, unsaid in (("svg", ("Date", "Creator")), ("png", ("Software",))):
                content = io.BytesIO()
                metadata = dict.fromkeys(unsaid)
                figure.savefig(content, format=kind, dpi=120, facecolor="white", metadata=metadata)
                written.append(folder / f"seed-{result.seed}-{name}.{kind}")
                write_atomically(written[-1], content.getvalue())
    return written


def main(arguments: Sequence[str]) -> None:
    """Draw every search in the file that is named first into the folder that is named second.

    Raises:
        SuiteError: if the file cannot be read, or a figure not be drawn or written.
    """
    file, folder = map(Path, arguments)
    for result in searches_in(file):
        print("\n".join(map(str, write_plots(result, folder))))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except SuiteError as error:
        sys.exit(str(error))
