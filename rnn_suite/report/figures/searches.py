"""Each new search, as parallel coordinates and as learning curves."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from rnn_suite.questions.search import Searches
from rnn_suite.report.figures.canvas import Picture
from rnn_suite.report.figures.compared import compared
from rnn_suite.report.figures.search_curves import bracket_curves
from rnn_suite.report.figures.search_parallel import parallel_coordinates
from rnn_suite.report.figures.search_trials import search_title
from rnn_suite.run_report import RunReport


def searches(run: RunReport) -> Iterator[Picture]:
    """Yield two pictures for each search of this run that began a trial."""
    for i, found in enumerate(compared(run, Searches)):
        for result in found.new.searches:
            if not any(trial.values for trial in result.trials):
                continue
            label = " ".join(search_title(result).splitlines()[:1])
            yield Picture(
                name=f"search-{i}-{result.seed}-curves",
                title=f"{label}: how they learned",
                caption="Each line is a configuration through the rounds of its bracket; the stronger it is, "
                "the higher the score, and the thick one is the best.",
                label=f"{label}, validation accuracy by epoch.",
                about=(found.verdict,),
                draw=partial(bracket_curves, result),
                wide=len({trial.bracket for trial in result.trials}) > 2,
            )
            yield Picture(
                name=f"search-{i}-{result.seed}-trials",
                title=f"{label}: what was tried",
                caption="Each line is a trial and crosses every hyperparameter at its value; the stronger it "
                "is, the higher the score, and the thick one is the best.",
                label=f"{label}, as parallel coordinates.",
                about=(found.verdict,),
                draw=partial(parallel_coordinates, result),
                wide=True,
            )
