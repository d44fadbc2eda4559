"""Pooling: how it reduces the effect of a shift, and pooling with trained weights (E5, C5)."""

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
    """‖f(shifted x) − f(x)‖ / ‖f(x)‖ for every picture: [B, H, W, C] -> [B].

    Pixels that leave the picture on one side come in on the other. The number is 0 where the shift
    does not change f. Pooling makes it smaller but not 0: "some translation invariance".
    Source: E5.

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
    """y = f(w · down(x) + b) with one w and one b for each map.

    x [B, H, W, C], w (`scale`) and b (`bias`) [C] -> [B, H / s, W / s, C] with s = `window`. `down`
    takes the mean or the maximum of every s × s places. LeNet-5's second and fourth layers are of
    this kind. Source: C5, E9.

    >>> trainable_pool(jnp.ones((1, 4, 4, 3)), jnp.ones(3), jnp.zeros(3)).shape
    (1, 2, 2, 3)
    """
    return activation(scale * pool_of_kind(pooling)(x, window) + bias)


def spread(x: Array, errors: Array, *, window: int = 2, pooling: Pooling = "mean") -> Array:
    """`up`, the way back through `down`: errors of the pooled maps -> errors of the maps x.

    [B, H / s, W / s, C] -> [B, H, W, C]. A mean gives an equal share to every place of its window,
    a maximum gives everything to the winner (the first of equals). Then
    δ_l = w (f'(z_l) ⊙ up(δ_(l+1))) with x = f(z_l). Source: C5.

    Raises:
        InputError: for errors of another shape than the pooled maps.

    >>> spread(jnp.arange(4.0).reshape(1, 2, 2, 1), jnp.ones((1, 1, 1, 1)))[0, :, :, 0].tolist()
    [[0.25, 0.25], [0.25, 0.25]]
    """
    batch, rows, columns, channels = x.shape
    down, across = rows // window, columns // window
    if errors.shape != (batch, down, across, channels):
        raise InputError(
            f"maps {x.shape} pooled by {window} have errors {(batch, down, across, channels)}, "
            f"not {errors.shape}"
        )
    inside = x[:, : down * window, : across * window]
    places = inside.reshape(batch, down, window, across, window, channels)
    places = places.transpose(0, 1, 3, 5, 2, 4).reshape(batch, down, across, channels, -1)
    shares = _shares(pooling, places).astype(errors.dtype) * errors[..., None]
    shares = shares.reshape(batch, down, across, channels, window, window)
    wide = shares.transpose(0, 1, 4, 2, 5, 3).reshape(inside.shape)
    unseen = ((0, 0), (0, rows - down * window), (0, columns - across * window), (0, 0))
    return jnp.pad(wide, unseen)


def pool_of_kind(pooling: Pooling) -> Callable[..., Array]:
    """`down`: the layer `avg_pool` for "mean", `max_pool` for "max". Source: C5.

    Raises:
        InputError: for any other name.

    >>> pool_of_kind("max")(jnp.arange(4.0).reshape(1, 2, 2, 1), 2).ravel().tolist()
    [3.0]
    """
    if pooling not in ("mean", "max"):
        raise InputError(f"unknown pooling {pooling!r}: give mean or max")
    return avg_pool if pooling == "mean" else max_pool


def _shares(pooling: Pooling, places: Array) -> Array:
    """What each place of a window takes of its error: [..., s²] -> [..., s²], with the sum 1."""
    if pool_of_kind(pooling) is avg_pool:
        return jnp.full(places.shape, 1 / places.shape[-1])
    return jax.nn.one_hot(places.argmax(axis=-1), places.shape[-1])


def _norms(maps: Array) -> Array:
    return jnp.sqrt((maps**2).reshape(maps.shape[0], -1).sum(-1))
