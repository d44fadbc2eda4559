"""Occlusion sensitivity against covering one patch after another by hand."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dl import models
from dl.errors import InputError
from dl.inspect.maps.occlusion import occlusion
from dl.inspect.maps.scores import class_scores
from dl.train.network import Network
from dl.types import Model

MODEL = models.lenet(3, features=(2, 3), hidden_size=4)


@pytest.fixture(scope="module")
def network() -> Network:
    return Network(MODEL, *jax.jit(MODEL.init)(jax.random.key(0), jnp.zeros((1, 16, 18, 2))))


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(2, 16, 18, 2)).astype(np.float32)


def by_hand(
    network: Network, picture: np.ndarray, chosen: int, *, patch: int, stride: int, fill: float
) -> np.ndarray:
    """The scores of copies of one picture, each with one patch overwritten."""
    tops, lefts = (range(0, side - patch + 1, stride) for side in picture.shape[:2])
    copies = []
    for top in tops:
        for left in lefts:
            copies.append(picture.copy())
            copies[-1][top : top + patch, left : left + patch] = fill
    return class_scores(network, np.stack(copies), classes=chosen)[1].reshape(len(tops), len(lefts))


@pytest.mark.slow
@pytest.mark.parametrize(("patch", "stride", "fill"), [(4, 4, 0.0), (5, 3, -2.5), (16, 1, 1.0)])
def test_each_place_is_the_score_of_a_copy_with_that_patch_covered(
    patch: int, stride: int, fill: float, network: Network, pictures: np.ndarray
) -> None:
    classes = np.array([2, 0])
    got = occlusion(
        network, pictures, patch=patch, stride=stride, fill=fill, classes=classes, batch_size=7
    )
    assert got.shape == (2, (16 - patch) // stride + 1, (18 - patch) // stride + 1)
    for number in range(2):
        expected = by_hand(
            network, pictures[number], classes[number], patch=patch, stride=stride, fill=fill
        )
        np.testing.assert_allclose(got[number], expected, rtol=1e-4, atol=1e-5)


def test_without_a_class_it_explains_the_winner(network: Network, pictures: np.ndarray) -> None:
    classes, _ = class_scores(network, pictures)
    explained = occlusion(network, pictures, patch=8, stride=8)
    np.testing.assert_array_equal(
        explained, occlusion(network, pictures, patch=8, stride=8, classes=classes)
    )


def test_covering_what_is_covered_already_changes_no_score(network: Network) -> None:
    blank = np.full((1, 16, 18, 2), 0.7, np.float32)
    _, score = class_scores(network, blank, classes=1)
    np.testing.assert_allclose(
        occlusion(network, blank, classes=1, fill=0.7), score[0], rtol=1e-4, atol=1e-5
    )


def test_one_compilation_serves_all_blocks_and_calls() -> None:
    traced = []

    def apply(params: Any, state: Any, inputs: Any, **_: Any) -> Any:
        traced.append(inputs.shape[0])
        return inputs.sum((1, 2)), state, ()

    network = Network(Model("sum", lambda key, inputs: ({}, {}), apply, lambda inputs: []), {})
    for _ in range(2):
        occlusion(network, np.ones((3, 6, 6, 1)), patch=2, stride=1, batch_size=10)
    assert traced == [3, 10], (
        "once for the scores of the 3 pictures, once for all blocks of 10 covered ones"
    )


def test_wrong_input_is_refused_in_one_line(network: Network, pictures: np.ndarray) -> None:
    for patch, stride in ((17, 1), (0, 1), (4, 0)):
        with pytest.raises(
            InputError, match=f"a patch of {patch} by steps of {stride} does not fit"
        ):
            occlusion(network, pictures, patch=patch, stride=stride)
    with pytest.raises(InputError, match=r"pictures are \[B, H, W, C\]"):
        occlusion(network, pictures[0])
