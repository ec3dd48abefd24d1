"""The archives of released libraries: which are kept, and that they are written and read as described."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rnn_suite.models import CELLS

ROOT = Path(__file__).parents[2]


def test_every_release_that_tox_names_has_an_archive() -> None:
    from rnn_suite.checks.parts.saved_models import archives

    tox = (ROOT / "tox.ini").read_text(encoding="utf-8")
    tensorflow = dict(re.findall(r"(tf\d+): tensorflow-cpu==([\d.]+)", tox))
    keras_of = dict(re.findall(r"(tf\d+)-!keras312-!keras315: keras==([\d.]+)", tox))
    assert len(tensorflow) == 6
    assert {archive.file for archive in archives()} == {
        f"keras-{keras_of[name]}-tensorflow-{tensorflow[name]}.zip" for name in tensorflow
    }


def test_archives_come_oldest_first() -> None:
    from rnn_suite.checks.parts.saved_models import archives

    versions = [archive.version for archive in archives()]
    assert versions == sorted(versions)


@pytest.mark.parametrize("cell", CELLS)
def test_an_archive_holds_every_file_and_its_numbers(cell: str) -> None:
    from rnn_suite.checks.parts.saved_models import FILES, archives, weights_in

    for archive in archives():
        with archive.unpacked(cell) as (folder, numbers):
            assert {path.name for path in folder.iterdir()} == {*FILES, "numbers.npz"}
            assert weights_in(numbers, "classifier")
            assert {"tokens", "classifier outputs", "variant outputs"} <= set(numbers)
        assert not folder.exists()


# Keras 3.15 reads its variables in a way that NumPy 2 warns of.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_the_recipe_writes_an_archive_named_by_both_libraries(tmp_path: Path) -> None:
    import keras

    from rnn_suite.checks.parts.saved_models import write_archive

    path = write_archive(tmp_path / "new")
    assert path.name.startswith(f"keras-{keras.__version__}-tensorflow-")
    assert path.stat().st_size < 200_000


@pytest.mark.parametrize(
    ("text", "version"), [("3.15.1", (3, 15, 1)), ("keras 3.5.0.dev2", (3, 5, 0)), ("4", (4,))]
)
def test_a_version_is_the_release_it_names(text: str, version: tuple[int, ...]) -> None:
    from rnn_suite.checks.parts.saved_models import version_of

    assert version_of(text) == version


def test_what_names_no_version_is_an_error_with_the_value() -> None:
    from rnn_suite.checks.parts.saved_models import version_of

    with pytest.raises(ValueError, match="received 'newest'"):
        version_of("newest")
