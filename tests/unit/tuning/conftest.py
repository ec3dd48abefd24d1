from __future__ import annotations

from pathlib import Path

import pytest

from rnn_suite.trials import TrialResult
from rnn_suite.tuning.processes import SearchProcess
from tests.unit.tuning.real_searches import Alone, tiny_search


@pytest.fixture(scope="session")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Alone:
    """A search by one process, started by one that has a place in a cluster whose chief does not exist.

    Its folder was named from a working folder that is not the search's own.
    """
    folder = tmp_path_factory.mktemp("alone")
    shown: list[int] = []
    rebuilding: list[bool] = []

    def show(
        _seed: int, trials: tuple[TrialResult, ...], _seconds: float, is_rebuilt: bool
    ) -> None:
        shown.append(len(trials))
        rebuilding.append(is_rebuilt)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERASTUNER_TUNER_ID", "tuner5")
        patch.setenv("KERASTUNER_ORACLE_IP", "127.0.0.1")
        patch.setenv("KERASTUNER_ORACLE_PORT", "9")
        patch.chdir(folder.parent)
        process = SearchProcess(tiny_search(), 1, Path(folder.name))
        try:
            result = process.result(show)
        finally:
            process.close()
    return Alone(folder=folder, result=result, shown=tuple(shown), rebuilding=tuple(rebuilding))
