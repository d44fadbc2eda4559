"""A recurrent layer's memory in numbers, before and after training: gradients, recurrent weights,
gates (G2, G5).
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from dl.inspect.gates import gate_activations, mean_saturation
from dl.inspect.gradients import as_text, gradient_norms
from dl.inspect.spectra import singular_values, spectral_radius
from dl.inspect.table import markdown_table, text_table
from dl.layers.recurrent.cells import CellParams
from dl.types import Array


class Memory(NamedTuple):
    """What one set of parameters does with some sequences.

    `gradients` [T] are those of `gradient_norms`, of the whole state; by gate `radius` and `norm`
    of the recurrent block, and `shares` (shut, open) of the steps and units, which what is no gate
    has not.
    """

    gradients: Array
    radius: dict[str, float]
    norm: dict[str, float]
    shares: dict[str, tuple[float, float]]


class LayerMemory(NamedTuple):
    """One layer: its memory at initialisation and after training, on the same `sequences` of
    `steps`.
    """

    name: str
    kind: str
    hidden_size: int
    sequences: int
    steps: int
    initial: Memory
    trained: Memory


def measure(kind: str, params: CellParams, xs: Array) -> Memory:
    """The memory of one layer on sequences xs [T, B, D], which it reads from a state of zeros.
    Source: G2, G5.

    >>> import jax.numpy as jnp
    >>> halves = {"input": jnp.zeros((1, 1)), "recurrent": jnp.full((1, 1), 0.5)}
    >>> found = measure("rnn", halves, jnp.zeros((3, 2, 1)))
    >>> found.gradients.tolist(), found.radius, found.shares
    ([1.0, 0.5, 0.25], {'hidden': 0.5}, {})
    """
    return Memory(
        gradient_norms(kind, params, xs).state,
        spectral_radius(kind, params),
        {name: float(values[0]) for name, values in singular_values(kind, params).items()},
        mean_saturation(gate_activations(kind, params, xs)),
    )


def compare(layers: Sequence[LayerMemory], *, markdown: bool = False) -> str:
    """Two tables a layer: the gradient by distance, then each gate; a column pair is "at
    initialisation, trained".
    """
    return "\n\n".join("\n\n".join(_tables(layer, markdown=markdown)) for layer in layers)


def as_json(layer: LayerMemory) -> dict[str, Any]:
    """The layer in JSON's types."""
    both = {"initial": layer.initial, "trained": layer.trained}
    return {
        "layer": layer.name,
        "kind": layer.kind,
        "hidden_size": layer.hidden_size,
        "sequences": layer.sequences,
        "steps": layer.steps,
        **{name: _memory_json(memory) for name, memory in both.items()},
    }


def _memory_json(memory: Memory) -> dict[str, Any]:
    shares = {name: {"shut": shut, "open": open_} for name, (shut, open_) in memory.shares.items()}
    gradients = np.asarray(memory.gradients, float).tolist()
    return {"gradients": gradients, "radius": memory.radius, "norm": memory.norm, "gates": shares}


def _tables(layer: LayerMemory, *, markdown: bool) -> list[str]:
    what = f"{layer.name}: {layer.kind} of {layer.hidden_size} units, {layer.sequences} sequences of {layer.steps} steps"
    norms = {
        "gradient at initialisation": layer.initial.gradients,
        "trained": layer.trained.gradients,
    }
    head = (
        "gate",
        *(
            f"{column}{when}"
            for column in ("radius", "norm", "shut", "open")
            for when in (" before", "")
        ),
    )
    rows = [_gate_row(name, layer) for name in layer.trained.radius]
    return [
        what,
        as_text(norms, markdown=markdown),
        (markdown_table if markdown else text_table)(head, rows),
    ]


def _gate_row(name: str, layer: LayerMemory) -> tuple[str, ...]:
    before, after = layer.initial, layer.trained
    numbers = [before.radius[name], after.radius[name], before.norm[name], after.norm[name]]
    shares = ["–"] * 4
    if name in after.shares:
        pairs = zip(before.shares[name], after.shares[name], strict=True)
        shares = [f"{100 * share:.1f} %" for pair in pairs for share in pair]
    return (name, *(f"{number:.3f}" for number in numbers), *shares)
