"""Models of ratings: biases, matrix factorisation, neural collaborative filtering. Source: H7."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn

from dl.errors import InputError
from dl.layers import Dropout
from dl.models.checks import check_outputs, check_sizes
from dl.models.functional import from_linen
from dl.models.trace import trace_layers
from dl.types import Array, LayerTrace, Params, Rated, RatingModel

_DEVIATION = 0.05
"""Of the first rows, small enough that a row that is never trained adds next to nothing."""


class Biases(nn.Module):
    """A number for each of `size` users or items, at first 0: int32 [B] -> [B, 1]."""

    size: int

    @nn.compact
    def __call__(self, numbers: Array) -> Array:
        bias = self.param("bias", nn.initializers.zeros_init(), (self.size, 1))
        return jnp.take(bias, numbers, axis=0)


class RatingNet(nn.Module):
    """μ + b_u + b_i + `interaction(users, items)`: pairs [B, 2] -> ratings [B, 1].

    `mean` is μ. In evaluation ratings are clipped to the `scale`.
    """

    users: int
    items: int
    mean: float
    scale: tuple[float, ...]
    interaction: nn.Module | None = None

    @nn.compact
    def __call__(self, pairs: Array, *, train: bool = False) -> Array | Rated:
        users, items = pairs.T
        rating, rows = self.mean, []
        if self.interaction is not None:
            added, rows = self.interaction(users, items, train=train)
            rating += added
        biases = [
            Biases(self.users, name="user_bias")(users),
            Biases(self.items, name="item_bias")(items),
        ]
        rating += biases[0] + biases[1]
        if train:
            return Rated(rating, jnp.concatenate([*rows, *biases], axis=-1))
        return rating.clip(*self.scale)


class Product(nn.Module):
    """p_u · q_i, with the rows that were used."""

    users: int
    items: int
    factors: int

    @nn.compact
    def __call__(
        self, users: Array, items: Array, *, train: bool = False
    ) -> tuple[Array, list[Array]]:
        rows = [
            _table(self.users, self.factors, "user_factors")(users),
            _table(self.items, self.factors, "item_factors")(items),
        ]
        return jnp.sum(rows[0] * rows[1], axis=-1, keepdims=True), rows


class NeuralProduct(nn.Module):
    """w · [p_u ⊙ q_i, f(p'_u, q'_i)] with a perceptron f, and the rows that were used."""

    users: int
    items: int
    factors: int
    hidden_sizes: Sequence[int]
    dropout: Any = 0.0

    @nn.compact
    def __call__(
        self, users: Array, items: Array, *, train: bool = False
    ) -> tuple[Array, list[Array]]:
        rows = [
            _table(self.users, self.factors, "user_factors")(users),
            _table(self.items, self.factors, "item_factors")(items),
            _table(self.users, self.factors, "user_features")(users),
            _table(self.items, self.factors, "item_features")(items),
        ]
        hidden = jnp.concatenate(rows[2:], axis=-1)
        for number, size in enumerate(self.hidden_sizes, start=1):
            hidden = nn.relu(nn.Dense(size, name=f"hidden{number}")(hidden))
            hidden = Dropout(self.dropout, deterministic=not train)(hidden)
        both = jnp.concatenate([rows[0] * rows[1], hidden], axis=-1)
        return nn.Dense(1, use_bias=False, name="output")(both), rows


def rating_biases(
    users: int, items: int, *, mean: float, scale: tuple[float, ...] = (1.0, 5.0)
) -> RatingModel:
    """r̂ = μ + b_u + b_i: how high a user rates, and how high an item is rated.

    int32 pairs [B, 2] of a user and an item -> [B, 1], on the `scale`. `mean` is μ, that of the
    ratings to train on; both biases begin at 0. Source: H7; Koren, Bell & Volinsky 2009.

    Raises:
        InputError: for no users or items.

    >>> model = rating_biases(10, 20, mean=3.5)
    >>> params, _ = model.init(jax.random.key(0), jnp.zeros((1, 2), int))
    >>> model.apply(params, {}, jnp.array([[9, 19]]))[0].tolist()
    [[3.5]]
    """
    return _rating_model(RatingNet(users, items, mean, tuple(scale)), "rating_biases")


def factorisation(
    users: int,
    items: int,
    *,
    mean: float,
    scale: tuple[float, ...] = (1.0, 5.0),
    factors: int = 64,
) -> RatingModel:
    """Matrix factorisation, r̂ = μ + b_u + b_i + p_u · q_i with `factors` numbers in p_u and q_i.

    Arguments and shapes as `rating_biases`. Source: H7; Koren, Bell & Volinsky 2009, equation 5.

    Raises:
        InputError: for no users, items or factors.

    >>> model = factorisation(10, 20, mean=3.5, factors=4)
    >>> sum(row.parameters for row in model.layers(jax.ShapeDtypeStruct((1, 2), "int32")))
    150
    """
    check_sizes((factors,), name="factors")
    net = RatingNet(users, items, mean, tuple(scale), Product(users, items, factors))
    return _rating_model(net, "factorisation")


def neural_factorisation(
    users: int,
    items: int,
    *,
    mean: float,
    scale: tuple[float, ...] = (1.0, 5.0),
    factors: int = 16,
    hidden_sizes: Sequence[int] = (32, 16),
    dropout: Any = 0.0,
) -> RatingModel:
    """Neural collaborative filtering: r̂ = μ + b_u + b_i + w · [p_u ⊙ q_i, f(p'_u, q'_i)].

    f is a multilayer perceptron of rows that are its own, with `dropout` behind each of its layers.
    The paper has no biases, and a sigmoid for its implicit feedback. Arguments and shapes as
    `rating_biases`. Source: H7; He et al. 2017, arXiv:1708.05031, section 3.4.

    Raises:
        InputError: for no users, items, factors or units.

    >>> model = neural_factorisation(10, 20, mean=3.5, factors=4)
    >>> params, _ = model.init(jax.random.key(0), jnp.zeros((1, 2), int))
    >>> model.apply(params, {}, jnp.zeros((3, 2), int))[0].shape
    (3, 1)
    """
    check_sizes((factors,), name="factors")
    check_sizes(hidden_sizes, name="hidden_sizes")
    interaction = NeuralProduct(users, items, factors, tuple(hidden_sizes), dropout)
    return _rating_model(
        RatingNet(users, items, mean, tuple(scale), interaction), "neural_factorisation"
    )


def _table(rows: int, factors: int, name: str) -> nn.Embed:
    return nn.Embed(rows, factors, embedding_init=nn.initializers.normal(_DEVIATION), name=name)


def _rating_model(net: RatingNet, name: str) -> RatingModel:
    for size in (net.users, net.items):
        check_outputs(size)
    low, high = net.scale
    if not low < high:
        raise InputError(f"scale is {net.scale}: give the lowest and the highest rating")
    model = from_linen(net, name=name)
    unclipped = from_linen(net.clone(scale=(-jnp.inf, jnp.inf)))

    def rate(params: Params, pairs: Array) -> Array:
        return unclipped.apply(params, {}, pairs)[0][:, 0]

    def trace(inputs: Any) -> LayerTrace:
        return trace_layers(net, jax.ShapeDtypeStruct(inputs.shape, jnp.int32))

    shapes = jax.eval_shape(model.init, jax.random.key(0), jnp.zeros((1, 2), jnp.int32))[0]
    return RatingModel(
        name,
        model.init,
        model.apply,
        trace,
        model.activations,
        rate=rate,
        user_tables=_user_tables(shapes),
    )


def _user_tables(params: Params) -> tuple[str, ...]:
    """The paths of the tables of users, such as `interaction/user_factors/embedding`."""
    paths = (
        "/".join(str(key.key) for key in path)
        for path, _ in jax.tree_util.tree_leaves_with_path(params)
    )
    return tuple(path for path in paths if path.split("/")[-2].startswith("user_"))
