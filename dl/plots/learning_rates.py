"""The loss against the learning rate: the picture of a range test."""

from typing import TYPE_CHECKING

from dl.plots.labels import legend_below
from dl.plots.style import COLOURS, new_figure
from dl.search.rates import RangeTest

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def range_test_curve(found: RangeTest) -> "Figure":
    """The loss of each step of a range test over its learning rate, as it was and smoothed.

    Three lines mark where the loss falls fastest, the proposed rate, and where the loss is lowest.
    Source: D3, D8; Smith 2017.

    >>> rates = np.geomspace(1e-4, 1.0, 40)
    >>> figure = range_test_curve(RangeTest(rates, 1 + (np.log10(rates) + 1) ** 2))
    >>> figure.axes[0].get_xscale(), len(figure.axes[0].lines)
    ('log', 5)
    """
    figure, axes = new_figure()
    axes.plot(found.rates, found.losses, ".", color=COLOURS["sky"], label="of a batch")
    axes.plot(found.rates, found.smoothed, color=COLOURS["blue"], label="smoothed")
    marks = {
        "falls fastest": (found.steepest, "--", "green"),
        "proposed": (found.proposed, "-", "vermilion"),
        "is lowest": (found.lowest, ":", "purple"),
    }
    for name, (rate, dashes, colour) in marks.items():
        axes.axvline(rate, linestyle=dashes, color=COLOURS[colour], label=f"{name}: {rate:.2g}")
    axes.set_xscale("log")
    axes.set(xlabel="learning rate", ylabel="loss")
    low, high = float(found.smoothed.min()), float(found.smoothed.max())
    room = 0.15 * ((high - low) or 1.0)
    axes.set_ylim(low - room, high + room)
    legend_below(figure, *axes.get_legend_handles_labels())
    return figure
