"""The examples that look most alike to a network: nearest neighbours in a layer's features."""

from collections.abc import Callable
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from dl.data.sources.batching import evaluation_batches
from dl.errors import InputError, did_you_mean
from dl.inspect.maps.layer_outputs import features
from dl.inspect.trained import Trained
from dl.types import Array, Source


class Neighbours(NamedTuple):
    """For every query the index and the distance of its nearest examples, nearest first: [Q, k]."""

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
    """The `count` examples with the nearest features at `layer`: [Q, ...] -> twice [Q, count].

    The distance is ‖q − e‖, or for `metric` "cosine" 1 − q·e / (‖q‖ ‖e‖), which is 1 if q or e is
    0. `examples` are a part of a data set or an `ArraySource`; at equal distances the earlier
    example comes first. They are read `batch_size` at a time, and only indices and distances stay
    in memory. Layers are named as in `feature_maps`. Source: Krizhevsky et al. 2012, section 6.1.

    Raises:
        InputError: for an unknown layer or metric, for more neighbours than examples, and for
            inputs of another shape.

    >>> import dl
    >>> from dl.data.sources.arrays import ArraySource
    >>> from dl.train.network import Network
    >>> params = {"output": {"kernel": jnp.array([[1.0], [0.0]]), "bias": jnp.zeros(1)}}
    >>> inputs = np.array([[5.0, 0.0], [1.0, 9.0], [2.0, 0.0]])
    >>> examples = ArraySource(inputs, np.zeros(3, np.int32))
    >>> network = Network(dl.models.softmax_regression(1), params)
    >>> nearest_neighbours(network, np.ones((1, 2)), examples, layer="output", count=2)
    Neighbours(index=array([[1, 2]]...), distance=array([[0., 1.]]...))
    """
    if metric not in _DISTANCES:
        raise InputError(f"unknown metric {metric!r}; {did_you_mean(metric, _DISTANCES)}")
    if not 1 <= count <= len(examples):
        raise InputError(
            f"{count} neighbours asked for among {len(examples)} examples: "
            f"ask for 1 to {len(examples)}"
        )
    wanted = jnp.asarray(features(trained, queries, layer=layer, batch_size=batch_size))
    best = Neighbours(np.zeros((len(wanted), 0), np.int32), np.zeros((len(wanted), 0), np.float32))
    blocks = evaluation_batches(len(examples), min(batch_size, len(examples)))
    for index, mask in zip(blocks.index, blocks.mask, strict=True):
        inputs = examples.gather(index)["inputs"]
        vectors = jnp.asarray(features(trained, inputs, layer=layer, batch_size=batch_size))
        distance = np.where(mask, _DISTANCES[metric](wanted, vectors), np.inf)
        best = _nearest(best, Neighbours(np.broadcast_to(index, distance.shape), distance), count)
    return best


def _nearest(best: Neighbours, more: Neighbours, count: int) -> Neighbours:
    """The `count` nearest of both; at equal distances those of `best` come first."""
    index, distance = (np.concatenate(pair, axis=1) for pair in zip(best, more, strict=True))
    order = np.argsort(distance, axis=1, kind="stable")[:, :count]
    return Neighbours(
        np.take_along_axis(index, order, axis=1), np.take_along_axis(distance, order, axis=1)
    )


@jax.jit
def _euclidean(queries: Array, examples: Array) -> Array:
    """‖q − e‖: [Q, F] and [B, F] -> [Q, B].

    Differences are squared, because ‖q‖² − 2 q·e + ‖e‖² loses its digits between neighbours.
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
