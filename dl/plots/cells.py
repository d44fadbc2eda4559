"""The cells of an LSTM and a GRU as diagrams, with the numbers of one unit at one step (G3, G4)."""

from typing import TYPE_CHECKING

from dl.errors import InputError
from dl.inspect.recurrence.one_step import CellStep
from dl.plots.diagram import Canvas, new_canvas

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WIDTH, _HEIGHT, _SCALE = 13.0, 7.6, 0.72
"""A diagram in its own units, from its lower left corner on, and the inches of a unit."""


def cell_diagram(step: CellStep, *, symbol: str = "") -> "Figure":
    """The cell as the lectures draw it: gates, products and sums, with the numbers of `step`.

    `step` is that of `dl.inspect.cell_step`. Every gate sees all of h and x; the numbers are those
    of one unit. `symbol` is what the layer reads at this step. Source: G3, G4.

    Raises:
        InputError: for a cell that is neither an LSTM nor a GRU.

    >>> import dl
    >>> params = {"input": jnp.zeros((1, 3)), "recurrent": jnp.zeros((1, 3))}
    >>> step = dl.inspect.cell_step("gru", params, jnp.ones((1, 1, 1)))
    >>> cell_diagram(step).axes[0].get_title()
    'GRU: unit 0 of 1, step 0 (counted from 0)'
    """
    if step.kind not in _DRAWINGS:
        raise InputError(f"there is a diagram of lstm and gru, not of {step.kind}")
    place = f"unit {step.unit} of {step.units}, step {step.step} (counted from 0)"
    canvas = new_canvas(_WIDTH, _HEIGHT, scale=_SCALE, title=f"{step.kind.upper()}: {place}")
    words = {name: f"{value:.2f}".replace("-", "−") for name, value in step.values.items()}
    _DRAWINGS[step.kind](canvas, words, f"$x_t$ {symbol}".strip())
    return canvas.figure


def _draw_lstm(canvas: Canvas, words: dict[str, str], x: str) -> None:
    canvas.path((1.0, 6.6), (11.9, 6.6))
    canvas.path((1.0, 1.5), (8.8, 1.5), (8.8, 2.2))
    canvas.path((1.7, 0.7), (1.7, 1.5), head=False)
    for across in (2.6, 4.8, 6.8):
        canvas.path((across, 1.5), (across, 2.2), dot=True)
    gates = {(2.6, 2.5): "σ", (4.8, 2.5): "σ", (6.8, 2.5): "tanh", (8.8, 2.5): "σ"}
    for at, word in gates.items():
        canvas.box(at, word)
    canvas.path((2.6, 2.8), (2.6, 6.32))
    canvas.path((4.8, 2.8), (4.8, 4.6), (6.52, 4.6))
    canvas.path((6.8, 2.8), (6.8, 4.32))
    canvas.path((6.8, 4.88), (6.8, 6.32))
    canvas.path((10.6, 6.6), (10.6, 6.0), dot=True)
    canvas.path((10.6, 5.4), (10.6, 4.28))
    canvas.path((8.8, 2.8), (8.8, 4.0), (10.32, 4.0))
    canvas.path((10.6, 3.72), (10.6, 1.5), (11.9, 1.5))
    canvas.box((10.6, 5.7), "tanh", colour="green")
    signs = {(2.6, 6.6): "×", (6.8, 4.6): "×", (10.6, 4.0): "×", (6.8, 6.6): "+"}
    for at, sign in signs.items():
        canvas.circle(at, sign)
    _ends(canvas, {"$C_{t-1}$": words["cell_before"], "$C_t$": words["cell"]}, 6.6)
    _ends(canvas, {"$h_{t-1}$": words["hidden_before"], "$h_t$": words["hidden"]}, 1.5)
    canvas.word((1.7, 0.4), x)
    numbers = {
        (2.75, 4.6): f"$f$ = {words['forget']}",
        (4.95, 4.85): f"$i$ = {words['input']}",
        (6.95, 3.6): rf"$\tilde{{C}}$ = {words['candidate']}",
        (6.95, 5.5): rf"$i \ast \tilde{{C}}$ = {words['written']}",
        (8.95, 4.25): f"$o$ = {words['output']}",
        (3.6, 6.9): rf"$f \ast C_{{t-1}}$ = {words['kept']}",
        (10.75, 4.85): f"tanh $C_t$ = {words['shown']}",
    }
    for at, word in numbers.items():
        canvas.word(at, word, ha="left")


def _draw_gru(canvas: Canvas, words: dict[str, str], x: str) -> None:
    canvas.path((1.0, 6.6), (11.9, 6.6))
    canvas.path((1.5, 6.6), (1.5, 1.5), (6.0, 1.5), (6.0, 2.2), dot=True)
    canvas.path((2.2, 0.7), (2.2, 1.5), head=False)
    canvas.path((3.2, 1.5), (3.2, 2.2), dot=True)
    canvas.path((2.2, 0.9), (8.8, 0.9), (8.8, 2.2), dot=True)
    canvas.path((3.2, 2.8), (3.2, 3.62))
    canvas.path((1.5, 3.9), (2.92, 3.9), dot=True)
    canvas.path((3.48, 3.9), (7.4, 3.9), (7.4, 2.5), (8.3, 2.5))
    canvas.path((6.0, 2.8), (6.0, 5.42))
    canvas.path((6.0, 4.8), (8.52, 4.8), dot=True)
    canvas.path((6.0, 5.98), (6.0, 6.32))
    canvas.path((8.8, 2.8), (8.8, 4.52))
    canvas.path((8.8, 5.08), (8.8, 6.32))
    gates = {(3.2, 2.5): "σ", (6.0, 2.5): "σ", (8.8, 2.5): "tanh"}
    for at, word in gates.items():
        canvas.box(at, word)
    signs = {(3.2, 3.9): "×", (6.0, 6.6): "×", (8.8, 4.8): "×", (8.8, 6.6): "+"}
    for at, sign in signs.items():
        canvas.circle(at, sign)
    canvas.circle((6.0, 5.7), "1−", colour="green")
    _ends(canvas, {"$h_{t-1}$": words["hidden_before"], "$h_t$": words["hidden"]}, 6.6)
    canvas.word((2.2, 0.4), x)
    numbers = {
        (3.35, 3.2): f"$r$ = {words['reset']}",
        (3.6, 4.2): rf"$r \ast h_{{t-1}}$ = {words['remembered']}",
        (6.15, 3.3): f"$z$ = {words['update']}",
        (6.3, 6.9): rf"$(1-z) \ast h_{{t-1}}$ = {words['kept']}",
        (8.95, 3.6): rf"$\tilde{{h}}$ = {words['candidate']}",
        (8.95, 5.7): rf"$z \ast \tilde{{h}}$ = {words['written']}",
    }
    for at, word in numbers.items():
        canvas.word(at, word, ha="left")


def _ends(canvas: Canvas, ends: dict[str, str], y: float) -> None:
    """What comes in at the left and what goes out at the right, with its number below."""
    for x, (name, number) in zip((0.5, 12.4), ends.items(), strict=True):
        canvas.word((x, y + 0.2), name)
        canvas.word((x, y - 0.25), number)


_DRAWINGS = {"lstm": _draw_lstm, "gru": _draw_gru}
