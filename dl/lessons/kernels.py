"""Eight kernels with weights that explain themselves, applied to pictures (E2)."""

import jax.numpy as jnp
import numpy as np

from dl.errors import InputError, did_you_mean
from dl.layers import convolution
from dl.types import Array

KERNELS: dict[str, np.ndarray] = {
    "identity": np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]]),
    "edges_diagonal": np.array([[1, 0, -1], [0, 0, 0], [-1, 0, 1]]),
    "edges_of_4": np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]]),
    "edges_of_8": np.array([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]),
    "sharpen": np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    "box_blur": np.ones((3, 3)) / 9,
    "gaussian_blur": np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16,
    "vertical_edge": np.array([[1, 0, -1], [1, 0, -1], [1, 0, -1]]),
}
"""The lecture's kernels, with odd sides.

Kernels whose weights sum to 1 leave an even area as it is, those whose weights sum to 0 make it
black. `edges_of_4` and `edges_of_8` compare a pixel with 4 and 8 neighbours. The slide prints no
weights for `vertical_edge`; here bright to the left of dark gives a positive value. Source: E2.
"""


def apply_kernel(pictures: Array | np.ndarray, kernel: str | Array | np.ndarray) -> Array:
    """y_c = x_c * k for every channel: [B, H, W, C] -> float32 [B, H, W, C].

    `kernel` is a name in `KERNELS`, or weights [h, w] with odd sides. Outside of a picture its
    border is repeated, so that the border is no edge. Results may leave the range of grey values.
    Source: E2.

    >>> step = jnp.array([[9.0, 9, 0, 0]] * 4).reshape(1, 4, 4, 1)
    >>> apply_kernel(step, "vertical_edge")[0, 0, :, 0].tolist()
    [0.0, 27.0, 27.0, 0.0]
    """
    weights = jnp.asarray(_find(kernel) if isinstance(kernel, str) else kernel, jnp.float32)
    if weights.ndim != 2 or not weights.shape[0] % 2 == weights.shape[1] % 2 == 1:
        raise InputError(
            f"a kernel with a pixel in its middle has two odd sides, not the shape {weights.shape}"
        )
    if pictures.ndim != 4:
        raise InputError(
            f"pictures are [B, H, W, C], not of shape {pictures.shape}: "
            "add a batch and a channel axis"
        )
    rows, columns = weights.shape[0] // 2, weights.shape[1] // 2
    border = ((0, 0), (rows, rows), (columns, columns), (0, 0))
    framed = jnp.pad(jnp.asarray(pictures, jnp.float32), border, mode="edge")
    channels = pictures.shape[-1]
    same_for_all = jnp.tile(weights[:, :, None, None], (1, 1, 1, channels))
    return convolution(framed, same_for_all, padding="VALID", groups=channels)


def _find(name: str) -> np.ndarray:
    if name not in KERNELS:
        raise InputError(f"unknown kernel {name!r}; {did_you_mean(name, KERNELS)}")
    return KERNELS[name]
