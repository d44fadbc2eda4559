"""A recurrent net unfolded over time (G1)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from dl.errors import InputError
from dl.plots.diagram import Canvas, new_canvas
from dl.ranges import Range, check_number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Values: TypeAlias = Sequence[float | str]
"""Numbers, or words, one for each step."""

_SCALE = 0.8
_MOST = 8


def unfolded_rnn(
    steps: int = 4, *, inputs: Values = (), states: Values = (), outputs: Values = ()
) -> "Figure":
    """The net with its cycle, and the same net unfolded over `steps` steps that share W, U and V.

    h_t = f(x_t W + h_(t−1) U + b) and y_t = h_t V + c. `inputs` and `outputs` are values to show,
    one for each step; `states` are those of h_0 to h_T. Source: G1.

    Raises:
        InputError: for another number of values, and for more steps than a figure holds.

    >>> figure = unfolded_rnn(2, inputs=[1, -1], states=[0, 0.5, 0.25])
    >>> [text.get_text() for text in figure.axes[0].texts if "0.5" in text.get_text()]
    ['$h_{1}$\\n0.5']
    """
    check_number("steps", steps, Range(at_least=1, at_most=_MOST), whole=True)
    for name, values, count in (
        ("inputs", inputs, steps),
        ("states", states, steps + 1),
        ("outputs", outputs, steps),
    ):
        if len(values) not in (0, count):
            raise InputError(f"{steps} steps have {count} {name}, not {len(values)}")
    title = "$h_t = f(x_t W + h_{t-1} U + b)$,   $y_t = h_t V + c$"
    canvas = new_canvas(5.0 + 2.0 * steps, 5.2, scale=_SCALE, title=title)
    _draw_cycle(canvas)
    canvas.word((2.9, 2.6), "=", fontsize=16)
    _node(canvas, (3.9, 2.6), "h", 0, states)
    for step in range(1, steps + 1):
        place = 3.9 + 2.0 * step
        _draw_step(canvas, place)
        _node(canvas, (place, 0.6), "x", step, inputs, first=1)
        _node(canvas, (place, 2.6), "h", step, states)
        _node(canvas, (place, 4.6), "y", step, outputs, first=1)
    return canvas.figure


def _draw_cycle(canvas: Canvas) -> None:
    for y, name in ((0.6, "x"), (2.6, "h"), (4.6, "y")):
        canvas.circle((1.0, y), f"${name}_t$", colour=_COLOURS[name], radius=0.5)
    canvas.path((1.0, 1.1), (1.0, 2.1))
    canvas.path((1.0, 3.1), (1.0, 4.1))
    canvas.path((1.3, 3.0), (1.3, 3.5), (2.1, 3.5), (2.1, 2.6), (1.5, 2.6))
    for at, weights in (((1.2, 1.6), "$W$"), ((1.2, 3.75), "$V$"), ((2.3, 3.0), "$U$")):
        canvas.word(at, weights)


def _draw_step(canvas: Canvas, x: float) -> None:
    canvas.path((x, 1.1), (x, 2.1))
    canvas.path((x, 3.1), (x, 4.1))
    canvas.path((x - 1.5, 2.6), (x - 0.5, 2.6))
    for at, weights in (((x + 0.2, 1.6), "$W$"), ((x + 0.2, 3.6), "$V$"), ((x - 1, 2.85), "$U$")):
        canvas.word(at, weights)


def _node(
    canvas: Canvas, at: tuple[float, float], name: str, step: int, values: Values, first: int = 0
) -> None:
    word = f"${name}_{{{step}}}$"
    if values:
        value = values[step - first]
        shown = value if isinstance(value, str) else f"{value:.3g}".replace("-", "−")
        word += f"\n{shown}"
    canvas.circle(at, word, colour=_COLOURS[name], radius=0.5)


_COLOURS = {"x": "green", "h": "sky", "y": "orange"}
