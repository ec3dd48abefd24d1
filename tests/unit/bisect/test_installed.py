from __future__ import annotations

import re
import sys
import venv
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any, cast

import pytest
from packaging.markers import default_environment
from packaging.utils import canonicalize_name

from rnn_suite.bisect.errors import BisectError
from rnn_suite.bisect.installed import (
    Distribution,
    Installed,
    read_installed,
    read_under_test,
    under_test,
)
from rnn_suite.errors import FormatError

HERE = Path(sys.executable)
MARKERS = cast("dict[str, Any]", dict(default_environment()))


def installed(**requires: tuple[str, ...]) -> Installed:
    """Return an environment with these packages, `_` in a name for `-`, each with what it requires."""
    return Installed(
        markers=MARKERS,
        distributions=tuple(
            Distribution(name=name.replace("_", "-"), version="1.0", requires=lines)
            for name, lines in requires.items()
        ),
    )


def reached(**requires: tuple[str, ...]) -> list[str]:
    return list(under_test(installed(**requires)))


def test_this_environment_is_read_as_this_process_sees_it() -> None:
    read = {one.name: one for one in read_installed(HERE).distributions}
    theirs = {canonicalize_name(one.name) for one in metadata.distributions()}
    assert read.keys() == theirs
    assert read["numpy"].version == metadata.version("numpy")
    assert list(read["pytest"].requires) == metadata.requires("pytest")


def test_the_markers_are_those_of_the_standard() -> None:
    assert read_installed(HERE).markers == MARKERS


def test_names_are_made_canonical() -> None:
    names = [one.name for one in read_installed(HERE).distributions]
    assert all(re.fullmatch("[a-z0-9-]+", name) for name in names)
    assert names == sorted(names)


def test_noise_before_and_after_the_answer_does_not_matter(script: Callable[[str], Path]) -> None:
    noisy = script('echo "{}"\n"$PYTHON" "$@"\necho bye')
    assert read_installed(noisy) == read_installed(HERE)


def test_an_interpreter_that_crashes_is_quoted(script: Callable[[str], Path]) -> None:
    with pytest.raises(BisectError, match=r"Received: exit status 3\nno library\nNext: "):
        read_installed(script("echo no library >&2; exit 3"))


def test_an_interpreter_that_says_nothing_is_refused(script: Callable[[str], Path]) -> None:
    with pytest.raises(BisectError, match="does not say what it has installed"):
        read_installed(script("exit 0"))


def test_an_old_python_is_refused_by_its_version(script: Callable[[str], Path]) -> None:
    old = "import sys; sys.version_info = (3, 9); exec(sys.argv[1])"
    with pytest.raises(BisectError, match=r"Python 3\.9 is too old"):
        read_installed(script(f'exec "$PYTHON" -c "{old}" "$3"'))


def test_an_answer_of_another_form_is_refused(script: Callable[[str], Path]) -> None:
    with pytest.raises(FormatError, match="fields missing"):
        read_installed(script("echo; echo 'rnn-suite: installed'; echo '{}'"))


def test_what_the_libraries_require_is_reached_and_the_rest_is_not() -> None:
    assert reached(
        keras=("ml-dtypes>=1", "Rich"),
        ml_dtypes=("numpy",),
        numpy=(),
        rich=(),
        pytest=("pluggy",),
        pluggy=(),
    ) == ["keras", "ml-dtypes", "numpy", "rich"]


def test_packages_that_require_each_other_are_reached_once() -> None:
    assert reached(keras=("a",), a=("b",), b=("a", "keras")) == ["a", "b", "keras"]


def test_what_is_required_and_not_installed_is_not_reached() -> None:
    assert reached(keras=("gone",)) == ["keras"]


def test_a_requirement_of_another_python_is_not_followed() -> None:
    assert reached(
        keras=("old; python_version < '3'", "new; python_version > '3'"), old=(), new=()
    ) == [
        "keras",
        "new",
    ]


def test_extras_are_not_followed_apart_from_the_libraries_of_a_gpu() -> None:
    assert reached(
        tensorflow=("cudnn; extra == 'and-cuda'", "jax; extra == 'test'"), cudnn=(), jax=()
    ) == ["cudnn", "tensorflow"]


def test_a_requirement_that_cannot_be_read_is_passed_over() -> None:
    assert reached(keras=("what (is) == this?", "a"), a=()) == ["a", "keras"]


def test_an_environment_without_the_libraries_is_refused_by_its_interpreter_and_its_side(
    tmp_path: Path,
) -> None:
    venv.create(tmp_path / "bare", symlinks=True)
    bare = tmp_path / "bare" / "bin" / "python"
    with pytest.raises(BisectError) as caught:
        read_under_test(bare, role="reference")
    assert str(caught.value).startswith(
        f"The reference environment has none of the libraries under test: {bare}\n"
        "Expected: TensorFlow, Keras and NumPy, "
    )
    assert "\nReceived: nothing installed\nNext: install them there, or " in str(caught.value)
