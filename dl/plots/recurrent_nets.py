"""What a recurrent net does over time: its gates at each symbol, and how far back it learns."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dl.errors import InputError
from dl.inspect.recurrence.text_gates import TextGates
from dl.plots.labels import legend_below, shortened
from dl.plots.style import lines, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SIGNED = ("candidate", "cell", "hidden")
_BLANKS = {" ": "␣", "\n": "↵", "\t": "⇥"}
_MOST_SYMBOLS = 80


def gates(layer: TextGates, *, units: int = 16) -> "Figure":
    """Each gate, candidate and state of a layer at each symbol of a text: a map a gate (G5).

    Rows are units, columns the symbols, which stand below. The `units` whose hidden state varies
    most are drawn, the same in every map. Gates go from 0 (shut) to 1 (open); candidates and states
    have a scale that is symmetric about 0. Source: Karpathy et al. 2015, arXiv:1506.02078.

    Raises:
        InputError: for a text of more than 80 symbols.

    >>> values = np.array([[0.0, 1.0], [1.0, 1.0]])
    >>> figure = gates(TextGates("layer", "gru", "ab", {"update": values, "hidden": -values}))
    >>> figure.axes[0].images[0].get_array().tolist()  # unit 0 varies most
    [[0.0, 1.0], [1.0, 1.0]]
    """
    steps = len(layer.symbols)
    if steps > _MOST_SYMBOLS:
        raise InputError(f"the text has {steps} symbols, of which 80 can be shown: shorten it")
    chosen = np.argsort(-np.std(layer.activations["hidden"], axis=0), kind="stable")[:units]
    count = len(layer.activations)
    figure, panels = new_figure(
        count, width=max(5.0, 1.8 + 0.145 * steps), height=0.9 + 1.15 * count, sharex=True
    )
    panels = np.ravel(panels)
    for axes, (name, values) in zip(panels, layer.activations.items(), strict=True):
        _draw_gate(figure, axes, name, np.asarray(values)[:, chosen].T)
    for axes in panels:
        axes.tick_params(axis="x", length=0)
    last = panels[-1]
    last.set_xticks(range(steps), [_shown(symbol) for symbol in layer.symbols], fontsize=9)
    if max(map(len, layer.symbols)) > 1:
        last.tick_params(axis="x", labelrotation=90)
    last.set_xlabel("symbol read")
    figure.supylabel(f"the {len(chosen)} units that vary most", fontsize=9)
    figure.suptitle(layer.heading, fontsize=10)
    return figure


def _draw_gate(figure: "Figure", axes: Any, name: str, values: np.ndarray) -> None:
    largest = max(1.0, float(np.abs(values).max())) if name in _SIGNED else 1.0
    low = -largest if name in _SIGNED else 0.0
    drawn = axes.imshow(values, vmin=low, vmax=largest, aspect="auto", interpolation="nearest")
    axes.grid(False)
    axes.set(yticks=[])
    axes.set_ylabel(name, fontsize=9)
    figure.colorbar(drawn, ax=axes, fraction=0.03, pad=0.01)


def _shown(symbol: str) -> str:
    return _BLANKS.get(symbol) or shortened(symbol, 12)


def gradient_reach(
    norms: Mapping[str, Any], *, initial: Mapping[str, Any] | None = None
) -> "Figure":
    """‖∂L_T/∂h_t‖ over the distance T − t, a curve for each name: norms [T] each (G2).

    `norms` are those of `dl.inspect.gradient_norms`, such as of an RNN, an LSTM and a GRU.
    `initial` may have the norms at initialisation for the same names; they are drawn thin. A norm
    that is 0, because it underflowed, ends its curve.

    Raises:
        InputError: when there is nothing to draw.

    >>> figure = gradient_reach({"rnn": 0.5 ** np.arange(9), "lstm": 0.9 ** np.arange(9)})
    >>> figure.axes[0].get_yscale(), [line.get_label() for line in figure.axes[0].lines]
    ('log', ['rnn', 'lstm'])
    """
    if not any((np.asarray(values) > 0).any() for values in norms.values()):
        raise InputError("there is no gradient above 0 to draw: give the norms of some layer")
    figure, axes = new_figure()
    for (name, values), line in zip(norms.items(), lines(len(norms)), strict=True):
        label = shortened(name, 40)
        if initial is not None and name in initial:
            _draw_norms(axes, initial[name], f"{label}, at initialisation", line, 0.8)
            label += ", trained"
        _draw_norms(axes, values, label, line, 1.8)
    axes.set_yscale("log")
    axes.set(xlabel="distance $T - t$ / steps", ylabel=r"norm of $\partial L_T / \partial h_t$")
    legend_below(figure, *axes.get_legend_handles_labels())
    return figure


def _draw_norms(axes: Any, values: Any, label: str, line: Any, width: float) -> None:
    norms = np.asarray(values, np.float64)
    axes.plot(
        np.arange(len(norms)),
        np.where(norms > 0, norms, np.nan),
        label=label,
        linewidth=width,
        markersize=4,
        markevery=max(1, len(norms) // 8),
        **line._asdict(),
    )
