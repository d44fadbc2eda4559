"""Augmentation of pictures with texts: the pictures change, what is written of them does not."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dl import augment
from dl.errors import InputError
from dl.types import Pair

STEP = jnp.int32(0)


def test_the_pictures_change_as_they_do_alone_and_the_symbols_stay() -> None:
    keys = jax.random.split(jax.random.key(3), 5)
    pictures = np.random.default_rng(0).random((5, 12, 12, 1), np.float32)
    symbols = np.arange(10).reshape(5, 2)
    turn = augment.affine(degrees=20.0, shift=2.0)
    source, previous = augment.on_source(turn)(keys, Pair(pictures, symbols), STEP)
    np.testing.assert_array_equal(source, turn(keys, pictures, STEP))
    np.testing.assert_array_equal(previous, symbols)
    assert (np.asarray(source) != pictures).any()


def test_inputs_without_a_source_are_refused() -> None:
    keys = jax.random.split(jax.random.key(0), 1)
    says = r"not an array of shape \(1, 4, 4, 1\): use the augmentation itself"
    with pytest.raises(InputError, match=says):
        augment.on_source(augment.flip())(keys, jnp.ones((1, 4, 4, 1)), STEP)
