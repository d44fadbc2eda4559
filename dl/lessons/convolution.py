"""What a convolution computes, how large its result is, and how many weights it saves (E3, E4)."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from dl.errors import InputError
from dl.layers import convolution
from dl.types import Array

EXAMPLE = np.array(
    [[1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0]]
)
"""The lecture's binary picture. Source: E3."""

EXAMPLE_KERNEL = np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]])
"""The lecture's kernel. Source: E3."""


class Weights(NamedTuple):
    """Parameters of three layers with the same inputs and outputs, biases included."""

    shared: int
    local: int
    dense: int


class Steps(NamedTuple):
    """A convolution one output after the other, row by row: N = P · Q steps."""

    picture: np.ndarray
    """The picture with its padding [H, W]."""
    kernel: np.ndarray
    """[h, w]."""
    corners: np.ndarray
    """Row and column of the upper left pixel of each step's window [N, 2]."""
    products: np.ndarray
    """k_ij x_(sp+i)(sq+j) of each step [N, h, w], whose sum is the step's output."""
    output: np.ndarray
    """[P, Q]."""


def convolve(
    picture: Array | np.ndarray, kernel: Array | np.ndarray, *, strides: int = 1, padding: int = 0
) -> Array:
    """y_pq = Σ_ij k_ij x_(sp+i)(sq+j) of one picture and one kernel: [H, W] * [h, w] -> [P, Q].

    `padding` zeros are added on every side. The kernel is not flipped. Source: E3, E4.

    Raises:
        InputError: for arrays of other shapes, and as `output_size`.

    >>> convolve(EXAMPLE, EXAMPLE_KERNEL).tolist()
    [[4.0, 3.0, 4.0], [2.0, 4.0, 3.0], [2.0, 3.0, 4.0]]
    """
    if picture.ndim != 2 or kernel.ndim != 2:
        raise InputError(
            f"picture and kernel are [H, W] and [h, w], not {picture.shape} and {kernel.shape}"
        )
    for side, window in zip(picture.shape, kernel.shape, strict=True):
        output_size(side, window, stride=strides, padding=padding)
    x = jnp.asarray(picture, jnp.float32)[None, :, :, None]
    k = jnp.asarray(kernel, jnp.float32)[:, :, None, None]
    return convolution(x, k, strides=strides, padding=padding)[0, :, :, 0]


def convolve_step_by_step(
    picture: Array | np.ndarray, kernel: Array | np.ndarray, *, strides: int = 1, padding: int = 0
) -> Steps:
    """[H, W] * [h, w] window by window: the products whose sums are the outputs of `convolve`.

    Source: E3.

    Raises:
        InputError: as `convolve`.

    >>> steps = convolve_step_by_step(EXAMPLE, EXAMPLE_KERNEL)
    >>> steps.products[0].tolist()
    [[1.0, 0.0, 1.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    output = np.asarray(convolve(picture, kernel, strides=strides, padding=padding))
    padded = np.pad(np.asarray(picture, np.float32), padding)
    weights = np.asarray(kernel, np.float32)
    corners = strides * np.argwhere(np.ones_like(output))
    windows = np.lib.stride_tricks.sliding_window_view(padded, weights.shape)
    return Steps(padded, weights, corners, windows[tuple(corners.T)] * weights, output)


def output_size(n: int, m: int, *, stride: int = 1, padding: int = 0) -> int:
    """The number of outputs of m weights on n inputs: ⌊(n + 2 padding − m) / stride⌋ + 1.

    With stride 1 and without padding it is n − m + 1. Source: E4.

    Raises:
        InputError: for more weights than padded inputs, and for sizes that make no sense.

    >>> output_size(28, 5), output_size(28, 5, padding=2), output_size(227, 11, stride=4)
    (24, 28, 55)
    """
    if m < 1 or stride < 1 or padding < 0 or n + 2 * padding < m:
        raise InputError(
            f"a kernel of {m} with stride {stride} and padding {padding} has no place on {n} "
            "inputs: give a kernel and a stride of at least 1, a padding of at least 0, and "
            "no larger a kernel than the padded inputs"
        )
    return (n + 2 * padding - m) // stride + 1


def as_dense(kernel: Array | np.ndarray, inputs: int) -> Array:
    """The matrix W with which a dense layer y = W x does what a 1-D kernel does on n inputs.

    [m] -> [n − m + 1, n]. Row p holds the kernel from column p on and zeros elsewhere: an output is
    connected to m inputs only (sparse connections), and all outputs have the same m weights
    (parameter sharing). Source: E4.

    >>> as_dense(jnp.array([1.0, 2.0]), 4).tolist()
    [[1.0, 2.0, 0.0, 0.0], [0.0, 1.0, 2.0, 0.0], [0.0, 0.0, 1.0, 2.0]]
    """
    outputs = output_size(inputs, len(kernel))
    distance = jnp.arange(inputs) - jnp.arange(outputs)[:, None]
    inside = (distance >= 0) & (distance < len(kernel))
    return jnp.where(inside, jnp.asarray(kernel)[distance.clip(0, len(kernel) - 1)], 0)


def count_weights(n: int, m: int) -> Weights:
    """The parameters of three layers from n inputs to n − m + 1 outputs.

    With one shared kernel and bias m + 1; locally connected, with a kernel and bias for each
    output, (m + 1)(n − m + 1); dense (n + 1)(n − m + 1). Source: E4.

    >>> count_weights(28, 5)
    Weights(shared=6, local=144, dense=696)
    """
    outputs = output_size(n, m)
    return Weights(shared=m + 1, local=(m + 1) * outputs, dense=(n + 1) * outputs)
