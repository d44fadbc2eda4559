"""How far back a recurrent layer reaches, in numbers, before and after training (G2, G5)."""

from typing import Any, NamedTuple

import numpy as np

from dl.inspect.recurrence.gates import gate_activations, mean_saturation
from dl.inspect.recurrence.gradients import gradient_norms, norms_table
from dl.inspect.recurrence.spectra import singular_values, spectral_radius
from dl.layers.recurrent.cells import CellParams
from dl.tables import Cell, Table
from dl.types import Array


class Horizon(NamedTuple):
    """How far back one set of parameters reaches on some sequences.

    `gradients` [T] are the norms of `gradient_norms` for the whole state, by distance. By gate:
    `radius` and `norm` of its recurrent block, and in `shares` how often its units are shut and
    open, as shares in [0, 1] of all steps and units; candidates have no shares.
    """

    gradients: Array
    radius: dict[str, float]
    norm: dict[str, float]
    shares: dict[str, tuple[float, float]]

    def to_dict(self) -> dict[str, Any]:
        """The horizon in JSON's types."""
        return {
            "gradients": np.asarray(self.gradients, float).tolist(),
            "radius": self.radius,
            "norm": self.norm,
            "gates": {
                name: {"shut": shut, "open": open_} for name, (shut, open_) in self.shares.items()
            },
        }


class LayerHorizons(NamedTuple):
    """The horizons of one layer at initialisation and after training, on the same sequences.

    There are `sequences` of them, each `steps` long.
    """

    name: str
    kind: str
    hidden_size: int
    sequences: int
    steps: int
    initial: Horizon
    trained: Horizon

    @property
    def heading(self) -> str:
        """The layer and its sequences in words."""
        layer = f"{self.name}: {self.kind} of {self.hidden_size} units"
        return f"{layer}, {self.sequences} sequences of {self.steps} steps"

    def tables(self) -> tuple[Table, Table]:
        """The gradients by distance and the gates, each at initialisation beside trained."""
        before, after = self.initial, self.trained
        gradients = {
            "gradient at initialisation": before.gradients,
            "trained": after.gradients,
        }
        return norms_table(gradients), self._gates()

    def to_dict(self) -> dict[str, Any]:
        """The layer in JSON's types."""
        return {
            "layer": self.name,
            "kind": self.kind,
            "hidden_size": self.hidden_size,
            "sequences": self.sequences,
            "steps": self.steps,
            "initial": self.initial.to_dict(),
            "trained": self.trained.to_dict(),
        }

    def _gates(self) -> Table:
        formats = {"radius": ".3f", "norm": ".3f", "shut": ".1%", "open": ".1%"}
        formats = {
            f"{name}{when}": form for name, form in formats.items() for when in (" before", "")
        }
        rows = [self._gate_row(name) for name in self.trained.radius]
        return Table(("gate", *formats), rows, formats=formats)

    def _gate_row(self, gate: str) -> tuple[Cell, ...]:
        before, after = self.initial, self.trained
        sizes = (before.radius[gate], after.radius[gate], before.norm[gate], after.norm[gate])
        shares: tuple[Cell, ...] = (None,) * 4
        if gate in after.shares:
            (shut, open_), (shut_after, open_after) = before.shares[gate], after.shares[gate]
            shares = (shut, shut_after, open_, open_after)
        return (gate, *sizes, *shares)


def layer_horizon(kind: str, params: CellParams, xs: Array) -> Horizon:
    """The horizon of one layer on sequences xs [T, B, D], read from a state of zeros.

    Source: G2, G5.

    >>> import jax.numpy as jnp
    >>> halves = {"input": jnp.zeros((1, 1)), "recurrent": jnp.full((1, 1), 0.5)}
    >>> horizon = layer_horizon("rnn", halves, jnp.zeros((3, 2, 1)))
    >>> horizon.gradients.tolist(), horizon.radius, horizon.shares
    ([1.0, 0.5, 0.25], {'hidden': 0.5}, {})
    """
    return Horizon(
        gradient_norms(kind, params, xs).state,
        spectral_radius(kind, params),
        {name: float(values[0]) for name, values in singular_values(kind, params).items()},
        mean_saturation(gate_activations(kind, params, xs)),
    )
