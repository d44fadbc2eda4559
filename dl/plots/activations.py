"""Activation functions with their derivatives, and where they saturate (A6)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import numpy as np

from dl.errors import InputError
from dl.layers.activations import ACTIVATIONS, Activation, activation
from dl.lessons.initialisation import SATURATED
from dl.plots.style import ink, lines, new_panels
from dl.types import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLUMNS = 4


def activations(names: Sequence[str] = (), *, limit: float = 5.0) -> "Figure":
    """f(x) and f'(x) of each activation for x from −`limit` to `limit`; all of them by default.

    Where a function saturates, |f'(x)| is below 0.05 and the ground is shaded; it is hatched where
    f' is exactly 0, so that a unit there is dead. Softmax is left out, because it is a function of
    vectors. Source: A6.

    Raises:
        InputError: for a name that is no activation, and for softmax.

    >>> figure = activations(["tanh", "relu"])
    >>> [axes.get_title() for axes in figure.axes]
    ['tanh', 'relu']
    """
    chosen = [activation(name) for name in names or ACTIVATIONS if names or name != "softmax"]
    if any(each.name == "softmax" for each in chosen):
        raise InputError("softmax maps a vector to a vector: it has no curve, leave it out")
    size = {"columns": _COLUMNS, "panel": (2.3, 1.9), "room": (0.4, 0.8)}
    figure, panels = new_panels(len(chosen), **size, sharex=True, sharey=True)
    for each, panel in zip(chosen, panels, strict=True):
        _draw(panel, each, jnp.linspace(-limit, limit, 401))
    for panel in panels[-_COLUMNS:]:
        panel.set_xlabel("x")
    figure.legend(handles=_legend(), loc="outside upper center", ncols=4, frameon=False)
    return figure


def _draw(panel: Any, each: Activation, inputs: Array) -> None:
    x, slopes = np.asarray(inputs), np.asarray(each.derivative(inputs))
    for curve, line in zip((each.function(inputs), slopes), lines(2), strict=True):
        panel.plot(x, curve, color=line.color, linestyle=line.linestyle)
    for side in each.saturates:
        flat = (np.abs(slopes) < SATURATED) & ((x < 0) if side == "left" else (x > 0))
        span = (float(x[flat].min()), float(x[flat].max()))
        panel.axvspan(*span, **_ground(dead=side in each.dead))
    panel.set(title=each.name, ylim=(-1.5, 3.0), yticks=[-1, 0, 1, 2, 3])


def _ground(*, dead: bool) -> dict[str, Any]:
    from matplotlib.colors import to_rgba

    return {
        "facecolor": to_rgba(ink(), 0.12),
        "edgecolor": to_rgba(ink(), 0.4),
        "linewidth": 0,
        "hatch": "///" if dead else None,
    }


def _legend() -> list[Any]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    curves = [
        Line2D([], [], **line._replace(marker="")._asdict(), label=label)
        for line, label in zip(lines(2), ("f(x)", "f'(x)"), strict=True)
    ]
    grounds = [
        Patch(**_ground(dead=dead), label=label)
        for dead, label in ((False, f"saturated: |f'| < {SATURATED}"), (True, "dead: f' = 0"))
    ]
    return [*curves, *grounds]
