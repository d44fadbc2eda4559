"""What the gates of a recurrent layer do at each symbol of a text (G5)."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from dl.data.text.vocabulary import END
from dl.errors import InputError
from dl.inspect.recurrence.gates import NOT_GATES, gate_activations
from dl.inspect.trained import Trained
from dl.models.recurrent_calls import LayerCall, recurrent_calls
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


def text_gates(trained: Trained, text: str) -> list[TextGates]:
    """The gates and states of every recurrent layer at each symbol of `text` (G5).

    A model that was trained on documents reads `END` first, as in training.

    Raises:
        InputError: when the net does not read text or has no recurrent layer, for an empty text and
            for unknown symbols.
    """
    calls, symbols = calls_of_text(trained, text)
    return [_gates(call, symbols) for call in calls]


def calls_of_text(trained: Trained, text: str) -> tuple[list[LayerCall], list[str]]:
    """The calls of the recurrent layers that read `text`, and its symbols; see `text_gates`."""
    if trained.spec is None:
        raise InputError(f"{trained.model.name} has no description of its data: give Network spec=")
    vocabulary = trained.spec.text
    numbers = vocabulary.encode(text, unknown="refuse")
    if not len(numbers):
        raise InputError("the text is empty: give at least one symbol")
    if END in vocabulary.symbols:
        numbers = np.array([vocabulary.end, *numbers])
    symbols = [
        END if vocabulary.symbols[number] == END else vocabulary.decode([number])
        for number in numbers
    ]
    calls = recurrent_calls(
        trained.model, trained.params, trained.model_state, jnp.asarray(numbers)[None]
    )
    check_recurrent(calls, trained.model.name)
    return calls, symbols


def check_recurrent(calls: Sequence[LayerCall], name: str) -> None:
    """Raise an `InputError` when the model of this name has no recurrent layer."""
    if not calls:
        raise InputError(
            f"{name} has no recurrent layers: give the folder of a run with rnn, lstm or gru"
        )


def _gates(call: LayerCall, symbols: Sequence[str]) -> TextGates:
    activations = {
        name: np.asarray(values)[:: -1 if call.reverse else 1, 0]
        for name, values in gate_activations(call.kind, call.params, call.xs).items()
    }
    return TextGates(call.name, call.kind, symbols, activations)
