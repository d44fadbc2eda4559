"""What all pictures share: colours, the light and the dark theme, how a figure begins and ends.

Figures are made without pyplot, so that drawing opens no window and keeps no global list of
figures. A notebook shows a figure that is the last value of a cell.
"""

import warnings
from contextlib import AbstractContextManager
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from dl.errors import InputError
from dl.plots.notebook import show_figures

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = {
    "blue": "#0072B2",
    "orange": "#E69F00",
    "green": "#009E73",
    "vermilion": "#D55E00",
    "sky": "#56B4E9",
    "purple": "#CC79A7",
}
"""Colours that people with any colour vision tell apart, readable on white and on black.

Source: Okabe & Ito 2008, without their black and yellow.
"""

FORMATS = ("png", "svg", "pdf")
"""The formats of files that `save` writes."""

_DASHES = ("-", "--", "-.", ":")
_MARKERS = ("o", "s", "^", "D", "v", "P")

_SHARED: dict[Any, Any] = {
    "font.size": 10.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "image.cmap": "viridis",  # its lightness only grows, so it can be read in grey
    "legend.frameon": False,
    "svg.hashsalt": "dl",
}
_INKS = {"light": ("#1a1a1a", "#ffffff"), "dark": ("#e6e6e6", "#161616")}


class Line(NamedTuple):
    """How one of several curves is drawn."""

    color: str
    linestyle: str
    marker: str


def lines(count: int) -> list[Line]:
    """`count` ways to draw a curve; they differ in dashes and markers too, for prints in grey.

    >>> [line.linestyle for line in lines(2)]
    ['-', '--']
    """
    ways = zip(cycle(COLOURS.values()), cycle(_DASHES), cycle(_MARKERS), strict=False)
    return [Line(*way) for way in islice(ways, count)]


def theme(name: Literal["light", "dark"] = "light") -> AbstractContextManager[Any]:
    """The settings of matplotlib for light or dark pages, while the context lasts.

    >>> import dl
    >>> with dl.plots.theme("dark"):
    ...     figure, axes = new_figure()
    >>> axes.xaxis.label.get_color()
    '#e6e6e6'
    """
    import_matplotlib()
    from matplotlib import rc_context

    ink, ground = _INKS[name]
    inks = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
    grounds = ("figure.facecolor", "axes.facecolor", "savefig.facecolor")
    return rc_context(_SHARED | dict.fromkeys(inks, ink) | dict.fromkeys(grounds, ground))


def new_figure(
    rows: int = 1, columns: int = 1, *, width: float = 6.4, height: float = 4.0, **subplots: Any
) -> "tuple[Figure, Any]":
    """A figure of `width` × `height` inches and its axes: one, or an array [rows, columns].

    Outside `theme` it is drawn for a light page. `subplots` goes to `Figure.subplots`.
    """
    import_matplotlib()
    from matplotlib import rcParams
    from matplotlib.figure import Figure

    if rcParams["svg.hashsalt"] != _SHARED["svg.hashsalt"]:
        with theme():
            return new_figure(rows, columns, width=width, height=height, **subplots)
    show_figures()
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, **subplots)
    return figure, axes if rows * columns > 1 else axes[0, 0]


def new_panels(
    count: int,
    *,
    columns: int,
    panel: tuple[float, float],
    room: tuple[float, float] = (0.0, 0.0),
    least_width: float = 0.0,
    **subplots: Any,
) -> "tuple[Figure, list[Any]]":
    """A figure and its `count` axes, in rows of at most `columns`.

    It has `panel` inches, width and height, for each column and row, and `room` for what stands
    around them; it is at least `least_width` inches wide. `subplots` goes to `Figure.subplots`.

    >>> figure, panels = new_panels(5, columns=3, panel=(2.0, 1.5), room=(0.5, 0.0))
    >>> len(panels), figure.get_size_inches().tolist()
    (5, [6.5, 3.0])
    """
    columns = min(columns, count)
    rows = -(-count // columns)
    width, height = (
        number * side + more
        for number, side, more in zip((columns, rows), panel, room, strict=True)
    )
    width = max(width, least_width)
    figure, axes = new_figure(rows, columns, width=width, height=height, **subplots)
    panels = np.ravel(axes).tolist()
    for spare in panels[count:]:
        spare.remove()
    # Of a shared axis only the last row has numbers, which may be one of the spare panels.
    for lowest in panels[:count][-columns:]:
        lowest.tick_params(labelbottom=True)
    return figure, panels[:count]


def ink() -> str:
    """The colour of text and frames in the theme that is in force."""
    import_matplotlib()
    from matplotlib import rcParams

    themed = rcParams["svg.hashsalt"] == _SHARED["svg.hashsalt"]
    return rcParams["text.color"] if themed else _INKS["light"][0]


def ground() -> str:
    """The colour of the page in the theme that is in force."""
    return _INKS["dark" if is_dark() else "light"][1]


def is_dark() -> bool:
    """Whether the theme that is in force is that for dark pages."""
    return ink() == _INKS["dark"][0]


def pictures_only(axes: Any) -> None:
    """Take ticks, frame and grid away, for axes that hold a picture."""
    for each in np.ravel(np.asarray(axes)):
        each.set(xticks=[], yticks=[])
        each.grid(False)
        for spine in each.spines.values():
            spine.set_visible(False)


def save(figure: "Figure", path: str | Path) -> Path:
    """Write `figure` in the format of the path's suffix; the same figure gives the same bytes.

    Raises:
        InputError: when the suffix is none of `FORMATS`, or the file cannot be written.
    """
    path = Path(path)
    check_format(path)
    import_matplotlib()
    from matplotlib import rc_context

    metadata = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
    try:
        with warnings.catch_warnings(), rc_context({"svg.hashsalt": _SHARED["svg.hashsalt"]}):
            # A character that the font lacks is drawn as a box; the picture is worth having.
            warnings.filterwarnings("ignore", "Glyph .* missing from")
            figure.savefig(path, dpi=150, metadata=metadata[path.suffix[1:].lower()])
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}") from None
    return path


def check_format(path: Path) -> None:
    """Raise an `InputError` unless the suffix of `path` is a format that `save` writes."""
    if path.suffix[1:].lower() not in FORMATS:
        raise InputError(
            f"{path.name} does not end like a picture: call it {path.stem or 'picture'}.png, "
            ".svg or .pdf"
        )


def import_matplotlib() -> None:
    """Import matplotlib.

    Raises:
        InputError: when it is not installed.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise InputError(
            "pictures need matplotlib, which is not installed: pip install 'dl-lectures[plots]'"
        ) from None
