"""Blocks of convolutional models against NumPy."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

from dl.errors import InputError
from dl.layers import max_pool
from dl.layers.blocks import (
    ConvBlock,
    batch_norm,
    global_avg_pool,
    local_response_norm,
    scaled,
    vectors,
)

MAPS = np.random.default_rng(0).normal(1.0, 2.0, size=(4, 3, 5, 6)).astype(np.float32)


def test_batch_norm_in_training_has_the_mean_and_variance_of_batch_and_places() -> None:
    norm = batch_norm(momentum=0.8, epsilon=0.1)
    variables = norm(train=False, name="norm").init(jax.random.key(0), MAPS)
    outputs: Any
    after: Any
    outputs, after = norm(train=True, name="norm").apply(variables, MAPS, mutable=["batch_stats"])
    mean, variance = MAPS.mean((0, 1, 2)), MAPS.var((0, 1, 2))
    np.testing.assert_allclose(
        outputs, (MAPS - mean) / np.sqrt(variance + 0.1), rtol=1e-4, atol=1e-5
    )
    np.testing.assert_allclose(after["batch_stats"]["mean"], 0.2 * mean, rtol=1e-4)
    np.testing.assert_allclose(after["batch_stats"]["var"], 0.8 + 0.2 * variance, rtol=1e-4)


def test_batch_norm_in_evaluation_uses_what_ran_along() -> None:
    variables = {
        "params": {"scale": np.full(6, 2.0, np.float32), "bias": np.full(6, 3.0, np.float32)},
        "batch_stats": {"mean": np.full(6, 0.5, np.float32), "var": np.full(6, 4.0, np.float32)},
    }
    outputs = batch_norm(epsilon=0.0)(train=False, name="norm").apply(variables, MAPS)
    np.testing.assert_allclose(np.asarray(outputs), 2 * (MAPS - 0.5) / 2 + 3, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("size", [3, 4, 5])
def test_local_response_norm_sums_over_the_channels_around(size: int) -> None:
    sums = np.zeros_like(MAPS)
    for c in range(6):
        first = max(0, c - size // 2)
        sums[..., c] = (MAPS[..., first : c + (size - 1) // 2 + 1] ** 2).sum(-1)
    expected = MAPS / (1.5 + 0.3 * sums) ** 0.6
    got = local_response_norm(jnp.asarray(MAPS), size=size, k=1.5, alpha=0.3, beta=0.6)
    np.testing.assert_allclose(got, expected, rtol=1e-4)


@pytest.mark.parametrize(
    "options", [{}, {"norm": batch_norm()}, {"norm": batch_norm(), "use_bias": True}]
)
def test_a_block_has_a_bias_where_no_norm_takes_it_away(options: dict[str, Any]) -> None:
    shapes = jax.eval_shape(ConvBlock(8, 3, **options).init, jax.random.key(0), jnp.asarray(MAPS))
    assert ("bias" in shapes["params"]["conv"]) == (
        options.get("use_bias") or "norm" not in options
    )


@pytest.mark.parametrize(
    ("strides", "padding", "shape"), [(1, None, (3, 5)), (2, None, (2, 3)), (1, 0, (1, 3))]
)
def test_a_block_keeps_the_sides_unless_told_otherwise(
    strides: int, padding: Any, shape: tuple[int, int]
) -> None:
    block = ConvBlock(8, 3, strides, padding)
    assert block.init_with_output(jax.random.key(0), jnp.asarray(MAPS))[0].shape == (4, *shape, 8)


def test_an_activation_comes_last_or_not_at_all() -> None:
    block, plain = ConvBlock(8, 3, act=jnp.abs), ConvBlock(8, 3, act=None)
    variables = block.init(jax.random.key(0), jnp.asarray(MAPS))
    outputs = np.asarray(plain.apply(variables, MAPS))
    assert outputs.min() < 0
    np.testing.assert_allclose(np.asarray(block.apply(variables, MAPS)), np.abs(outputs), rtol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("act", [nn.relu, nn.tanh, nn.gelu, nn.silu, None])
@pytest.mark.parametrize("options", [{}, {"norm": batch_norm()}, {"strides": 2}, {"groups": 2}])
def test_a_pooled_block_takes_the_maximum_after_the_activation_however_it_is_computed(
    act: Any, options: dict[str, Any]
) -> None:
    pictures = jnp.asarray(np.random.default_rng(1).normal(size=(4, 12, 12, 6)), jnp.float32)
    block = ConvBlock(8, 3, act=act, pool=(3, 2), **options)
    variables = block.init(jax.random.key(0), pictures)
    expected = max_pool(
        ConvBlock(8, 3, act=act, **options).apply(variables, pictures), 3, strides=2
    )
    for implementation in ("auto", "native"):
        own = block.clone(implementation=implementation)
        np.testing.assert_allclose(
            np.asarray(own.apply(variables, pictures)), expected, rtol=1e-4, atol=1e-5
        )
        jax.tree.map(
            np.testing.assert_array_equal, own.init(jax.random.key(0), pictures), variables
        )


def test_E6_flat_maps_and_means_of_maps() -> None:
    maps = jnp.asarray(MAPS)
    np.testing.assert_array_equal(vectors(maps, "flatten"), MAPS.reshape(4, -1))
    np.testing.assert_allclose(vectors(maps, "mean"), MAPS.mean((1, 2)), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(vectors(maps, "mean"), global_avg_pool(maps))
    with pytest.raises(InputError, match="unknown head 'mena': did you mean mean"):
        vectors(maps, "mena")


def test_a_width_scales_every_size_and_leaves_at_least_one_channel() -> None:
    assert scaled({"stages": ((64, 96), (3,)), "heads": None}, 0.1) == {
        "stages": ((6, 10), (1,)),
        "heads": None,
    }
    assert scaled((64, 96), 1.0) == (64, 96)
    with pytest.raises(InputError, match="not nan"):
        scaled((1,), float("nan"))
