"""Random changes of the shape of pictures: turned, zoomed, shifted, bent."""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from dl.ranges import Range, check_number
from dl.types import Array, Augment


def rotate(degrees: float) -> Augment:
    """Turn each picture by its own random angle in [−degrees, degrees]; see `affine`.

    Pictures [B, H, W, C] -> [B, H, W, C].

    >>> keys, step = jax.random.split(jax.random.key(0), 2), jnp.zeros((), int)
    >>> rotate(10)(keys, jnp.ones((2, 4, 4, 1)), step).shape
    (2, 4, 4, 1)
    """
    return affine(degrees=degrees)


def shift(pixels: float) -> Augment:
    """Move each picture by its own random amounts in [−pixels, pixels] along both axes.

    Pictures [B, H, W, C] -> [B, H, W, C]. Fractions of a pixel are interpolated; see `affine`.

    >>> keys, step = jax.random.split(jax.random.key(0), 2), jnp.zeros((), int)
    >>> shift(2)(keys, jnp.ones((2, 4, 4, 1)), step).shape
    (2, 4, 4, 1)
    """
    return affine(shift=pixels)


def affine(*, degrees: float = 0.0, zoom: float = 0.0, shift: float = 0.0) -> Augment:
    """Turn, zoom and shift each picture by its own uniformly random amounts.

    Pictures [B, H, W, C], float, are interpolated bilinearly. Pixels from outside of the picture
    repeat its edge.

    Args:
        degrees: rotation in [−degrees, degrees].
        zoom: size factor in [1 − zoom, 1 + zoom].
        shift: shift along each axis in [−shift, shift] pixels.

    >>> keys, step = jax.random.split(jax.random.key(0), 2), jnp.zeros((), int)
    >>> bool((affine()(keys, jnp.ones((2, 4, 4, 1)), step) == 1).all())
    True
    """

    limits = _limits(degrees, zoom, shift)

    def change(key: Array, picture: Array) -> Array:
        drawn = jax.random.uniform(key, (4,), minval=limits[0], maxval=limits[1])
        return _interpolate(picture, *_sources(picture, drawn))

    return _for_each(change)


def elastic(
    pixels: float,
    *,
    smoothness: float = 4.0,
    degrees: float = 0.0,
    zoom: float = 0.0,
    shift: float = 0.0,
) -> Augment:
    """Bend each picture by its own smooth random field, and turn, zoom and shift it as `affine`.

    Each pixel is taken from a place that is moved by D = c · S N Sᵀ along each axis, where N [H, W]
    are independent uniform numbers and S averages over neighbours with the weights of a Gaussian of
    width `smoothness`; c makes `pixels` the standard deviation of D. Pictures [B, H, W, C], float.
    Source: D7; Simard, Steinkraus & Platt 2003.

    Raises:
        InputError: for a negative strength, and a width of 0.

    >>> keys, step = jax.random.split(jax.random.key(0), 2), jnp.zeros((), int)
    >>> bool((elastic(0.0)(keys, jnp.ones((2, 4, 4, 1)), step) == 1).all())
    True
    """
    check_number("pixels", pixels, Range(at_least=0))
    check_number("smoothness", smoothness, Range(above=0))
    limits = _limits(degrees, zoom, shift)

    def change(key: Array, picture: Array) -> Array:
        drawn = jax.random.uniform(key, (4,), minval=limits[0], maxval=limits[1])
        rows, columns = _sources(picture, drawn)
        down, right = pixels * _smooth_field(key, picture.shape[0], picture.shape[1], smoothness)
        return _interpolate(picture, rows + down, columns + right)

    return _for_each(change)


def _for_each(change: Callable[[Array, Array], Array]) -> Augment:
    """The augmentation that applies `change(key, picture)` to each picture of a batch."""

    def augment(keys: Array, pictures: Array, step: Array) -> Array:
        del step
        return jax.vmap(change)(keys, pictures)

    return augment


def _limits(degrees: float, zoom: float, shift: float) -> tuple[Array, Array]:
    """The lowest and the highest angle, size factor, and shifts along both axes."""
    return (
        jnp.array([-degrees, 1.0 - zoom, -shift, -shift]),
        jnp.array([degrees, 1.0 + zoom, shift, shift]),
    )


def _smooth_field(key: Array, height: int, width: int, smoothness: float) -> Array:
    """Two smooth random fields [2, H, W] of variance 1."""
    noise = jax.random.uniform(
        jax.random.fold_in(key, 1), (2, height, width), minval=-1.0, maxval=1.0
    )
    smooth = [_smoothing(size, smoothness) for size in (height, width)]
    return jnp.sqrt(3.0) * smooth[0] @ noise @ smooth[1].T


def _smoothing(size: int, width: float) -> Array:
    """A matrix [size, size] of Gaussian weights; the squares of each row add up to 1."""
    distance = jnp.arange(size)[:, None] - jnp.arange(size)
    weights = jnp.exp(-(distance**2) / (2.0 * width**2))
    return weights / jnp.linalg.norm(weights, axis=1, keepdims=True)


def _sources(picture: Array, drawn: Array) -> tuple[Array, Array]:
    """Where the pixels come from, when a picture is turned (degrees), zoomed (factor) and shifted.

    Rows and columns [H, W] of the old picture, by the inverse transform.
    """
    height, width, _ = picture.shape
    angle, factor = jnp.deg2rad(drawn[0]), drawn[1]
    rows, columns = jnp.meshgrid(
        jnp.arange(height) - (height - 1) / 2, jnp.arange(width) - (width - 1) / 2, indexing="ij"
    )
    down, right = rows - drawn[2], columns - drawn[3]
    cos, sin = jnp.cos(angle) / factor, jnp.sin(angle) / factor
    source_row = cos * down + sin * right + (height - 1) / 2
    source_column = cos * right - sin * down + (width - 1) / 2
    return source_row, source_column


def _interpolate(picture: Array, rows: Array, columns: Array) -> Array:
    """Bilinear values [H, W, C] of a picture at fractional positions [H, W], moved inside of it."""
    height, width, channels = picture.shape
    rows, columns = jnp.clip(rows, 0, height - 1), jnp.clip(columns, 0, width - 1)
    top, left = jnp.floor(rows).astype(jnp.int32), jnp.floor(columns).astype(jnp.int32)
    bottom, right = jnp.minimum(top + 1, height - 1), jnp.minimum(left + 1, width - 1)
    down, across = (rows - top)[..., None], (columns - left)[..., None]
    flat = picture.reshape(height * width, channels)
    upper = flat[top * width + left] * (1 - across) + flat[top * width + right] * across
    lower = flat[bottom * width + left] * (1 - across) + flat[bottom * width + right] * across
    return upper * (1 - down) + lower * down
