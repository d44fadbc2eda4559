"""The signal on its way through deep nets, and the gradient on its way back (D4, C7)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import numpy as np

from dl.errors import InputError
from dl.lessons.initialisation import histograms
from dl.plots.style import COLOURS, lines, new_figure
from dl.types import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def activation_histograms(
    outputs: Mapping[str, Array | np.ndarray],
    *,
    bins: int = 30,
    limits: tuple[float, float] = (-1.0, 1.0),
) -> "Figure":
    """A histogram of each layer's outputs, a row for each initialisation: [L, B, n] by name.

    `outputs` are the A of `dl.lessons.initialisation.propagate`. What lies beyond the limits is
    counted in the first and the last bar; bars are cut at ½. σ is the standard deviation.
    Source: D4.

    Raises:
        InputError: for arrays of another shape, or of nets of several depths.

    >>> figure = activation_histograms({"He": np.zeros((2, 10, 4)), "zeros": np.zeros((2, 10, 4))})
    >>> [axes.get_title() for axes in figure.axes[:2]], figure.axes[2].get_ylabel()
    (['layer 1\\nσ = 0', 'layer 2\\nσ = 0'], 'zeros')
    """
    layers = {name: np.asarray(array) for name, array in outputs.items()}
    depths = {array.shape[0] if array.ndim == 3 else 0 for array in layers.values()}
    if len(depths) != 1 or 0 in depths:
        raise InputError(
            "outputs are [layers, examples, units] by name, with as many layers each, not "
            f"{ {name: array.shape for name, array in layers.items()} }"
        )
    (depth,) = depths
    size = {"width": 0.9 + 1.6 * depth, "height": 1.0 + 1.4 * len(layers)}
    figure, axes = new_figure(len(layers), depth, **size, sharex=True, sharey=True)
    panels = np.reshape(axes, (len(layers), depth))
    for row, (name, array) in zip(panels, layers.items(), strict=True):
        shares, edges = (
            np.asarray(each) for each in histograms(jnp.asarray(array), bins=bins, limits=limits)
        )
        for panel, share, layer in zip(row, shares, array, strict=True):
            _draw_histogram(panel, share, edges, float(layer.std()))
        row[0].set_ylabel(name)
    for number, panel in enumerate(panels[0], 1):
        panel.set_title(f"layer {number}\n{panel.get_title()}", fontsize="medium")
    figure.supxlabel("output of a unit")
    figure.supylabel("share of all outputs, cut at ½")
    return figure


def gradients_by_layer(
    norms: Mapping[str, Array | np.ndarray], *, quantity: str = "‖∂J/∂Z‖"
) -> "Figure":
    """The norm of each layer's gradient on a logarithmic scale, a curve for each net: [L] by name.

    `norms` are `errors` or `weights` of `dl.lessons.gradient_norms`; `quantity` says which. A norm
    of 0 has no place on the scale and is left out. Source: C7.

    >>> figure = gradients_by_layer({"logistic": np.array([1e-6, 1e-3, 1.0])})
    >>> figure.axes[0].lines[0].get_xdata().tolist()
    [1, 2, 3]
    """
    figure, axes = new_figure()
    for line, (name, values) in zip(lines(len(norms)), norms.items(), strict=True):
        values = np.asarray(values, np.float64)
        numbers = np.arange(1, len(values) + 1)
        style = {"markevery": max(len(values) // 10, 1), "markersize": 5}
        shown = np.where(values > 0, values, np.nan)
        axes.plot(numbers, shown, **line._asdict(), **style, label=name)
    axes.set(yscale="log", xlabel="layer", ylabel=f"{quantity} over all examples")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend(frameon=False)
    return figure


def _draw_histogram(panel: Any, share: np.ndarray, edges: np.ndarray, std: float) -> None:
    panel.stairs(share, edges, fill=True, color=COLOURS["sky"])
    panel.set_title(f"σ = {std:.2g}", fontsize="medium")
    panel.set_ylim(0, 0.5)
