"""What every figure shares: its colours, an empty one, and how it becomes SVG that stands inside a page.

A figure is drawn in the colours of the light page. Inside a page they become CSS variables, so that one
drawing serves light and dark; text stays text, in the page's own font.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rnn_suite.errors import MissingPackageError
from rnn_suite.verdicts import Verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, MUTED, FAINT, PAPER = "#1c2126", "#5b6570", "#d5dae0", "#ffffff"
"""Text; what is old; grids and bands; what lies behind."""
NEW, BAD, WARN = "#0b5cad", "#b3261e", "#8a5300"
"""What is new; what regressed, and limits; what noise hides."""

_VARIABLES = {
    INK: "--ink",
    MUTED: "--muted",
    FAINT: "--line",
    PAPER: "--paper",
    NEW: "--new",
    BAD: "--bad",
    WARN: "--warn",
}
_WIDTH = 4.4
"""Inches; on a narrow phone a text of 10 points is as tall there as the page's small print."""
_LEAST_SCALE, _LARGEST_SCALE = 1.1, 1.35
"""Pixels of the page a point of the figure: what is smaller cannot be read, what is larger looks coarse."""

_STYLE: Any = {
    "axes.edgecolor": MUTED,
    "axes.facecolor": "none",
    "axes.labelcolor": INK,
    "axes.titlesize": 10,
    "figure.facecolor": "none",
    "font.size": 10,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": INK,
    "ytick.color": INK,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A figure to be drawn, and the words around it."""

    name: str
    """Its id in the page: letters, digits and hyphens, once a page."""
    title: str
    caption: str
    """One sentence that says how to read it."""
    label: str
    """What is to be seen, for whoever cannot see it."""
    about: tuple[Verdict, ...]
    """The verdicts it shows."""
    draw: Callable[[], Figure]
    wide: bool = False
    """Whether it has a row, and where that is too narrow a box that scrolls sideways."""


def blank(*, height: float, width: float = _WIDTH) -> Figure:
    """Return an empty figure; sizes in inches.

    Raises:
        MissingPackageError: if Matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise _missing(error) from error
    return Figure(figsize=(width, height), layout="constrained")


def bare(axes: Axes, *, grid: str = "both") -> None:
    """Leave of the frame what is read: two sides, and a faint grid behind along `x`, `y` or both."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_axisbelow(True)
    axes.grid(axis=grid, color=FAINT, linewidth=0.6)  # type: ignore[arg-type]


def legend(figure: Figure, axes: Axes, *, columns: int = 2) -> None:
    """Put the words for lines and points below the axes."""
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=columns)


@contextmanager
def styled(name: str) -> Iterator[None]:
    """Let figures look alike whatever the user's own settings; `name` keeps their parts' ids apart.

    Raises:
        MissingPackageError: if Matplotlib is not installed.
    """
    try:
        import matplotlib
    except ModuleNotFoundError as error:
        raise _missing(error) from error
    with matplotlib.rc_context(), warnings.catch_warnings():
        # The page's font may well have the letter that the one of the measuring lacks.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        matplotlib.rcParams["svg.hashsalt"] = name
        yield


def svg(picture: Picture) -> str:
    """Return the drawing as an `svg` element; the same picture gives the same text.

    Raises:
        MissingPackageError: if Matplotlib is not installed.
    """
    content = io.StringIO()
    unsaid = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with styled(picture.name):
        figure = picture.draw()
        figure.savefig(content, format="svg", metadata=unsaid)
    points = 72 * figure.get_figwidth()
    drawing = content.getvalue()
    drawing = re.sub(
        r"(fill|stroke): (#[0-9a-f]{6})",
        lambda found: (
            f"{found[1]}: var({_VARIABLES[found[2]]})" if found[2] in _VARIABLES else found[0]
        ),
        drawing[drawing.index("<svg") :],
    )
    # Every drawing counts its parts from 1.
    drawing = re.sub(r'(\bid="|xlink:href="#|url\(#)', rf"\g<1>{picture.name}-", drawing)
    least = f"min-width: {_LEAST_SCALE * points:.0f}px; " if picture.wide else ""
    return re.sub(
        r'<svg ([^>]*?)width="[^"]*" height="[^"]*"',
        rf'<svg \1aria-hidden="true" style="{least}max-width: {_LARGEST_SCALE * points:.0f}px"',
        drawing,
        count=1,
    )


def _missing(error: ModuleNotFoundError) -> MissingPackageError:
    return MissingPackageError(
        f"matplotlib cannot be imported: {error}.\nExpected: Matplotlib, which draws the figures\n"
        f"Received: an environment without {error.name}\n"
        "Next: install it, with pip install 'rnn-suite[report]'"
    )
