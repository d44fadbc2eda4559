"""What the gates of a recurrent layer do at each symbol of a text (G5)."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from dl.inspect.table import markdown_table, text_table


class TextGates(NamedTuple):
    """A layer's gates, candidate and states by name, [T, H] each, at the T `symbols` of a text, in
    the text's order.
    """

    name: str
    kind: str
    symbols: Sequence[str]
    activations: dict[str, np.ndarray]


def as_text(layer: TextGates, *, markdown: bool = False) -> str:
    """A table with a row a symbol: of gates the mean over the units, of candidates and states the
    mean size.

    >>> print(as_text(TextGates("l", "gru", "ab", {"reset": np.array([[0.0, 1.0], [1.0, 1.0]])})))
    l: gru of 2 units
    symbol  reset
    'a'     0.500
    'b'     1.000
    """
    signed = ("candidate", "cell", "hidden")
    head = ("symbol", *(f"|{name}|" if name in signed else name for name in layer.activations))
    columns = [np.abs(values).mean(axis=1) for values in layer.activations.values()]
    rows = [
        (repr(symbol), *(f"{value:.3f}" for value in values))
        for symbol, values in zip(layer.symbols, np.stack(columns, axis=1), strict=True)
    ]
    units = next(iter(layer.activations.values())).shape[1]
    return f"{layer.name}: {layer.kind} of {units} units\n{(markdown_table if markdown else text_table)(head, rows)}"


def as_json(layer: TextGates) -> dict[str, Any]:
    """The layer in JSON's types, every unit."""
    activations = {
        name: np.asarray(values, float).tolist() for name, values in layer.activations.items()
    }
    return {
        "layer": layer.name,
        "kind": layer.kind,
        "symbols": list(layer.symbols),
        "activations": activations,
    }
