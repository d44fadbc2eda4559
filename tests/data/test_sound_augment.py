"""Augmentation of sound: keyed by example, padding stays silent, masks hide what they say."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dl.data import sound_augment
from dl.data.augment import chain
from dl.errors import InputError
from dl.types import Ragged

STEP = jnp.zeros((), jnp.int32)
LENGTHS = jnp.array([400, 1000, 700])
KEYS = jax.random.split(jax.random.key(3), 3)
_NOISE = np.random.default_rng(0).normal(scale=0.1, size=(3, 1000)).astype(np.float32)
SOUNDS = Ragged(jnp.where(jnp.arange(1000) < LENGTHS[:, None], jnp.asarray(_NOISE), 0.0), LENGTHS)
ALL = {
    "speed": sound_augment.change_speed(0.8, 1.25),
    "noise": sound_augment.add_noise(5.0, 20.0),
    "colour": sound_augment.change_colour(9.0),
    "times": sound_augment.mask_times(2, 120),
    "frequencies": sound_augment.mask_frequencies(2, 900.0, sample_rate=8000),
}


@pytest.mark.parametrize("name", ALL)
def test_a_waveform_changes_by_its_own_key_and_padding_stays_silent(name: str) -> None:
    augment = jax.jit(ALL[name])
    changed = augment(KEYS, SOUNDS, STEP)
    assert not jnp.allclose(changed.values, SOUNDS.values)
    for row, length in zip(changed.values, changed.lengths, strict=True):
        assert not row[int(length) :].any()
    order = jnp.array([2, 0, 1])
    turned = augment(KEYS[order], Ragged(SOUNDS.values[order], LENGTHS[order]), STEP)
    np.testing.assert_allclose(turned.values, changed.values[order], atol=1e-6)
    np.testing.assert_array_equal(turned.lengths, changed.lengths[order])
    if name != "speed":
        np.testing.assert_array_equal(changed.lengths, LENGTHS)


def test_speed_keeps_a_tone_and_moves_its_pitch() -> None:
    steps = np.arange(800)
    tone = jnp.asarray(np.sin(0.1 * steps), jnp.float32)
    sound = Ragged(jnp.pad(tone, (0, 400))[None], jnp.array([800]))
    faster = sound_augment.change_speed(1.25, 1.25)(KEYS[:1], sound, STEP)
    assert faster.lengths.tolist() == [640]
    np.testing.assert_allclose(faster.values[0, :640], np.sin(0.125 * steps[:640]), atol=5e-3)


def test_a_waveform_is_not_slowed_beyond_the_width_of_its_batch() -> None:
    slow = sound_augment.change_speed(0.5, 0.5)(KEYS, SOUNDS, STEP)
    assert slow.lengths.tolist() == [800, 1000, 1000]
    array = sound_augment.change_speed(0.5, 0.5)(KEYS, SOUNDS.values, STEP)
    np.testing.assert_array_equal(array, SOUNDS.values)


def test_noise_has_the_power_that_its_ratio_says() -> None:
    tone = Ragged(
        jnp.asarray(np.sin(0.3 * np.arange(20000)), jnp.float32)[None], jnp.array([20000])
    )
    noise = sound_augment.add_noise(13.0, 13.0)(KEYS[:1], tone, STEP).values - tone.values
    ratio = 10 * np.log10(float((tone.values**2).mean() / (noise**2).mean()))
    assert ratio == pytest.approx(13.0, abs=0.2)


def test_a_band_is_gone_and_the_rest_is_there() -> None:
    sound = jnp.asarray(np.random.default_rng(1).normal(size=(1, 4096)), jnp.float32)
    augment = sound_augment.mask_frequencies(1, 1500.0, sample_rate=8000)
    before, after = (
        np.abs(np.fft.rfft(np.asarray(each)[0])) for each in (sound, augment(KEYS[:1], sound, STEP))
    )
    gone = after < 1e-3 * before
    assert 0 < gone.sum() <= 1500 / 4000 * 2049 + 1
    assert np.diff(np.flatnonzero(gone)).max() == 1  # one band
    np.testing.assert_allclose(after[~gone], before[~gone], rtol=1e-3, atol=1e-2)


def test_augmentations_of_sound_are_chained_as_those_of_pictures() -> None:
    both = chain(ALL["speed"], ALL["noise"])(KEYS, SOUNDS, STEP)
    assert both.values.shape == SOUNDS.values.shape
    assert both.lengths.tolist() != LENGTHS.tolist()


def test_numbers_without_a_meaning_are_refused() -> None:
    for make in (
        partial(sound_augment.change_speed, 0.0, 1.0),
        partial(sound_augment.change_speed, 1.1, 0.9),
        partial(sound_augment.add_noise, 20.0, 10.0),
        partial(sound_augment.mask_times, 0),
        partial(sound_augment.mask_frequencies, 1, 0.0, sample_rate=8000),
    ):
        with pytest.raises(InputError):
            make()


def test_another_microphone_changes_the_spectrum_smoothly_and_no_more_than_it_says() -> None:
    sound = jnp.asarray(np.random.default_rng(2).normal(size=(1, 4096)), jnp.float32)
    changed = sound_augment.change_colour(6.0)(KEYS[:1], sound, STEP)
    before, after = (np.fft.rfft(np.asarray(each)[0]) for each in (sound, changed))
    gain = 20 * np.log10(np.abs(after) / np.abs(before))
    assert np.abs(gain).max() < 6.1
    assert np.abs(np.diff(gain)).max() < 0.1
    assert gain.std() > 0.5
