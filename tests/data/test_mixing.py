"""Mixup: neighbours are mixed, and so are their classes, by shares of a Beta distribution."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import beta

from dl.data.augment import chain, flip, mixup, until_step
from dl.data.mixing import Mixing
from dl.errors import InputError
from dl.train.state import TrainState
from dl.train.step import augmented

STEP = jnp.zeros((), jnp.int32)


def rows(count: int) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Keys, pictures and class numbers of so many examples."""
    rng = np.random.default_rng(0)
    pictures = jnp.asarray(rng.normal(size=(count, 4, 5, 2)), jnp.float32)
    keys = jax.random.split(jax.random.key(0), count)
    return keys, pictures, jnp.asarray(np.arange(count) % 7, jnp.int32)


def swapped(array: jax.Array) -> np.ndarray:
    """The rows in the order 1, 0, 3, 2, ...; a last one alone stays."""
    order = np.arange(len(array)) ^ 1
    return np.asarray(array)[np.where(order < len(array), order, len(array) - 1)]


@pytest.mark.parametrize("count", [8, 5])
def test_pictures_and_classes_are_mixed_by_the_same_shares(count: int) -> None:
    keys, pictures, classes = rows(count)
    mix = mixup(0.7, classes=7)
    soft = np.asarray(jax.jit(mix.targets)(keys, classes, STEP))
    np.testing.assert_allclose(soft.sum(axis=1), 1.0, rtol=1e-6)
    share = soft[np.arange(count), classes]
    assert (share >= 0.5).all()
    one_hot = np.eye(7, dtype=np.float32)[np.asarray(classes)]
    weights = share[:, None]
    np.testing.assert_allclose(soft, weights * one_hot + (1 - weights) * swapped(one_hot))
    weights = weights[..., None, None]
    expected = weights * np.asarray(pictures) + (1 - weights) * swapped(pictures)
    got = jax.jit(mix)(keys, pictures, STEP)
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)
    if count % 2:
        np.testing.assert_allclose(got[-1], pictures[-1], rtol=1e-6)


def test_strength_zero_changes_nothing() -> None:
    keys, pictures, classes = rows(6)
    mix = mixup(0.0, classes=7)
    np.testing.assert_array_equal(mix(keys, pictures, STEP), pictures)
    np.testing.assert_array_equal(mix.targets(keys, classes, STEP), np.eye(7)[:6])


@pytest.mark.parametrize("alpha", [0.2, 1.0])
def test_shares_are_those_of_a_beta_distribution(alpha: float) -> None:
    """The larger part of a pair of shares: P(λ <= x) = F(x) − F(1 − x)."""
    share = jax.jit(mixup(alpha, classes=2).share)
    shares = share(jax.random.split(jax.random.key(1), 4000), STEP)
    for at in (0.6, 0.8, 0.95):
        expected = beta.cdf(at, alpha, alpha) - beta.cdf(1 - at, alpha, alpha)
        assert np.mean(np.asarray(shares) <= at) == pytest.approx(expected, abs=0.03)


def test_the_same_on_every_number_of_devices() -> None:
    mix = mixup(0.7, classes=7)

    def both(keys: jax.Array, pictures: jax.Array, classes: jax.Array) -> tuple:
        return mix(keys, pictures, STEP), mix.targets(keys, classes, STEP)

    whole = jax.jit(both)(*rows(8))
    parts = jax.pmap(both)(*(leaf.reshape(4, 2, *leaf.shape[1:]) for leaf in rows(8)))
    for left, right in zip(parts, whole, strict=True):
        np.testing.assert_allclose(left.reshape(right.shape), right, rtol=1e-6, atol=1e-6)


def test_in_a_chain_it_mixes_the_changed_pictures_until_a_step() -> None:
    keys, pictures, classes = rows(6)
    changes = until_step(chain(flip(), mixup(0.7, classes=7)), 3)
    assert isinstance(changes, Mixing)
    change, targets = jax.jit(changes), jax.jit(changes.targets)
    soft = np.asarray(targets(keys, classes, jnp.int32(2)))
    weights = soft[np.arange(6), classes][:, None, None, None]
    flipped = jax.jit(chain(flip()))(keys, pictures, STEP)
    expected = weights * np.asarray(flipped) + (1 - weights) * swapped(flipped)
    np.testing.assert_allclose(change(keys, pictures, jnp.int32(2)), expected, atol=1e-6)
    assert (weights < 0.99).any()
    np.testing.assert_array_equal(change(keys, pictures, jnp.int32(3)), pictures)
    np.testing.assert_array_equal(targets(keys, classes, jnp.int32(3)), np.eye(7)[:6])


def test_the_train_step_gets_probabilities() -> None:
    _, pictures, classes = rows(4)
    state = TrainState(jnp.int32(0), jax.random.key(0), {}, {}, ())
    batch = {"inputs": pictures, "targets": classes, "index": jnp.arange(4), "mask": jnp.ones(4)}
    step = augmented(lambda state, batch: (state, batch), mixup(1.0, classes=7))  # type: ignore[arg-type]
    _, seen = jax.jit(step)(state, batch)
    share = seen["targets"][0, 0]
    mixed = share * pictures[0] + (1 - share) * pictures[1]
    np.testing.assert_allclose(seen["inputs"][0], mixed, atol=1e-6)
    assert set(seen) == set(batch)


def test_what_cannot_be_mixed_is_refused() -> None:
    keys, *_ = rows(2)
    with pytest.raises(InputError, match=r"needs class numbers.*not float32\[2, 1\]"):
        mixup(1.0, classes=2).targets(keys, jnp.ones((2, 1)), STEP)
    with pytest.raises(InputError, match="2 of the augmentations mix pictures: leave one"):
        chain(mixup(1.0, classes=2), mixup(1.0, classes=2))
    with pytest.raises(InputError, match="alpha is -1"):
        mixup(-1.0, classes=2)
