"""Unpickle a NumPy object array of lists of ints, and run nothing that the pickle brings.

A pickle is a program that may call whatever its `find_class` gives it. The one here gives inert
stand-ins: not even NumPy's own array code sees what the file holds.
"""

from __future__ import annotations

import io
import pickle

from rnn_suite.data.pickle_scan import RefusedPickleError, check_sizes

ALLOWED_GLOBALS = frozenset(
    {
        ("numpy.core.multiarray", "_reconstruct"),  # written by NumPy 1
        ("numpy._core.multiarray", "_reconstruct"),  # written by NumPy 2
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
        ("_codecs", "encode"),  # how pickle protocols 0 to 2 spell a bytes object
    }
)
"""The only (module, name) pairs that a pickled object array of lists of ints refers to."""


class _Array:
    """Stands for the array being rebuilt: keeps the list of elements from its state."""

    __slots__ = ("elements",)

    def __init__(self) -> None:
        self.elements: list[object] | None = None

    def __setstate__(self, state: object) -> None:
        # ndarray's state is (version, shape, dtype, is_fortran, elements).
        if type(state) is tuple and len(state) == 5 and type(state[4]) is list:
            self.elements = state[4]


class _Dtype:
    """Stands for a dtype: the .npy header has said already that it is `object`."""

    __slots__ = ()

    def __setstate__(self, state: object) -> None:
        pass


class _Global:
    """Stands for an allowed global. An instance without attributes: a pickle cannot alter it."""

    __slots__ = ()


class _Reconstruct(_Global):
    __slots__ = ()

    def __call__(self, *_: object) -> _Array:
        return _Array()


class _MakeDtype(_Global):
    __slots__ = ()

    def __call__(self, *_: object) -> _Dtype:
        return _Dtype()


class _Encode(_Global):
    __slots__ = ()

    def __call__(self, *_: object) -> bytes:
        return b""  # only ever the type code that _reconstruct ignores


_STAND_INS: dict[str, _Global] = {
    "_reconstruct": _Reconstruct(),
    "dtype": _MakeDtype(),
    "encode": _Encode(),
    "ndarray": _Global(),
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str, /) -> _Global:
        if (module, name) not in ALLOWED_GLOBALS:
            raise RefusedPickleError(
                f"its pickle asks for {module}.{name}, which no array of reviews needs; "
                "it was refused and nothing was run"
            )
        return _STAND_INS[name]


def unpickle_elements(data: bytes) -> list[object]:
    """Return the elements of the pickled object array in `data`; nothing from it is executed.

    The elements are plain values (lists, ints, strings ...), and not checked further here.

    Raises:
        RefusedPickleError: if the pickle names a global that is not in `ALLOWED_GLOBALS`, is
            damaged, makes more than an array of reviews is made of, or holds no object array.
    """
    check_sizes(data)
    stream = io.BytesIO(data)
    try:
        array = _Unpickler(stream).load()
    except RefusedPickleError:
        raise
    except Exception as error:  # the documentation of pickle names no complete list
        raise RefusedPickleError(f"its pickle is damaged: {error}") from error
    if not isinstance(array, _Array) or array.elements is None:
        raise RefusedPickleError("its pickle holds no object array")
    if stream.read(1):
        raise RefusedPickleError("there is something behind the end of its pickle")
    return array.elements
