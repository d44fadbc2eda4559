"""The filters of a trained network, as arrays and as a picture grid (E12)."""

import math

import jax
import jax.numpy as jnp
import numpy as np

from dl.errors import InputError
from dl.inspect.trained import Trained
from dl.train.names import by_path
from dl.types import Array

_TILE = 60
"""The largest side of a tile, in pixels, unless the kernel is larger; kernels are enlarged by whole
numbers.
"""
_BORDER = 2
_GROUND = (0, 40, 110)
"""A blue, which cannot be mistaken for a grey tile."""


def filters(trained: Trained) -> dict[str, Array]:
    """The kernels of all convolutions by the name of their layer: [h, w, C, F] each.

    They are in the order of the calls when `trained.spec` tells the shape of the inputs, otherwise
    in the order of the parameters.

    >>> import dl
    >>> from dl.train.network import Network
    >>> kernels = {"conv1": np.ones((5, 5, 1, 20)), "output": np.ones((800, 10))}
    >>> params = {name: {"kernel": kernel} for name, kernel in kernels.items()}
    >>> [(name, k.shape) for name, k in filters(Network(dl.models.lenet(10), params)).items()]
    [('conv1', (5, 5, 1, 20))]
    """
    leaves, ends = by_path(trained.params), "/kernel"
    kernels = {
        name.removesuffix(ends): leaf
        for name, leaf in leaves.items()
        if name.endswith(ends) and leaf.ndim == 4
    }
    if trained.spec is None:
        return kernels
    rows = trained.model.layers(jax.ShapeDtypeStruct((1, *trained.spec.input_shape), jnp.float32))
    return {row.name: kernels[row.name] for row in rows if row.name in kernels}


def dense_filters(trained: Trained) -> dict[str, Array]:
    """The weights of each dense layer that sees the whole picture, as pictures: [H, W, C, F].

    Such layers are the first of a perceptron, an auto-encoder or a Boltzmann machine.

    Raises:
        InputError: when `trained.spec` does not tell that inputs are pictures.

    >>> import dl
    >>> from dl.train.network import Network
    >>> params = {"hidden1": {"kernel": np.ones((784, 5))}, "output": {"kernel": np.ones((5, 10))}}
    >>> network = Network(dl.models.mlp(10), params, spec=dl.load_data("digits").spec)
    >>> [(name, kernel.shape) for name, kernel in dense_filters(network).items()]
    [('hidden1', (28, 28, 1, 5))]
    """
    if trained.spec is None or len(trained.spec.input_shape) != 3:
        raise InputError("weights are shown as pictures where inputs are pictures, [H, W, C]")
    shape, ends = trained.spec.input_shape, "/kernel"
    return {
        name.removesuffix(ends): leaf.reshape(*shape, -1)
        for name, leaf in by_path(trained.params).items()
        if name.endswith(ends) and leaf.ndim == 2 and leaf.shape[0] == math.prod(shape)
    }


def filter_grid(kernel: Array | np.ndarray) -> np.ndarray:
    """Kernels [h, w, C, F] as one picture uint8 [H, W, 3]: a grid with a tile for every filter.

    v = 127.5 (1 + k / max |k|) for every filter: middle grey is 0, white or black is the weight of
    the largest size. Kernels of three channels are shown in colour, those of one channel in grey.
    With any other number of channels C, every filter is a row of C grey tiles.

    >>> filter_grid(np.ones((5, 5, 3, 6))).shape
    (126, 188, 3)
    """
    if kernel.ndim != 4:
        raise InputError(f"kernels of a convolution are [h, w, C, F], not of shape {kernel.shape}")
    height, width, channels, count = kernel.shape
    weights = np.asarray(kernel, np.float64)
    largest = np.abs(weights).max((0, 1, 2), keepdims=True)
    values = np.rint(127.5 * (1 + weights / np.where(largest == 0, 1, largest))).astype(np.uint8)
    tiles = values.transpose(3, 0, 1, 2)
    if channels != 3:
        tiles = values.transpose(3, 2, 0, 1).reshape(-1, height, width, 1).repeat(3, axis=-1)
    scale = max(1, _TILE // max(height, width))
    tiles = tiles.repeat(scale, axis=1).repeat(scale, axis=2)
    return _arrange(tiles, columns=_columns(count) if channels in (1, 3) else channels)


def _arrange(tiles: np.ndarray, *, columns: int) -> np.ndarray:
    """Tiles [N, h, w, 3] in rows of `columns` tiles, with a border around each."""
    count, height, width, _ = tiles.shape
    high, wide = height + _BORDER, width + _BORDER
    rows = -(-count // columns)
    grid = np.tile(
        np.array(_GROUND, np.uint8), (_BORDER + rows * high, _BORDER + columns * wide, 1)
    )
    for number, tile in enumerate(tiles):
        top, left = _BORDER + number // columns * high, _BORDER + number % columns * wide
        grid[top : top + height, left : left + width] = tile
    return grid


def _columns(count: int) -> int:
    """The fewest columns, from a square grid to twice as wide, that fill every row; else square."""
    square = math.ceil(math.sqrt(count))
    return next((columns for columns in range(square, 2 * square) if count % columns == 0), square)
