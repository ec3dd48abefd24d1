"""The one table of corpora: a new corpus is a new file and a row here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rnn_suite.data import imdb, standin
from rnn_suite.data.dataset import Dataset
from rnn_suite.data.download import DownloadError
from rnn_suite.errors import UnknownNameError
from rnn_suite.experiment import CorpusConfig, Experiment


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """A row of `CORPORA`."""

    name: str
    load: Callable[[CorpusConfig], Dataset]
    """Reads or makes the corpus and prepares it."""
    locate: Callable[[], str]
    """Says where `load` will find it, having fetched it if need be; raises `CorpusError`."""
    description: str
    """One line for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusChoice:
    """The corpus that an option stands for, and why."""

    name: str
    """A row of `CORPORA`."""
    reason: str
    """One line for a person."""


CORPORA: dict[str, Corpus] = {
    corpus.name: corpus
    for corpus in (
        Corpus(
            name="imdb",
            load=imdb.load,
            locate=imdb.locate,
            description="IMDB movie reviews (Maas et al. 2011), 25,000 to train on, 25,000 to test",
        ),
        Corpus(
            name="standin",
            load=standin.load,
            locate=lambda: "generated from a seed",
            description="generated reviews in which word order decides; no file, no network",
        ),
    )
}


def load(experiment: Experiment) -> Dataset:
    """Return the prepared arrays of the experiment's corpus.

    Raises:
        UnknownNameError: if no row of `CORPORA` has its name.
        CorpusError: if the corpus is missing, damaged or too small for what is asked.
    """
    name = experiment.corpus.name
    if name not in CORPORA:
        raise UnknownNameError("corpus", name, sorted(CORPORA))
    return CORPORA[name].load(experiment.corpus)


def choose_corpus(option: str) -> CorpusChoice:
    """Return the corpus that `--corpus` asks for; `auto` is IMDB where it can be had.

    A corpus that is a file is looked for, and downloaded if need be, so that the run that follows
    finds it; where that fails for `auto` the stand-in is chosen, and the reason says why.

    Args:
        option: `auto`, or the name of a row of `CORPORA`.

    Raises:
        UnknownNameError: if it is neither.
        CorpusError: if a corpus asked for by name cannot be had, or `RNN_SUITE_IMDB` is set and
            names no file: never silently the stand-in.
    """
    if option in CORPORA:
        return CorpusChoice(name=option, reason=f"asked for by name, {CORPORA[option].locate()}")
    if option != "auto":
        raise UnknownNameError("corpus", option, ["auto", *sorted(CORPORA)])
    try:
        return CorpusChoice(name="imdb", reason=CORPORA["imdb"].locate())
    except DownloadError as error:
        reason = f"IMDB could not be downloaded: {error.cause}"
        return CorpusChoice(name="standin", reason=reason)
