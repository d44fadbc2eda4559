"""A trained network: raw inputs in, outputs, probabilities or class names out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias, overload

import jax
import jax.numpy as jnp
import numpy as np

from dl.data.dataset import DataSpec
from dl.data.gather import normalize
from dl.data.naming import shown
from dl.data.raw_inputs import as_raw
from dl.data.text.reading import Reading
from dl.errors import InputError
from dl.layers.precision import computing_in, in_float32
from dl.tables import Table
from dl.types import Array, Autoencoder, Model, ModelState, Params, Ragged

Inputs: TypeAlias = np.ndarray | Array | Ragged | list[str]
"""Raw inputs [B, ...], sequences of several lengths, or texts."""
_MOST_SHOWN = 20


class Prediction(NamedTuple):
    """The most probable class of one example, by name, and its probability."""

    label: str
    probability: float


@dataclass(frozen=True, eq=False)
class Predictions(Sequence[Prediction]):
    """The `probabilities` [B, K] of the classes `class_names` for B examples.

    It is also the sequence of the B most probable classes: an item is a `Prediction`, a pair of a
    label and its probability. As an array it is the probabilities; its `argmax` counts classes.

    >>> answers = Predictions(("cat", "dog"), np.array([[0.25, 0.75], [0.5, 0.5]]))
    >>> answers.labels, answers[0].probability
    (['dog', 'cat'], 0.75)
    >>> np.argmax(answers), np.asarray(answers).shape
    (array([1, 0]), (2, 2))
    """

    class_names: tuple[str, ...]
    probabilities: np.ndarray

    @property
    def labels(self) -> list[str]:
        """The names of the most probable classes, one for each example."""
        return [self.class_names[winner] for winner in self.argmax()]

    def argmax(self, axis: int | None = None, out: np.ndarray | None = None) -> np.ndarray:
        """The numbers [B] of the most probable classes; along another `axis` as NumPy's argmax."""
        return np.argmax(self.probabilities, axis=-1 if axis is None else axis, out=out)

    def __len__(self) -> int:
        return len(self.probabilities)

    @overload
    def __getitem__(self, index: int) -> Prediction: ...

    @overload
    def __getitem__(self, index: slice) -> "Predictions": ...

    def __getitem__(self, index: int | slice) -> "Prediction | Predictions":
        row = self.probabilities[index]
        if isinstance(index, slice):
            return Predictions(self.class_names, row)
        winner = int(row.argmax())
        return Prediction(self.class_names[winner], float(row[winner]))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.probabilities, dtype=dtype, copy=copy)

    def _repr_html_(self) -> str:
        rows = [(number, *self[number]) for number in range(min(len(self), _MOST_SHOWN))]
        more = len(self) - _MOST_SHOWN
        title = f"the first {_MOST_SHOWN} of {len(self):,} predictions" if more > 0 else ""
        columns = ("example", "prediction", "probability")
        return Table(columns, rows, formats={"probability": ".1%"}, title=title).html()


@dataclass(frozen=True)
class Network:
    """A model with its parameters, and with the description of its data.

    `spec` names the classes and holds the normalisation of raw inputs; `reading` says how text
    becomes symbols; layers compute in `precision`. Without a `spec`, inputs are passed to the model
    unchanged.

    >>> import dl
    >>> model = dl.models.softmax_regression(10)
    >>> network = Network(model, *model.init(jax.random.key(0), jnp.zeros((1, 4))))
    >>> network.outputs(np.ones((3, 4), np.float32)).shape
    (3, 10)
    """

    model: Model
    params: Params
    model_state: ModelState = field(default_factory=dict)
    spec: DataSpec | None = None
    reading: Reading | None = None
    precision: str = "float32"

    def outputs(self, inputs: Inputs) -> Array:
        """Logits [B, K] or reconstructions for raw inputs [B, ...], such as uint8 [B, H, W, C].

        Sequences of several lengths are `Ragged`; a model of whole texts also takes a list of
        texts. Where every step has outputs, they are [B, T, K].

        Raises:
            InputError: when the inputs do not have the shape that the model was trained on.
        """
        arrays = self._encode(inputs) if _are_texts(inputs) else inputs
        if self.spec is not None:
            arrays = as_raw(arrays, self.spec)
        return self._apply(self.params, self.model_state, jax.tree.map(jnp.asarray, arrays))

    def probabilities(self, inputs: Inputs) -> Array:
        """Class probabilities [B, K], of the next symbol [B, T, V], or of each yes-or-no output.

        Raises:
            InputError: for a model whose outputs have no probabilities.
        """
        to_probabilities = self._to_probabilities()
        return to_probabilities(self.outputs(inputs))

    def predict(self, inputs: Inputs) -> Predictions:
        """The classes of the inputs [B, ...]: `.labels`, `.probabilities` [B, K], or pairs.

        Raises:
            InputError: for a model that chooses no class; see `probabilities`.
        """
        probabilities = np.asarray(self.probabilities(inputs))
        spec = self.described
        if not spec.kind.chooses:
            raise InputError(
                f"{spec.name} has no classes to choose from: use probabilities(), "
                f"one for each output"
            )
        return Predictions(spec.class_names, probabilities)

    @property
    def network(self) -> "Network":
        """Itself, so that functions take a `Network` wherever they take a `Trained`."""
        return self

    @property
    def described(self) -> DataSpec:
        """The description of the data that the model was trained on.

        Raises:
            InputError: when the network has none.
        """
        if self.spec is None:
            raise InputError(
                f"{self.model.name} has no description of its data: give Network spec="
            )
        return self.spec

    def _to_probabilities(self) -> Callable[[Array], Array]:
        """The function from outputs to probabilities, where the task has one."""
        if isinstance(self.model, Autoencoder):
            raise InputError(
                f"{self.model.name} has no classes: "
                f"outputs() gives reconstructions, normalised as inputs"
            )
        spec = self.described
        if spec.kind.probabilities is None:
            raise InputError(
                f"{spec.name} has {spec.kind.outputs} for answers: outputs() gives them"
            )
        return spec.kind.probabilities

    def _encode(self, texts: Any) -> Ragged:
        """Whole texts as symbols, padded to a multiple of 32 so that few shapes are compiled."""
        spec = self.described
        if spec.vocabulary is None or not spec.kind.chooses:
            raise InputError(
                f"the model of {spec.name} does not tell classes of texts: give it arrays"
            )
        if strange := [text for text in texts if not isinstance(text, str)]:
            raise InputError(f"{shown(strange[0])} among the inputs is no text: give texts alone")
        reading = self.reading or Reading()
        most = reading.longest if reading.longest and reading.longer == "cut" else None
        rows = [spec.text.encode(text, unknown=reading.unknown)[:most] for text in texts]
        lengths = np.array([len(row) for row in rows], np.int32)
        if not len(rows) or not lengths.all():
            raise InputError("a text without any symbol has no class: give texts that have one")
        values = np.zeros((len(rows), -(-lengths.max() // 32) * 32), np.int32)
        for row, symbols in zip(values, rows, strict=True):
            row[: len(symbols)] = symbols
        return Ragged(values, lengths)

    @cached_property
    def _apply(self):
        def apply(params: Params, model_state: ModelState, inputs: Any) -> Array:
            ready = inputs if self.spec is None else normalize(inputs, self.spec)
            with computing_in(self.precision):
                outputs = self.model.apply(params, model_state, ready)[0]
            return in_float32(outputs)

        return jax.jit(apply)


def _are_texts(inputs: Any) -> bool:
    return isinstance(inputs, list | tuple) and any(isinstance(text, str) for text in inputs)
