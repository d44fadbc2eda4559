"""Nearest neighbours against scikit-learn's, in blocks of any size."""

import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from dl import models
from dl.data.sources.arrays import ArraySource
from dl.errors import InputError
from dl.inspect.codes.neighbours import nearest_neighbours
from dl.train.network import Network

RNG = np.random.default_rng(0)
WEIGHTS = RNG.normal(size=(6, 4)).astype(np.float32)
EXAMPLES, QUERIES = (
    RNG.normal(size=(23, 6)).astype(np.float32),
    RNG.normal(size=(5, 6)).astype(np.float32),
)
NETWORK = Network(
    models.softmax_regression(4), {"output": {"kernel": jnp.asarray(WEIGHTS), "bias": jnp.zeros(4)}}
)


def source(inputs: np.ndarray) -> ArraySource:
    return ArraySource(inputs, np.zeros(len(inputs), np.int32))


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("batch_size", [1, 7, 23, 100])
def test_they_are_scikit_learn_s(metric, batch_size: int) -> None:
    found = nearest_neighbours(
        NETWORK,
        QUERIES,
        source(EXAMPLES),
        layer="output",
        count=6,
        metric=metric,
        batch_size=batch_size,
    )
    reference = NearestNeighbors(n_neighbors=6, metric=metric, algorithm="brute").fit(
        EXAMPLES @ WEIGHTS
    )
    distance, index = reference.kneighbors(QUERIES @ WEIGHTS)
    np.testing.assert_array_equal(found.index, index)
    np.testing.assert_allclose(found.distance, distance, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_an_example_is_its_own_nearest_neighbour_and_equals_keep_their_order(metric) -> None:
    examples = source(np.concatenate([EXAMPLES, EXAMPLES]))
    found = nearest_neighbours(
        NETWORK, EXAMPLES, examples, layer="output", count=2, metric=metric, batch_size=5
    )
    np.testing.assert_array_equal(found.index, np.arange(23)[:, None] + [0, 23])
    np.testing.assert_allclose(found.distance, 0, atol=1e-6)


def test_cosine_sees_directions_alone_and_none_in_zero() -> None:
    inputs = np.stack([3 * QUERIES[0], np.zeros(6, np.float32), -QUERIES[0]])
    found = nearest_neighbours(
        NETWORK, QUERIES[:1], source(inputs), layer="output", count=3, metric="cosine"
    )
    assert found.index.tolist() == [[0, 1, 2]]
    np.testing.assert_allclose(found.distance, [[0, 1, 2]], atol=1e-6)


def test_a_large_offset_does_not_drown_small_distances() -> None:
    network = Network(
        NETWORK.model, {"output": {"kernel": jnp.eye(4), "bias": jnp.full(4, 1000.0)}}
    )
    examples = source(np.array([[0, 0, 0, 2], [0, 0, 0, 1]], np.float32))
    found = nearest_neighbours(network, np.zeros((1, 4)), examples, layer="output", count=2)
    assert (found.index.tolist(), found.distance.tolist()) == ([[1, 0]], [[1.0, 2.0]])


def test_only_a_block_of_the_examples_is_asked_for_at_a_time() -> None:
    asked = []

    class Recording(ArraySource):
        def gather(self, index: np.ndarray) -> dict[str, np.ndarray]:
            asked.append(len(index))
            return super().gather(index)

    examples = Recording(EXAMPLES, np.zeros(23, np.int32))
    nearest_neighbours(NETWORK, QUERIES, examples, layer="output", batch_size=8)
    assert asked == [8, 8, 8]


def test_wrong_input_is_refused_in_one_line() -> None:
    with pytest.raises(InputError, match="unknown metric 'cosin'; did you mean cosine"):
        nearest_neighbours(NETWORK, QUERIES, source(EXAMPLES), layer="output", metric="cosin")
    with pytest.raises(InputError, match="24 neighbours asked for among 23 examples"):
        nearest_neighbours(NETWORK, QUERIES, source(EXAMPLES), layer="output", count=24)
    with pytest.raises(InputError, match="no layer 'hidden'; known: output"):
        nearest_neighbours(NETWORK, QUERIES, source(EXAMPLES), layer="hidden")
