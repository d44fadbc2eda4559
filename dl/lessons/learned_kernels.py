"""Can we learn proper kernels? A known one is found again from what it does to pictures (E2)."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from dl import optimizers
from dl.errors import InputError
from dl.layers import convolution
from dl.ranges import Range, check_number
from dl.types import Array


class Learned(NamedTuple):
    """A kernel [h, w] found by gradient descent, and the loss [S] before each of its steps."""

    kernel: Array
    losses: Array


def learn_kernel(
    pictures: Array | np.ndarray,
    filtered: Array | np.ndarray,
    *,
    size: tuple[int, int] = (3, 3),
    optimizer: optax.GradientTransformation | None = None,
    steps: int = 500,
) -> Learned:
    """The kernel k that minimises the mean of (x * k − y)², by gradient descent from k = 0.

    `pictures` x and `filtered` y are [B, H, W, C]: pictures before and after a kernel that is to be
    found again, such as one of `KERNELS` by `apply_kernel`. Places nearer to the border than half
    the kernel are left out. The loss is quadratic in k. It has a single minimum unless the pictures
    are as poor as flat ones, in which all pixels of a window are equal. Grey values should be of
    the order of 1. The default is momentum at a rate of 0.1. Source: E2 ("can we learn proper
    kernels?").

    Raises:
        InputError: for pictures and filtered pictures of different shapes, for sides that are even,
            and for pictures smaller than the kernel.

    >>> from dl.lessons.kernels import KERNELS, apply_kernel
    >>> pictures = jax.random.normal(jax.random.key(0), (4, 12, 12, 1))
    >>> found = learn_kernel(pictures, apply_kernel(pictures, "sharpen"), steps=200)
    >>> (found.kernel.round(3) + 0.0).tolist()
    [[0.0, -1.0, 0.0], [-1.0, 5.0, -1.0], [0.0, -1.0, 0.0]]
    """
    _check(pictures, filtered, size)
    check_number("steps", steps, Range(at_least=1), whole=True)
    descent = optimizers.momentum(0.1) if optimizer is None else optimizer
    x, y = (_one_channel(array) for array in (pictures, filtered))
    rows, columns = size[0] // 2, size[1] // 2
    inner = y[:, rows : y.shape[1] - rows, columns : y.shape[2] - columns]

    def loss(kernel: Array) -> Array:
        seen = convolution(x, kernel[:, :, None, None], padding="VALID")
        return ((seen - inner) ** 2).mean()

    def step(before: tuple[Array, optax.OptState], _: None) -> tuple[tuple, Array]:
        kernel, opt_state = before
        error, gradient = jax.value_and_grad(loss)(kernel)
        updates, opt_state = descent.update(gradient, opt_state, kernel)
        return (jnp.asarray(optax.apply_updates(kernel, updates)), opt_state), error

    zeros = jnp.zeros(size)
    (kernel, _), losses = jax.lax.scan(step, (zeros, descent.init(zeros)), length=steps)
    return Learned(kernel, losses)


def _one_channel(pictures: Array | np.ndarray) -> Array:
    """Every channel as a picture of its own, since one kernel serves all: [B C, H, W, 1]."""
    x = jnp.moveaxis(jnp.asarray(pictures, jnp.float32), -1, 1)
    return x.reshape(-1, *x.shape[2:], 1)


def _check(
    pictures: Array | np.ndarray, filtered: Array | np.ndarray, size: tuple[int, int]
) -> None:
    if pictures.ndim != 4 or pictures.shape != filtered.shape:
        raise InputError(
            "pictures and filtered pictures are both [B, H, W, C], not of shapes "
            f"{pictures.shape} and {filtered.shape}"
        )
    if not size[0] % 2 == size[1] % 2 == 1:
        raise InputError(f"a kernel with a pixel in its middle has two odd sides, not {size}")
    if pictures.shape[1] < size[0] or pictures.shape[2] < size[1]:
        raise InputError(
            f"a kernel {size} does not fit into pictures {pictures.shape[1:3]}: take a smaller one"
        )
