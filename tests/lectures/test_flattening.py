"""E6: what the head of a convolutional net keeps of the places in a picture."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dl import InputError, models
from dl.layers.blocks import vectors
from dl.models.permuted import permute


def test_E6_flattening_keeps_every_value_and_global_pooling_one_mean_a_map() -> None:
    maps = jnp.array([[[[1.0, 10.0], [2.0, 20.0]], [[3.0, 30.0], [6.0, 60.0]]]])
    assert vectors(maps, "flatten").tolist() == [[1, 10, 2, 20, 3, 30, 6, 60]]
    assert vectors(maps, "mean").tolist() == [[3, 30]]


def test_E6_lenet_s_last_maps_are_flattened_to_800() -> None:
    params, _ = jax.eval_shape(
        models.lenet().init, jax.random.key(0), jax.ShapeDtypeStruct((1, 28, 28, 1), jnp.float32)
    )
    assert params["hidden"]["kernel"].shape == (4 * 4 * 50, 500)


def test_E6_a_permutation_of_pixels_is_the_same_for_all_pictures_and_loses_none() -> None:
    places = np.arange(12.0).reshape(1, 3, 4, 1)
    order = np.asarray(permute(jnp.asarray(places), seed=7)).ravel().astype(int)
    assert sorted(order.tolist()) == list(range(12))
    assert order.tolist() != list(range(12))
    pictures = np.random.default_rng(0).normal(size=(5, 3, 4, 2)).astype(np.float32)
    expected = pictures.reshape(5, 12, 2)[:, order].reshape(5, 3, 4, 2)
    np.testing.assert_array_equal(permute(jnp.asarray(pictures), seed=7), expected)
    assert not np.array_equal(permute(jnp.asarray(places), seed=8).ravel(), order)


def test_E6_a_dense_net_can_undo_the_permutation_and_a_convolution_cannot() -> None:
    pictures = jnp.asarray(np.random.default_rng(0).normal(size=(4, 16, 16, 1)), jnp.float32)
    order = permute(jnp.arange(256.0).reshape(1, 16, 16, 1), seed=3).ravel().astype(int)
    plain = models.mlp(5, hidden_sizes=(6,))
    params, _ = plain.init(jax.random.key(0), pictures)
    kernel = params["hidden1"]["kernel"]
    moved = {**params, "hidden1": {**params["hidden1"], "kernel": kernel[order]}}
    np.testing.assert_allclose(
        models.permuted(plain, seed=3).apply(moved, {}, pictures)[0],
        plain.apply(params, {}, pictures)[0],
        atol=1e-5,
    )
    # A convolution and a mean of its maps do not care where a stroke lies, but must see its pixels
    # beside each other: a bright pair answers 2, two bright pixels apart answer 1.
    pair = jnp.zeros((1, 16, 16, 1)).at[0, 4, 4:6].set(1.0)

    def strongest(picture: jax.Array) -> float:
        return float((picture[:, :, 1:] + picture[:, :, :-1]).max())

    assert (strongest(pair), strongest(permute(pair, seed=3))) == (2.0, 1.0)


def test_E6_the_layers_of_a_permuted_net_see_permuted_pixels() -> None:
    model, pictures = models.mlp(3, hidden_sizes=(4,)), jnp.arange(16.0).reshape(1, 4, 4, 1)
    params, _ = model.init(jax.random.key(0), pictures)
    turned = models.permuted(model, seed=1)
    assert turned.activations
    assert model.activations
    seen = turned.activations(params, {}, pictures)
    alone = model.activations(params, {}, permute(pictures, seed=1))
    np.testing.assert_array_equal(seen["output"], alone["output"])


def test_E6_only_pictures_are_permuted() -> None:
    with pytest.raises(InputError, match=r"pixels are permuted in pictures \[B, H, W, C\]"):
        permute(jnp.ones((2, 784)), seed=1)
    with pytest.raises(InputError, match="seed is -1"):
        models.permuted(models.mlp(3), seed=-1)
