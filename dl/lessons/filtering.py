"""Smoothing a grey picture pixel by pixel, into a new picture or in place (E1)."""

import jax
import jax.numpy as jnp
import numpy as np

from dl.errors import InputError
from dl.types import Array

SMOOTHING = np.array([[1, 1, 1], [1, 4, 1], [1, 1, 1]]) / 12
"""The weighted mean of nine pixels in which the middle one counts four times. Source: E1."""

EXAMPLE = np.array([[255, 128, 128, 240], [255, 128, 245, 240], [245, 128, 245, 240]])
"""The grey values of the lecture's example. Source: E1."""


def smooth(
    picture: Array | np.ndarray, kernel: Array | np.ndarray = SMOOTHING, *, write_back: bool = False
) -> Array:
    """y_pq = round(Σ_ij k_ij x_(p+i)(q+j)), the window centred on the pixel: [H, W] -> [H, W].

    Grey values are visited row by row from the top left. With `write_back` each result replaces its
    pixel at once, so that later sums read it and the order of the visits matters. Pixels too near
    to the border for a whole window keep their value. `kernel` is [h, w] with odd sides.
    Source: E1.

    >>> smooth(EXAMPLE)[1].tolist(), smooth(EXAMPLE, write_back=True)[1].tolist()
    ([255, 178, 205, 240], [255, 178, 209, 240])
    """
    _check(picture.shape, kernel.shape)
    read, weights = jnp.asarray(picture, jnp.float32), jnp.asarray(kernel, jnp.float32)
    height, width = weights.shape
    columns = read.shape[1] - width + 1

    def visit(number: Array, written: Array) -> Array:
        top, left = jnp.divmod(number, columns)
        window = jax.lax.dynamic_slice(written if write_back else read, (top, left), weights.shape)
        return written.at[top + height // 2, left + width // 2].set(
            jnp.round((window * weights).sum())
        )

    pixels = (read.shape[0] - height + 1) * columns
    return jax.lax.fori_loop(0, pixels, visit, read).astype(jnp.int32)


def _check(picture: tuple[int, ...], kernel: tuple[int, ...]) -> None:
    if len(picture) != 2:
        raise InputError(
            f"a grey picture is [H, W], not of shape {picture}: take one channel of one picture"
        )
    if len(kernel) != 2 or not kernel[0] % 2 == kernel[1] % 2 == 1:
        raise InputError(
            f"a kernel with a pixel in its middle has two odd sides, not the shape {kernel}"
        )
    if picture[0] < kernel[0] or picture[1] < kernel[1]:
        raise InputError(
            f"the kernel {kernel} does not fit into the picture {picture}: take a smaller kernel"
        )
