"""One unit of a recurrent layer at one step of a sequence: its gates and what they let through."""

from typing import Any, NamedTuple

import numpy as np

from dl.errors import InputError
from dl.inspect.recurrence.gates import gate_activations
from dl.inspect.recurrence.unrolled import unroll
from dl.layers.recurrent.cells import CellParams
from dl.types import Array


class CellStep(NamedTuple):
    """The numbers of one unit at one step, by name.

    Both kinds have "hidden_before" and "hidden", which are h before and after the step, and the
    "candidate". An LSTM has "input", "forget" and "output", "cell_before" and "cell", and the
    products "kept" = forget ∗ cell_before and "written" = input ∗ candidate, and "shown" =
    tanh(cell). A GRU has "reset" and "update", "remembered" = reset ∗ hidden_before, "kept" =
    (1 − update) ∗ hidden_before and "written" = update ∗ candidate.
    """

    kind: str
    step: int
    unit: int
    units: int
    values: dict[str, float]


def cell_step(
    kind: str,
    params: CellParams,
    xs: Array,
    *,
    step: int = -1,
    unit: int = 0,
    example: int = 0,
    carry: Any = None,
) -> CellStep:
    """What one `unit` of an LSTM or a GRU computes at one `step` of xs [T, B, D], both from 0 on.

    Source: G3, G4, G5.

    Raises:
        InputError: for another kind of layer, for a step, unit or example that is not there, and
            as `dl.inspect.gate_activations`.

    >>> params = {"input": jnp.zeros((1, 4)), "recurrent": jnp.zeros((1, 4))}
    >>> state = (jnp.ones((1, 1)), jnp.zeros((1, 1)))
    >>> numbers = cell_step("lstm", params, jnp.ones((1, 1, 1)), carry=state).values
    >>> numbers["forget"], numbers["cell_before"], numbers["kept"], numbers["cell"]
    (0.5, 1.0, 0.5, 0.5)
    """
    if kind not in _PRODUCTS:
        raise InputError(f"one step is shown of {' and '.join(_PRODUCTS)}, not of {kind!r}")
    gates = gate_activations(kind, params, xs, carry=carry)
    shape = gates["hidden"].shape
    place = (step if step >= 0 else step + shape[0], example, unit)
    if not all(0 <= at < size for at, size in zip(place, shape, strict=True)):
        raise InputError(
            f"there is no step {step} of example {example} in unit {unit}: the layer has "
            f"{shape[0]} steps, {shape[1]} examples and {shape[2]} units"
        )
    values = {name: float(array[place]) for name, array in gates.items()}
    before = unroll(kind, params, xs, carry)
    names = ("cell_before", "hidden_before")[-len(before) :]
    values |= {name: float(rows[place]) for name, rows in zip(names, before, strict=True)}
    return CellStep(kind, place[0], unit, shape[2], values | _PRODUCTS[kind](values))


def _lstm_products(values: dict[str, float]) -> dict[str, float]:
    return {
        "kept": values["forget"] * values["cell_before"],
        "written": values["input"] * values["candidate"],
        "shown": float(np.tanh(values["cell"])),
    }


def _gru_products(values: dict[str, float]) -> dict[str, float]:
    return {
        "remembered": values["reset"] * values["hidden_before"],
        "kept": (1 - values["update"]) * values["hidden_before"],
        "written": values["update"] * values["candidate"],
    }


_PRODUCTS = {"lstm": _lstm_products, "gru": _gru_products}
