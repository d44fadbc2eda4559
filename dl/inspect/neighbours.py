"""The training examples that a network sees as most alike: nearest neighbours among a layer's
features.
"""

from collections.abc import Callable
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from dl.data.sources.batching import evaluation_batches
from dl.errors import InputError, did_you_mean
from dl.inspect.layer_outputs import features
from dl.inspect.trained import Trained
from dl.types import Array, Source


class Neighbours(NamedTuple):
    """For every query the nearest examples, nearest first: their index in the source and their
    distance, [Q, k].
    """

    index: np.ndarray
    distance: np.ndarray


def nearest_neighbours(
    trained: Trained,
    queries: Array | np.ndarray,
    examples: Source,
    *,
    layer: str,
    count: int = 5,
    metric: Literal["euclidean", "cosine"] = "euclidean",
    batch_size: int = 256,
) -> Neighbours:
    """The `count` examples whose features at `layer` are nearest to each query's: [Q, ...] -> [Q,
    count], twice.

    Distances are ‖q − e‖, or 1 − q·e / (‖q‖ ‖e‖) for `metric` "cosine" (1 if one of them is 0).
    Equal distances keep the order of the examples, a training part of a data set or an
    `ArraySource`. They are read `batch_size` at a time, and only their indices and distances are
    kept. Layers are named as in `feature_maps`. Source: Krizhevsky et al. 2012, section 6.1.

    Raises:
        InputError: for an unknown layer or metric, more neighbours than examples, inputs of another
            shape.

    >>> import dl
    >>> from dl.data.sources.arrays import ArraySource
    >>> from dl.inspect.trained import Network
    >>> params = {"output": {"kernel": jnp.array([[1.0], [0.0]]), "bias": jnp.zeros(1)}}
    >>> examples = ArraySource(np.array([[5.0, 0.0], [1.0, 9.0], [2.0, 0.0]]), np.zeros(3, np.int32))
    >>> network = Network(dl.models.softmax_regression(1), params)
    >>> nearest_neighbours(network, np.ones((1, 2)), examples, layer="output", count=2)
    Neighbours(index=array([[1, 2]]...), distance=array([[0., 1.]]...))
    """
    if metric not in _DISTANCES:
        raise InputError(f"unknown metric {metric!r}; {did_you_mean(metric, _DISTANCES)}")
    if not 1 <= count <= len(examples):
        raise InputError(
            f"{count} neighbours asked for among {len(examples)} examples: ask for 1 to {len(examples)}"
        )
    wanted = jnp.asarray(features(trained, queries, layer=layer, batch_size=batch_size))
    best = Neighbours(np.zeros((len(wanted), 0), np.int32), np.zeros((len(wanted), 0), np.float32))
    blocks = evaluation_batches(len(examples), min(batch_size, len(examples)))
    for index, mask in zip(blocks.index, blocks.mask, strict=True):
        inputs = examples.gather(index)["inputs"]
        found = features(trained, inputs, layer=layer, batch_size=batch_size)
        distance = np.where(mask, _DISTANCES[metric](wanted, jnp.asarray(found)), np.inf)
        best = _nearest(best, Neighbours(np.broadcast_to(index, distance.shape), distance), count)
    return best


def _nearest(best: Neighbours, more: Neighbours, count: int) -> Neighbours:
    """The `count` nearest of both, those of `best` first among equals."""
    index, distance = (np.concatenate(pair, axis=1) for pair in zip(best, more, strict=True))
    order = np.argsort(distance, axis=1, kind="stable")[:, :count]
    return Neighbours(
        np.take_along_axis(index, order, axis=1), np.take_along_axis(distance, order, axis=1)
    )


@jax.jit
def _euclidean(queries: Array, examples: Array) -> Array:
    """‖q − e‖, [Q, F] and [B, F] -> [Q, B]; by differences, because ‖q‖² − 2 q·e + ‖e‖² cancels
    between neighbours.
    """
    return jax.lax.map(lambda query: jnp.sqrt(((query - examples) ** 2).sum(-1)), queries)


@jax.jit
def _cosine(queries: Array, examples: Array) -> Array:
    """1 − q·e / (‖q‖ ‖e‖), [Q, F] and [B, F] -> [Q, B]."""
    products = jnp.matmul(_directions(queries), _directions(examples).T, precision="highest")
    return jnp.maximum(1 - products, 0)


def _directions(vectors: Array) -> Array:
    lengths = jnp.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / jnp.where(lengths == 0, 1, lengths)


_DISTANCES: dict[str, Callable[[Array, Array], Array]] = {
    "euclidean": _euclidean,
    "cosine": _cosine,
}
