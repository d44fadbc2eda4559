"""Transposition: inputs and targets move alike, by every number of keys that is allowed."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dl import augment
from dl.data.transposing import Transposition
from dl.data.with_targets import AugmentWithTargets
from dl.errors import InputError
from dl.train.state import TrainState
from dl.train.step import augmented
from dl.types import Ragged

STEP = jnp.int32(0)


def songs(count: int) -> np.ndarray:
    """Two frames [count, 2, 9] of keys that sound, another pattern in each."""
    return np.random.default_rng(0).integers(0, 2, (count, 2, 9)).astype(np.float32)


def moved(song: np.ndarray, keys: int) -> np.ndarray:
    """The song [T, K] moved up by `keys`, with silence from the edge."""
    silent = np.pad(song, ((0, 0), (9, 9)))
    return silent[:, 9 - keys : 18 - keys]


def test_every_number_of_keys_is_drawn_about_equally_often() -> None:
    keys, chords = jax.random.split(jax.random.key(0), 2000), np.zeros((2000, 1, 9), np.float32)
    chords[:, :, 4] = 1
    found = np.asarray(jax.jit(Transposition(2))(keys, chords, STEP)).argmax(axis=-1)[:, 0] - 4
    numbers, counts = np.unique(found, return_counts=True)
    assert numbers.tolist() == [-2, -1, 0, 1, 2]
    assert counts.min() > 330
    assert counts.max() < 470


def test_what_leaves_the_keyboard_is_silent_and_does_not_come_back() -> None:
    keys, before = jax.random.split(jax.random.key(1), 40), songs(40)
    after = np.asarray(Transposition(3)(keys, before, STEP))
    for old, new in zip(before, after, strict=True):
        assert any(np.array_equal(new, moved(old, keys)) for keys in range(-3, 4))


def test_the_train_step_gets_targets_that_moved_as_the_inputs_did() -> None:
    state = TrainState(jnp.int32(0), jax.random.key(0), {}, {}, ())
    both = songs(30)
    batch = {"inputs": both, "targets": both, "index": jnp.arange(30), "mask": jnp.ones((30, 2))}
    step = augmented(lambda state, batch: (state, batch), Transposition(3))  # type: ignore[arg-type]
    _, seen = jax.jit(step)(state, batch)
    np.testing.assert_array_equal(seen["inputs"], seen["targets"])
    assert (np.asarray(seen["inputs"]) != both).any()


def test_padded_sequences_keep_their_lengths() -> None:
    keys, padded = jax.random.split(jax.random.key(1), 4), Ragged(songs(4), np.array([1, 2, 2, 1]))
    after = Transposition(3)(keys, padded, STEP)
    np.testing.assert_array_equal(after.values, Transposition(3)(keys, padded.values, STEP))
    np.testing.assert_array_equal(after.lengths, padded.lengths)


def test_none_at_all_changes_nothing() -> None:
    keys = jax.random.split(jax.random.key(0), 5)
    np.testing.assert_array_equal(Transposition(0)(keys, songs(5), STEP), songs(5))


def test_it_is_refused_where_its_targets_would_be_forgotten() -> None:
    assert isinstance(Transposition(1), AugmentWithTargets)
    with pytest.raises(InputError, match="Transposition changes targets too, and works alone"):
        augment.chain(augment.flip(), Transposition(1))
    with pytest.raises(InputError, match="Transposition changes targets too, and works alone"):
        augment.until_step(Transposition(1), 3)
    with pytest.raises(InputError, match="most"):
        Transposition(-1)
