"""What the gates of a recurrent layer do at each symbol of a text (G5)."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from dl.inspect.recurrence.gates import NOT_GATES
from dl.tables import Table


class TextGates(NamedTuple):
    """A layer's gates, candidate and states by name, [T, H] each, at the T `symbols` of a text.

    All are in the order of the text, also those of a layer that reads it backwards.
    """

    name: str
    kind: str
    symbols: Sequence[str]
    activations: dict[str, np.ndarray]

    @property
    def heading(self) -> str:
        """The layer in words."""
        units = next(iter(self.activations.values())).shape[1]
        return f"{self.name}: {self.kind} of {units} units"

    def table(self) -> Table:
        """One row per symbol: means over the units of each gate, of other arrays mean sizes.

        >>> values = np.array([[0.0, 1.0], [1.0, 1.0]])
        >>> print(TextGates("l", "gru", "ab", {"reset": values, "hidden": -values}).table().text())
        symbol  reset  |hidden|
        'a'     0.500     0.500
        'b'     1.000     1.000
        """
        names = [f"|{name}|" if name in NOT_GATES else name for name in self.activations]
        columns = [np.abs(values).mean(axis=1).tolist() for values in self.activations.values()]
        rows = zip(map(repr, self.symbols), *columns, strict=True)
        return Table(("symbol", *names), list(rows), formats=dict.fromkeys(names, ".3f"))

    def to_dict(self) -> dict[str, Any]:
        """The layer in JSON's types, with the activations of every unit."""
        return {
            "layer": self.name,
            "kind": self.kind,
            "symbols": list(self.symbols),
            "activations": {
                name: np.asarray(values, float).tolist()
                for name, values in self.activations.items()
            },
        }
