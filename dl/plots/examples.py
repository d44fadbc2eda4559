"""Examples of a data set with their labels: pictures, points, numbers, sequences and texts."""

from typing import TYPE_CHECKING

import numpy as np

from dl.data.dataset import Dataset
from dl.data.naming import shown
from dl.data.sample import Sample, draw_sample
from dl.errors import InputError
from dl.plots.labels import shortened
from dl.plots.picture_grid import show_picture
from dl.plots.style import ink, lines, new_figure, new_panels, pictures_only
from dl.screen import escaped

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLUMNS = 8
_LONGEST = 12
"""Characters of a label that have room above a picture."""


def examples(dataset: Dataset, part: str = "train", *, count: int = 16, seed: int = 0) -> "Figure":
    """Examples of a part of `dataset`, chosen at random by `seed`, with their labels.

    Pictures are a grid, examples of two numbers points in the plane. Other numbers [D] and
    sequences [T, D] are rows of greys, time from left to right, from the least value of each row
    in black to its largest in white. Texts are lines.

    Raises:
        InputError: when there is no such part, or `count` is not from 1 to 64.

    >>> import dl
    >>> figure = dl.plots.examples(dl.load_data("digits"), count=10)
    >>> [axes.get_title() for axes in figure.axes[:4]]
    ['2', '8', '3', '7']
    """
    if not isinstance(dataset, Dataset):
        raise InputError(f"dataset is {shown(dataset)}: give a Dataset, as dl.load_data returns it")
    sample = draw_sample(dataset.part(part), dataset.spec, count=count, seed=seed)
    if sample.kind == "pictures":
        return _grid(sample)
    if sample.kind == "texts":
        return _texts(sample)
    if sample.kind == "numbers" and len(sample.examples[0]) == 2:
        return _points(sample)
    return _fields(sample)


def _grid(sample: Sample) -> "Figure":
    size = {"columns": _COLUMNS, "panel": (1.1, 1.3), "least_width": 2.0}
    figure, panels = new_panels(len(sample.examples), **size)
    for axes, picture, label in zip(panels, sample.examples, sample.labels, strict=True):
        show_picture(axes, picture)
        axes.set_title(shortened(label, _LONGEST), fontsize=10 if len(label) < 8 else 8)
    return figure


def _points(sample: Sample) -> "Figure":
    figure, axes = new_figure(width=4.8, height=4.0)
    labels = sorted(set(sample.labels))
    places = np.stack(sample.examples)
    for line, label in zip(lines(len(labels)), labels, strict=True):
        chosen = places[np.array(sample.labels) == label]
        axes.scatter(
            *chosen.T, color=line.color, marker=line.marker, label=shortened(label, _LONGEST)
        )
    axes.set(xlabel="$x_1$", ylabel="$x_2$")
    if len(labels) <= _COLUMNS:
        figure.legend(loc="outside right upper")
    return figure


def _fields(sample: Sample) -> "Figure":
    """Each example as a field: time or the place of a number from left to right."""
    size = {"columns": 1, "panel": (6.4, 0.55), "room": (0.0, 0.7)}
    figure, panels = new_panels(len(sample.examples), **size, sharex=True)
    for axes, values, label in zip(panels, sample.examples, sample.labels, strict=True):
        rows = np.atleast_2d(np.asarray(values, np.float64).T)
        span = np.ptp(rows, axis=1, keepdims=True)
        scaled = (rows - rows.min(1, keepdims=True)) / np.where(span > 0, span, 1)
        axes.imshow(scaled, cmap="gray", aspect="auto", vmin=0, vmax=1, interpolation="nearest")
        axes.set(yticks=[])
        axes.grid(False)
        axes.set_ylabel(shortened(label, _LONGEST), rotation=0, ha="right", va="center")
    panels[-1].xaxis.get_major_locator().set_params(integer=True)
    panels[-1].set_xlabel("step" if sample.kind == "sequences" else "place of the number")
    return figure


def _texts(sample: Sample) -> "Figure":
    count = len(sample.examples)
    figure, axes = new_figure(width=8.0, height=0.3 * count + 0.3)
    pictures_only(axes)
    axes.set(ylim=(count, 0), xlim=(0, 1))
    for row, (text, label) in enumerate(zip(sample.examples, sample.labels, strict=True)):
        line = escaped(text.replace("\n", "↵"))
        cut = line if len(line) <= 70 else f"{line[:69]}…"
        word = shortened(label, _LONGEST)
        axes.text(0.0, row + 0.5, word, va="center", weight="bold", color=ink())
        axes.text(
            0.18 if label else 0.0, row + 0.5, cut, va="center", family="monospace", color=ink(),
            parse_math=False,
        )  # fmt: skip
    return figure
