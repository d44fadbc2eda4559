"""Random erasing: a rectangle of each picture becomes noise."""

import jax
import jax.numpy as jnp

from dl.errors import InputError
from dl.ranges import Range, check_number
from dl.types import Array, Augment

_TRIES = 10


def erase(
    probability: float = 0.5, *, smallest: float = 0.02, largest: float = 0.4, aspect: float = 0.3
) -> Augment:
    """Fill a rectangle of each picture with noise, with this probability.

    The rectangle lies within the picture. Its share of the area is uniform in [smallest, largest],
    its height over its width in [aspect, 1 / aspect]. A pixel of the noise is uniform between the
    smallest and the largest value of its picture. Pictures [B, H, W, C] -> [B, H, W, C], float.

    Source: Zhong et al. 2020, arXiv:1708.04896, whose numbers are the defaults. The paper draws
    rectangles until one fits; here the first of ten that fits is taken, and if none does, the
    picture stays as it is.

    Raises:
        InputError: for a probability or shares of the area that are not in 0 to 1.

    >>> keys, step = jax.random.split(jax.random.key(0), 2), jnp.zeros((), int)
    >>> bool((erase(0.0)(keys, jnp.ones((2, 4, 4, 1)), step) == 1).all())
    True
    """
    check_number("probability", probability, Range(at_least=0, at_most=1))
    check_number("smallest", smallest, Range(above=0, at_most=1))
    check_number("largest", largest, Range(above=0, at_most=1))
    check_number("aspect", aspect, Range(above=0, at_most=1))
    if smallest > largest:
        raise InputError(f"smallest is {smallest}; it must be at most largest, {largest}")

    def change(key: Array, picture: Array) -> Array:
        wanted, shape, place, noise = jax.random.split(key, 4)
        height, width = picture.shape[:2]
        size = _size(shape, height, width, area=(smallest, largest), aspect=aspect)
        inside = _rectangle(place, height, width, size)
        erased = inside & jax.random.bernoulli(wanted, probability)
        filling = jax.random.uniform(
            noise, picture.shape, picture.dtype, minval=picture.min(), maxval=picture.max()
        )
        return jnp.where(erased[..., None], filling, picture)

    def augment(keys: Array, pictures: Array, step: Array) -> Array:
        del step
        return jax.vmap(change)(keys, pictures)

    return augment


def _size(
    key: Array, height: int, width: int, *, area: tuple[float, float], aspect: float
) -> Array:
    """Rows and columns [2] of the first rectangle drawn that fits; 0 and 0 if none does."""
    of_area, of_aspect = jax.random.split(key)
    areas = jax.random.uniform(of_area, (_TRIES,), minval=area[0], maxval=area[1]) * height * width
    ratios = jax.random.uniform(of_aspect, (_TRIES,), minval=aspect, maxval=1 / aspect)
    rows, columns = jnp.round(jnp.sqrt(areas * ratios)), jnp.round(jnp.sqrt(areas / ratios))
    fits = (rows <= height) & (columns <= width)
    sizes = jnp.where(fits[:, None], jnp.stack([rows, columns], axis=1), 0.0)
    return sizes[jnp.argmax(fits)].astype(jnp.int32)


def _rectangle(key: Array, height: int, width: int, size: Array) -> Array:
    """Which pixels [H, W] lie in a rectangle of this `size` at a random place."""
    limits = jnp.array([height, width]) - size + 1
    top, left = jax.random.randint(key, (2,), 0, limits)
    rows, columns = jnp.arange(height), jnp.arange(width)
    in_rows = (top <= rows) & (rows < top + size[0])
    in_columns = (left <= columns) & (columns < left + size[1])
    return in_rows[:, None] & in_columns
