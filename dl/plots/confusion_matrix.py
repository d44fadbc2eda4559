"""Which classes are taken for which: the confusion matrix of a report."""

from typing import TYPE_CHECKING, Any

import numpy as np

from dl.assess.binary import BinaryReport
from dl.assess.classification import ClassificationReport
from dl.errors import InputError
from dl.plots.labels import class_ticks, shortened
from dl.plots.style import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_WITH_NUMBERS = 20


def confusion(report: ClassificationReport | BinaryReport) -> "Figure":
    """The confusion matrix: a row for each class, a column for each answer, shares of the rows.

    In each cell stand the count and, below it, the share of the class's examples; a cell without
    examples is empty. Of more than 20 classes only the colours are shown. Of yes-or-no outputs
    there must be one. Small shares are drawn darker than in proportion (square root), so that rare
    mistakes can be seen.

    Raises:
        InputError: for a report on several yes-or-no outputs.

    >>> from dl.assess.classification import classification_report
    >>> figure = confusion(classification_report([[0.9, 0.1], [0.6, 0.4]], [0, 1]))
    >>> figure.axes[0].images[0].get_array().tolist()
    [[1.0, 0.0], [1.0, 0.0]]
    """
    counts, names = _counted(report)
    totals = counts.sum(axis=1, keepdims=True)
    shares = counts / np.where(totals > 0, totals, 1)
    classes = len(names)
    side = 2.2 + 0.52 * min(max(classes, 3), 20)
    figure, axes = new_figure(width=side + 1.0, height=side)
    figure.set_layout_engine("compressed")
    _draw_shares(figure, axes, shares)
    class_ticks(axes, names)
    axes.set(
        xlabel="answer",
        ylabel="class",
        title=f"{shortened(report.name, 40)}: {_accuracy(counts):.2%} right".removeprefix(": "),
    )
    if classes <= _MOST_WITH_NUMBERS:
        _write_numbers(axes, counts, shares)
    return figure


def _counted(report: ClassificationReport | BinaryReport) -> tuple[np.ndarray, tuple[str, ...]]:
    if isinstance(report, ClassificationReport):
        return report.confusion, report.class_names
    if len(report.output_names) != 1:
        raise InputError(
            f"{report.name} has {len(report.output_names)} yes-or-no outputs, each with a matrix "
            "of its own: a confusion matrix needs one output, or classes"
        )
    name = report.output_names[0]
    return report.confusion[0], (f"{name}: no", f"{name}: yes")


def _accuracy(counts: np.ndarray) -> float:
    return float(np.trace(counts) / counts.sum())


def _draw_shares(figure: "Figure", axes: Any, shares: np.ndarray) -> None:
    from matplotlib.colors import PowerNorm
    from matplotlib.ticker import PercentFormatter

    drawn = axes.imshow(shares, norm=PowerNorm(0.5, vmin=0, vmax=1))
    axes.grid(False)
    bar = figure.colorbar(drawn, ax=axes, fraction=0.05, pad=0.02, format=PercentFormatter(1))
    bar.set_ticks([0, 0.01, 0.05, 0.1, 0.25, 0.5, 1])
    bar.set_label("share of the class's examples")


def _write_numbers(axes: Any, counts: np.ndarray, shares: np.ndarray) -> None:
    for row, column in np.argwhere(counts > 0):
        share = shares[row, column]
        axes.text(
            column,
            row,
            f"{counts[row, column]:,}\n{100 * share:.3g} %",
            ha="center",
            va="center",
            fontsize=7,
            # Of viridis the upper half is light.
            color="black" if share**0.5 > 0.55 else "white",
        )
