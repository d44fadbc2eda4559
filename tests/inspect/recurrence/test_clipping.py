"""Clipping: what it promises of a gradient's length and direction, and what is counted."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dl.errors import InputError
from dl.inspect.recurrence.clipping import clipping_effect

LENGTHS = st.lists(st.floats(0.0625, 1000, width=32), min_size=1, max_size=4)


@settings(max_examples=30, deadline=None, derandomize=True, database=None)
@given(lengths=LENGTHS, threshold=st.floats(0.125, 100, width=32), seed=st.integers(0, 2**31 - 1))
def test_by_norm_the_length_is_cut_and_the_direction_kept(
    lengths: list[float], threshold: float, seed: int
) -> None:
    direction = np.random.default_rng(seed).normal(size=6)
    direction = (direction / np.linalg.norm(direction)).astype(np.float32)
    stream = (
        {"w": direction[:4].reshape(2, 2) * length, "b": direction[4:] * length}
        for length in lengths
    )
    effect = clipping_effect(stream, optax.clip_by_global_norm(threshold))
    np.testing.assert_allclose(effect.before, lengths, rtol=1e-5)
    np.testing.assert_allclose(effect.after, np.minimum(lengths, threshold), rtol=1e-5)
    np.testing.assert_allclose(effect.cosine, 1, rtol=1e-5)
    clear = [length for length in lengths if abs(length / threshold - 1) > 1e-4]
    if len(clear) == len(lengths):
        assert effect.share == pytest.approx(np.mean(np.array(lengths) > threshold))


def test_by_element_the_direction_turns() -> None:
    effect = clipping_effect([jnp.array([0.5, 10.0]), jnp.array([0.5, -0.25])], optax.clip(0.5))
    np.testing.assert_allclose(
        effect.cosine, [(0.25 + 5.0) / (np.hypot(0.5, 10) * np.hypot(0.5, 0.5)), 1], rtol=1e-5
    )
    assert effect.share == 0.5


def test_a_gradient_of_zero_has_no_direction_and_is_not_clipped() -> None:
    effect = clipping_effect([jnp.zeros(2), jnp.array([3.0, 4.0])], optax.clip_by_global_norm(1.0))
    assert effect.share == 0.5
    assert np.isnan(effect.cosine).tolist() == [True, False]
    np.testing.assert_allclose(effect.after, [0, 1], rtol=1e-6)


def test_of_an_overflowed_norm_it_tells_that_nothing_is_left() -> None:
    effect = clipping_effect([jnp.array([3e25, 4e25])], optax.clip_by_global_norm(1.0))
    np.testing.assert_allclose(effect.before, 5e25, rtol=1e-6)
    assert effect.share == 1
    assert effect.after.tolist() == [0]
    assert np.isnan(effect.cosine).all()


def test_no_gradient_is_refused() -> None:
    with pytest.raises(InputError, match="no gradient to clip: give at least one"):
        clipping_effect([], optax.clip_by_global_norm(1.0))
