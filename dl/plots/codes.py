"""What auto-encoders and Boltzmann machines make of pictures: reconstructions, codes, fantasies."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dl.errors import InputError
from dl.inspect.codes.pca import fit_pca
from dl.plots.labels import shortened
from dl.plots.picture_grid import tile_centres, tiled
from dl.plots.style import COLOURS, new_figure, pictures_only

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MARKERS = "os^DvP"
_MOST_CLASSES = 20


def reconstructions(pictures: Any, answers: Any) -> "Figure":
    """Pictures [N, H, W, C] above, their reconstructions in the middle, the sizes of errors below.

    Both are on the scale of 0 (black) to 1 (white), and so are the errors |y − x|; values outside
    are drawn black or white. Under each stands the mean squared error of a pixel. Source: F1.

    Raises:
        InputError: for arrays of different shapes.

    >>> figure = reconstructions(np.zeros((2, 3, 3, 1)), np.full((2, 3, 3, 1), 0.5))
    >>> [label.get_text() for label in figure.axes[2].get_xticklabels()]
    ['0.250', '0.250']
    """
    x, y = (np.asarray(each, np.float64) for each in (pictures, answers))
    if x.shape != y.shape or x.ndim != 4:
        raise InputError(
            f"pictures are {list(x.shape)}, reconstructions {list(y.shape)}: give [N, H, W, C]"
        )
    count, width = len(x), x.shape[2]
    figure, panels = new_figure(3, width=max(4.0, 0.85 * count + 1.4), height=0.85 * 3 + 0.7)
    rows = {"input": x, "reconstruction": y, "error": np.abs(y - x)}
    for axes, (name, values) in zip(panels[:, 0], rows.items(), strict=True):
        _draw_row(axes, values, name)
    squares = np.square(y - x).mean((1, 2, 3))
    panels[2, 0].set_xticks(tile_centres(count, width), [f"{each:.3f}" for each in squares])
    panels[2, 0].tick_params(axis="x", length=0, labelsize=8)
    panels[2, 0].set_xlabel("mean squared error of a pixel")
    return figure


def _draw_row(axes: Any, pictures: np.ndarray, name: str) -> None:
    axes.imshow(_tiles(pictures, len(pictures)), cmap="gray", vmin=0, vmax=1)
    pictures_only(axes)
    axes.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=9)


def _tiles(pictures: np.ndarray, columns: int) -> np.ndarray:
    """Pictures [N, H, W, C] from 0 to 1 as one map; three channels as colours."""
    values = np.clip(pictures, 0, 1)
    if values.shape[-1] != 3:
        return tiled(values.mean(-1), columns=columns)
    channels = [tiled(values[..., each], columns=columns) for each in range(3)]
    clear = np.isfinite(channels[0]).astype(float)
    return np.stack([*(np.nan_to_num(each) for each in channels), clear], axis=-1)


def fantasies(pictures: Any, *, columns: int = 8) -> "Figure":
    """Pictures [N, H, W, C] from 0 to 1 that a Boltzmann machine drew, such as `inspect.fantasies`.

    Source: F4; Hinton, Osindero & Teh 2006.

    Raises:
        InputError: for an array of another shape.

    >>> fantasies(np.zeros((3, 2, 2, 1))).axes[0].images[0].get_array().shape
    (2, 8)
    """
    values = np.asarray(pictures, np.float64)
    if values.ndim != 4 or not len(values):
        raise InputError(f"pictures are [N, H, W, C] with at least one, not {list(values.shape)}")
    columns = min(columns, len(values))
    rows = -(-len(values) // columns)
    figure, axes = new_figure(width=max(3.0, 0.75 * columns), height=0.75 * rows + 0.5)
    axes.imshow(_tiles(values, columns), cmap="gray", vmin=0, vmax=1)
    pictures_only(axes)
    axes.set_title("pictures that the net draws: P(pixel is on)", fontsize=10)
    return figure


def code_space(codes: Any, targets: Any = None, *, class_names: Sequence[str] = ()) -> "Figure":
    """The codes [N, F] of examples in the plane, coloured by their classes `targets` [N].

    Codes of two numbers are drawn as they are, longer ones by their first two principal components,
    with the share of the variance that each has. More than 20 classes are drawn alike. Source: F1.

    Raises:
        InputError: for codes of another shape, and other than one target for each.

    >>> axes = code_space(np.eye(2), [0, 1], class_names=("cat", "dog")).axes[0]
    >>> axes.get_xlabel(), [dots.get_offsets().tolist() for dots in axes.collections]
    ('code 1', [[[1.0, 0.0]], [[0.0, 1.0]]])
    """
    codes = np.asarray(codes, np.float64)
    if codes.ndim != 2 or codes.shape[1] < 1 or len(codes) < 2:
        raise InputError(f"codes are [N, F] of at least two examples, not {list(codes.shape)}")
    if targets is not None and np.shape(targets) != (len(codes),):
        raise InputError(f"{len(codes)} codes have a class each, not {list(np.shape(targets))}")
    places, names = _in_the_plane(codes)
    figure, axes = new_figure(width=6.4, height=4.8)
    groups = _by_class(len(codes), targets, class_names)
    for number, (label, chosen) in enumerate(groups):
        turn, place = divmod(number, len(_MARKERS))
        axes.scatter(
            *places[chosen].T,
            s=14,
            alpha=0.85,
            linewidths=0,
            color=list(COLOURS.values())[place],
            marker=_MARKERS[(place + turn) % len(_MARKERS)],
            label=label,
        )
    axes.set(xlabel=names[0], ylabel=names[1])
    if codes.shape[1] == 1:
        axes.set_yticks([])
    if len(groups) > 1:
        figure.legend(loc="outside right upper", title="class", markerscale=1.6)
    return figure


def _in_the_plane(codes: np.ndarray) -> tuple[np.ndarray, tuple[str, str]]:
    if codes.shape[1] == 1:
        return np.hstack([codes, np.zeros_like(codes)]), ("code 1", "")
    if codes.shape[1] == 2:
        return codes, ("code 1", "code 2")
    pca = fit_pca(codes, components=2)
    shares = pca.explained_variance_ratio_
    first, second = (
        f"principal component {n + 1} ({100 * share:.0f} % of the variance)"
        for n, share in enumerate(shares)
    )
    return np.asarray(pca.transform(codes)), (first, second)


def _by_class(count: int, targets: Any, names: Sequence[str]) -> list[tuple[str, np.ndarray]]:
    """A label and the examples of each class; all together where classes are not told apart."""
    everything = [("", np.arange(count))]
    if targets is None:
        return everything
    targets = np.asarray(targets)
    classes = np.unique(targets)
    if len(classes) > _MOST_CLASSES:
        return everything
    return [
        (shortened(str(names[each] if names else each), 18), np.flatnonzero(targets == each))
        for each in classes
    ]
