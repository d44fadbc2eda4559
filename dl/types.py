"""The types that the whole library shares, with the shapes of their arrays.

Letters in shapes: `B` batch, `H W C` height, width, channels, `K` classes, `F` features, `N`
examples, `T` time.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeAlias

import jax
import numpy as np
from jax.extend.core import ClosedJaxpr

Array: TypeAlias = jax.Array
Key: TypeAlias = jax.Array
"""A typed random key, `jax.random.key(seed)`."""

Device: TypeAlias = Any
"""A `jax.Device`."""

PyTree: TypeAlias = Any
Params: TypeAlias = PyTree
"""Trainable parameters: nested dictionaries of arrays."""
ModelState: TypeAlias = PyTree
"""State that forward passes update, such as batch statistics; `{}` for most models."""
PRETRAINING = "pretraining"
"""The part of a model state that counts the `steps` of greedy pre-training."""
EARLIER = "earlier"
"""The part of a model state that keeps parameters from earlier in a training, and its `steps`."""
OF_TRAINING = (PRETRAINING, EARLIER)
"""The parts of a model state that belong to a training and not to a net."""
Carry: TypeAlias = PyTree
"""Recurrent state handed from one segment of a sequence to the next. `()` if there is none."""


class Ragged(NamedTuple):
    """Sequences of several lengths: `values` [B, T, ...], of which `lengths` [B] steps are real."""

    values: Any
    lengths: Any


class Pair(NamedTuple):
    """What an encoder-decoder reads: `source`, and the symbol before each target, `previous`.

    `source` is what is encoded, such as `Ragged` symbols [B, S] or pictures [B, H, W, C];
    `previous` [B, T] begins with the symbol that stands before all targets.
    """

    source: Any
    previous: Any


Batch: TypeAlias = Mapping[str, Any]
"""`inputs` [B, ...], `targets` [B, ...], `mask` [B] and `index` [B], the numbers of the examples.

`mask` is 1 for a real example and 0 for padding; it is [B, T] if every step of a sequence has a
target. An optional `fresh` [B] is 1 for rows that start with a zero recurrent state and 0 for
those that continue from the carry.
"""


class Ratio(NamedTuple):
    """A mean kept as a sum and a count, so that it can be merged with others."""

    sum: Array
    count: Array


class ExpRatio(NamedTuple):
    """A `Ratio` shown as its exponential: a perplexity, from a mean cross-entropy in nats."""

    sum: Array
    count: Array


class Total(NamedTuple):
    """A `Ratio` shown as its sum: how often something happened."""

    sum: Array
    count: Array


Metrics: TypeAlias = dict[str, Ratio | ExpRatio | Total]
"""Named means; `loss` is what is minimised. See `dl.metrics`."""


class InitFn(Protocol):
    """From a key and inputs, or their shapes, to new parameters and model state."""

    def __call__(self, key: Key, inputs: Any) -> tuple[Params, ModelState]: ...


class ApplyFn(Protocol):
    """From parameters, model state and inputs [B, ...] to outputs and the new model state."""

    def __call__(
        self,
        params: Params,
        model_state: ModelState,
        inputs: Any,
        *,
        train: bool = False,
        key: Key | None = None,
        carry: Carry = (),
    ) -> tuple[Array, ModelState, Carry]: ...


class Heads(NamedTuple):
    """The outputs of a model with auxiliary heads in training: logits [B, K] of each.

    See `googlenet`.
    """

    logits: Array
    auxiliary: tuple[Array, ...]


class Rated(NamedTuple):
    """What a model of ratings answers in training: `ratings` [B, 1], and the rows that it used.

    `rows` [B, F] are those of the users and items of the batch in its tables, side by side.
    """

    ratings: Array
    rows: Array


class LayerRow(NamedTuple):
    """One line of a model's summary; `output_shape` is without the batch.

    `macs` are the multiply-adds for one example. In models of pictures, unit (p, q) of the layer
    sees the pixels from `offset` + (p, q) · `stride` on, as many as `receptive_field` says, each
    (height, width); pixels outside of the picture are padding. `stride` is None where every unit
    sees the same; all three are None if there are no pictures.
    """

    name: str
    output_shape: tuple[int, ...]
    parameters: int
    macs: int = 0
    receptive_field: tuple[int, int] | None = None
    stride: tuple[int, int] | None = None
    offset: tuple[int, int] | None = None


class LayerTrace(NamedTuple):
    """The computation of a model, traced and not computed, with the calls of its modules marked.

    All operations of call i are in the named scope "layer i", and its output goes through
    `checkpoint_name` with this name. The last input of `jaxpr` is the model's. `layers` are the
    calls that count as layers, in order.
    """

    jaxpr: ClosedJaxpr
    calls: dict[int, LayerRow]
    layers: tuple[int, ...]


@dataclass(frozen=True)
class Model:
    """A pair of pure functions.

    `init(key, inputs) -> (params, model_state)`; `apply(params, model_state, inputs, *, train, key,
    carry) -> (outputs, model_state, carry)`. `trace(inputs)` is the computation for inputs of a
    shape, with its layers marked; nothing is computed. `activations(params, model_state, inputs)`
    are the outputs of every layer by name. A model made of functions that have no layers has
    neither. `initial_carry(B)` is the state with which a recurrent model starts; others have none.
    It is carried along a stream; that of a model that `always_carries` from every step to the next.
    """

    name: str
    init: InitFn
    apply: ApplyFn
    trace: Callable[[Any], LayerTrace] | None = None
    activations: Callable[[Params, ModelState, Array], OrderedDict[str, Array]] | None = None
    initial_carry: Callable[[int], Carry] | None = None
    always_carries: bool = False

    def zero_carry(self, rows: int) -> Carry:
        """The recurrent state with which `rows` rows start; () for a model that has none."""
        return () if self.initial_carry is None else self.initial_carry(rows)

    def layers(self, inputs: jax.ShapeDtypeStruct) -> list[LayerRow]:
        """Every layer with its output shape and parameters.

        `dl.summarize` adds their cost and what they see of a picture.
        """
        if self.trace is None:
            return []
        traced = self.trace(inputs)
        return [traced.calls[number] for number in traced.layers]


@dataclass(frozen=True, kw_only=True)
class Autoencoder(Model):
    """A model whose outputs are its inputs again: `apply` is `decode` after `encode`.

    It has no model state. `encode(params, inputs [B, ...]) -> code [B, F]`; `decode(params, code
    [B, F]) -> reconstruction [B, ...]`; `jacobian_norm(params, inputs [B, ...], key) -> [B]` is
    Σ_ij (∂code_j / ∂input_i)² of each example, or an unbiased estimate of it that draws from `key`.
    """

    encode: Callable[[Params, Array], Array]
    decode: Callable[[Params, Array], Array]
    jacobian_norm: Callable[[Params, Array, Key], Array]


@dataclass(frozen=True, kw_only=True)
class BeliefNet(Autoencoder):
    """A stack of restricted Boltzmann machines, an auto-encoder with tied weights.

    `visible(inputs [B, ...]) -> [B, D]` are its inputs as probabilities from 0 to 1. `machines` are
    the names of the machines' parameters, upwards from the inputs, and `units` the kinds of their
    hidden units. The carry of persistent chains holds one for each row: visible units [B, D] by
    machine. Where there are several machines, `model_state` counts the steps of pre-training.
    """

    visible: Callable[[Array], Array]
    machines: tuple[str, ...]
    units: tuple[Any, ...]


@dataclass(frozen=True, kw_only=True)
class EncoderDecoder(Model):
    """A model of one sequence given another: `apply` takes a `Pair` and gives logits [B, T, V].

    `encode(params, model_state, source) -> (memory, carry)`: what the decoder looks at, and the
    state with which it starts. `step(params, model_state, memory, carry, previous [B]) -> (logits
    [B, V], carry, weights [B, S])` gives the next symbol, and how much it looked at each place of
    the source; without attention the weights are [B, 0]. Leaves of memory and carry are [B, ...].
    """

    encode: Callable[[Params, ModelState, Any], tuple[Any, Carry]]
    step: Callable[[Params, ModelState, Any, Carry, Array], tuple[Array, Carry, Array]]


@dataclass(frozen=True, kw_only=True)
class RatingModel(Model):
    """A model of the rating of an item by a user, from tables with a row for each of them.

    `apply` takes the numbers of users and items, int32 [B, 2], and gives ratings [B, 1] on their
    scale, or in training `Rated`. `rate(params, pairs [B, 2]) -> [B]` are ratings as they are
    estimated, also off the scale. `user_tables` names the parameters with a row for each user.
    """

    rate: Callable[[Params, Array], Array]
    user_tables: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class TwoTower(Model):
    """A model of which of `items` a user takes: the product of a user's and an item's vector.

    `apply` takes histories [B, I], 1 where a user took an item, and gives logits [B, I], in which
    items of the history have a very low one. `user_vectors(params, histories [B, I]) -> [B, F]`;
    `item_vectors(params, items [N]) -> ([N, F], bias [N])`.
    """

    items: int
    user_vectors: Callable[[Params, Array], Array]
    item_vectors: Callable[[Params, Array], tuple[Array, Array]]


class Objective(Protocol):
    """A loss to minimise and metrics to report: `metrics["loss"]` is the mean that is minimised."""

    def __call__(
        self,
        params: Params,
        model_state: ModelState,
        batch: Batch,
        *,
        train: bool = False,
        key: Key | None = None,
        carry: Carry = (),
    ) -> tuple[Metrics, ModelState, Carry]: ...


Schedule: TypeAlias = Callable[[Any], Any]
"""Step [] -> factor [] on the learning rate; 1 at the peak."""

Augment: TypeAlias = Callable[[Array, Array, Array], Array]
"""`(keys [B], inputs [B, ...], step []) -> inputs [B, ...]`, with one key for each example."""


Corruption: TypeAlias = Callable[[Key, Array], Array]
"""`(key, inputs [B, ...]) -> inputs [B, ...]`: the noisy inputs of a denoising auto-encoder."""


class Source(Protocol):
    """Random access to examples: a length and items."""

    def __len__(self) -> int: ...

    def gather(self, index: np.ndarray) -> dict[str, np.ndarray]:
        """The examples at `index` [B] as `inputs` [B, ...] and `targets` [B, ...]."""
        ...
