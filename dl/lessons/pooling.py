"""Pooling: how much less moves when a picture moves, and pooling with weights to train (E5, C5)."""

from collections.abc import Callable
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np

from dl.errors import InputError
from dl.layers import avg_pool, max_pool
from dl.types import Array

Pooling = Literal["mean", "max"]


def change_under_shift(
    function: Callable[[Array], Array],
    pictures: Array | np.ndarray,
    *,
    rows: int = 0,
    columns: int = 1,
) -> Array:
    """‖f(shifted x) − f(x)‖ / ‖f(x)‖ for every picture: [B, H, W, C] -> [B]; 0 where f does not see
    the shift.

    What leaves the picture on one side comes in on the other. Pooling makes the number smaller and
    not zero: "some translation invariance". Source: E5.

    >>> dots = jnp.zeros((1, 4, 4, 1)).at[0, 0, 0, 0].set(1.0)
    >>> change_under_shift(lambda x: max_pool(x, 2), dots).tolist()
    [0.0]
    """
    x = jnp.asarray(pictures, jnp.float32)
    if x.ndim != 4:
        raise InputError(f"pictures are [B, H, W, C], not of shape {x.shape}: add a batch axis")
    before, after = function(x), function(jnp.roll(x, (rows, columns), axis=(1, 2)))
    lengths = _norms(before)
    return _norms(after - before) / jnp.where(lengths == 0, 1, lengths)


def trainable_pool(
    x: Array,
    scale: Array,
    bias: Array,
    *,
    window: int = 2,
    pooling: Pooling = "mean",
    activation: Callable[[Array], Array] = jnp.tanh,
) -> Array:
    """y = f(w · down(x) + b) with one w and one b a map: [B, H, W, C], [C], [C] -> [B, H / s, W /
    s, C].

    `down` takes the mean or the maximum of every window × window places; two parameters a map are
    trained. LeNet-5's second and fourth layers are such. Source: C5, E9.

    >>> trainable_pool(jnp.ones((1, 4, 4, 3)), jnp.ones(3), jnp.zeros(3)).shape
    (1, 2, 2, 3)
    """
    return activation(scale * _down(pooling)(x, window) + bias)


def spread(x: Array, errors: Array, *, window: int = 2, pooling: Pooling = "mean") -> Array:
    """`up`, the way back through `down`: errors [B, H / s, W / s, C] of the pooled maps -> [B, H,
    W, C] of the maps x.

    A mean hands an equal share to every place of its window, a maximum everything to the winner
    (the first of equals). With it δ_l = w (f'(z_l) ⊙ up(δ_(l+1))), where x = f(z_l). Source: C5.

    >>> spread(jnp.arange(4.0).reshape(1, 2, 2, 1), jnp.ones((1, 1, 1, 1)))[0, :, :, 0].tolist()
    [[0.25, 0.25], [0.25, 0.25]]
    """
    return jax.vjp(lambda maps: _down(pooling)(maps, window), x)[1](errors)[0]


def _down(pooling: Pooling) -> Callable[..., Array]:
    if pooling not in ("mean", "max"):
        raise InputError(f"pooling {pooling!r} is not one of mean, max")
    return avg_pool if pooling == "mean" else max_pool


def _norms(maps: Array) -> Array:
    return jnp.sqrt((maps**2).reshape(maps.shape[0], -1).sum(-1))
