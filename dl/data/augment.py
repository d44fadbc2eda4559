"""Augmentation: pure functions of (keys, pictures, step), compiled into the train step.

There is one key an example, derived from (seed, step, example), so that a picture is changed in the same way on
whatever device it lies. Source: D7.
"""

import jax
import jax.numpy as jnp

from dl.types import Array, Augment


def affine(*, degrees: float = 0.0, zoom: float = 0.0, shift: float = 0.0) -> Augment:
    """Turn, zoom and shift each picture by its own uniformly random amounts, with bilinear interpolation.

    Pictures [B, H, W, C] float. What comes in from outside repeats the picture's edge.

    Args:
        degrees: rotation in [−degrees, degrees].
        zoom: size factor in [1 − zoom, 1 + zoom].
        shift: shift along each axis in [−shift, shift] pixels.

    >>> same = affine()(jax.random.split(jax.random.key(0), 2), jnp.ones((2, 4, 4, 1)), jnp.zeros((), int))
    >>> bool((same == 1).all())
    True
    """

    def augment(keys: Array, pictures: Array, step: Array) -> Array:
        del step
        low = jnp.array([-degrees, 1.0 - zoom, -shift, -shift])
        high = jnp.array([degrees, 1.0 + zoom, shift, shift])
        drawn = jax.vmap(lambda key: jax.random.uniform(key, (4,), minval=low, maxval=high))(keys)
        return jax.vmap(_transform)(pictures, drawn)

    return augment


def until_step(augment: Augment, last: int) -> Augment:
    """`augment` for the steps before `last`, nothing from there on."""

    def limited(keys: Array, pictures: Array, step: Array) -> Array:
        return jax.lax.cond(step < last, lambda: augment(keys, pictures, step), lambda: pictures)

    return limited


def _transform(picture: Array, drawn: Array) -> Array:
    """One picture [H, W, C] under rotation (degrees), zoom (factor) and shift (pixels, down and right)."""
    height, width, _ = picture.shape
    angle, factor = jnp.deg2rad(drawn[0]), drawn[1]
    rows, columns = jnp.meshgrid(
        jnp.arange(height) - (height - 1) / 2, jnp.arange(width) - (width - 1) / 2, indexing="ij"
    )
    # Where in the old picture does each new pixel come from? The inverse transform.
    down, right = rows - drawn[2], columns - drawn[3]
    cos, sin = jnp.cos(angle) / factor, jnp.sin(angle) / factor
    source_row = cos * down + sin * right + (height - 1) / 2
    source_column = cos * right - sin * down + (width - 1) / 2
    return _interpolate(picture, jnp.clip(source_row, 0, height - 1), jnp.clip(source_column, 0, width - 1))


def _interpolate(picture: Array, rows: Array, columns: Array) -> Array:
    """Bilinear values [H, W, C] of a picture at fractional positions [H, W] inside it."""
    height, width, channels = picture.shape
    top, left = jnp.floor(rows).astype(jnp.int32), jnp.floor(columns).astype(jnp.int32)
    bottom, right = jnp.minimum(top + 1, height - 1), jnp.minimum(left + 1, width - 1)
    down, across = (rows - top)[..., None], (columns - left)[..., None]
    flat = picture.reshape(height * width, channels)
    upper = flat[top * width + left] * (1 - across) + flat[top * width + right] * across
    lower = flat[bottom * width + left] * (1 - across) + flat[bottom * width + right] * across
    return upper * (1 - down) + lower * down
