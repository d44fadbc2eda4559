"""Augmentation of sound: pure functions of (keys, waveforms, step), as in `dl.data.augment`.

Waveforms are float32 in [−1, 1), `Ragged` [B, N] with their lengths or an array [B, N]. Each has a
key of its own, so that the same batch changes in the same way on any number of devices, and is
padded with zeros afterwards as before. Sources: Ko et al. 2015 (speed); Park et al. 2019,
arXiv:1904.08779 (masks).
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from dl.errors import InputError
from dl.types import Array, Augment, Ragged

Change = Callable[[Array, Array, Array], tuple[Array, Array]]
"""(key, waveform [N], length []) -> waveform [N] and length []; vectorised over a batch."""


def change_speed(slowest: float = 0.9, fastest: float = 1.1) -> Augment:
    """Play each waveform at a speed drawn from [slowest, fastest]: y(t) = x(r t).

    Pitch changes with it, as on a record player. Between samples the waveform is a line. The length
    becomes N / r. A batch keeps its width, and a waveform is slowed only as far as it still fits:
    the longest of a batch little or not at all, and those of an array, which has no padding,
    never. So the speed of a waveform depends on the width of its batch too.

    >>> keys, step = jax.random.split(jax.random.key(0), 1), jnp.zeros((), int)
    >>> sound = Ragged(jnp.ones((1, 8)), jnp.array([4]))
    >>> twice = change_speed(2.0, 2.0)(keys, sound, step)
    >>> twice.values.tolist(), twice.lengths.tolist()
    ([[1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]], [2])
    """
    if not 0 < slowest <= fastest:
        raise InputError(f"speeds rise from above 0, not from {slowest} to {fastest}")

    def change(key: Array, waveform: Array, length: Array) -> tuple[Array, Array]:
        speed = jax.random.uniform(key, (), minval=slowest, maxval=fastest)
        speed = jnp.maximum(speed, length / len(waveform))
        after = jnp.maximum(1, jnp.int32(jnp.round(length / speed)))
        places = jnp.arange(len(waveform)) * speed
        left = jnp.clip(jnp.int32(places), 0, len(waveform) - 1)
        right = jnp.minimum(left + 1, length - 1)
        share = places - left
        return (1 - share) * waveform[left] + share * waveform[right], after

    return _each(change)


def add_noise(lowest_db: float = 10.0, highest_db: float = 40.0) -> Augment:
    """Add white noise at a ratio of signal to noise drawn from [lowest, highest] dB.

    The power of the noise is that of the waveform divided by 10^(dB / 10).

    >>> keys, step = jax.random.split(jax.random.key(0), 1), jnp.zeros((), int)
    >>> noise = add_noise(20.0, 20.0)(keys, jnp.ones((1, 10_000)), step) - 1.0
    >>> round(float(jnp.mean(noise**2)), 3)
    0.01
    """
    if lowest_db > highest_db:
        raise InputError(f"ratios rise, not from {lowest_db} to {highest_db} dB")

    def change(key: Array, waveform: Array, length: Array) -> tuple[Array, Array]:
        ratio_key, noise_key = jax.random.split(key)
        ratio = jax.random.uniform(ratio_key, (), minval=lowest_db, maxval=highest_db)
        power = jnp.sum(waveform**2) / jnp.maximum(length, 1)
        noise = jax.random.normal(noise_key, waveform.shape) * jnp.sqrt(power / 10 ** (ratio / 10))
        return waveform + noise, length

    return _each(change)


def mask_times(count: int = 2, longest: int = 800) -> Augment:
    """Silence `count` stretches of up to `longest` samples each, anywhere.

    >>> keys, step = jax.random.split(jax.random.key(0), 1), jnp.zeros((), int)
    >>> bool(70 <= mask_times(2, 15)(keys, jnp.ones((1, 100)), step).sum() < 100)
    True
    """
    _require(count, longest, "samples")

    def change(key: Array, waveform: Array, length: Array) -> tuple[Array, Array]:
        starts, sizes = _stretches(key, count, length, longest)
        place = jnp.arange(len(waveform))[:, None]
        hidden = ((place >= starts) & (place < starts + sizes)).any(axis=1)
        return jnp.where(hidden, 0.0, waveform), length

    return _each(change)


def mask_frequencies(count: int = 1, widest: float = 500.0, *, sample_rate: int) -> Augment:
    """Take `count` bands of up to `widest` Hz out of each waveform, anywhere below half its rate.

    It is a band-stop filter: frequencies in the bands are set to 0 in the Fourier transform.

    >>> keys, step = jax.random.split(jax.random.key(0), 1), jnp.zeros((), int)
    >>> noise = jax.random.normal(jax.random.key(1), (1, 4096))
    >>> less = mask_frequencies(1, 1000.0, sample_rate=8000)(keys, noise, step)
    >>> bool(0.7 < (less**2).sum() / (noise**2).sum() < 1.0)
    True
    """
    _require(count, widest, "Hz")

    def change(key: Array, waveform: Array, length: Array) -> tuple[Array, Array]:
        size = 1 << (len(waveform) - 1).bit_length()
        hertz = jnp.arange(size // 2 + 1)[:, None] * (sample_rate / size)
        starts, sizes = _stretches(key, count, jnp.float32(sample_rate / 2), widest)
        stopped = ((hertz >= starts) & (hertz < starts + sizes)).any(axis=1)
        spectrum = jnp.where(stopped, 0.0, jnp.fft.rfft(waveform, size))
        return jnp.fft.irfft(spectrum, size)[: len(waveform)], length

    return _each(change)


def change_colour(most_db: float = 10.0, *, bands: int = 6) -> Augment:
    """Make bands louder and fainter by up to `most_db` dB each, as another microphone or room does.

    The gains of `bands` frequencies, equally spaced from 0 to half the rate, are drawn from
    [−most, most]; between them the gain in dB is a line.

    >>> keys, step = jax.random.split(jax.random.key(0), 1), jnp.zeros((), int)
    >>> tone = jnp.sin(0.3 * jnp.arange(4096))[None]
    >>> change = change_colour(6.0)(keys, tone, step)
    >>> bool(0.25 < (change**2).sum() / (tone**2).sum() < 4.0)  # 6 dB are a factor of 4 in power
    True
    """
    if most_db < 0 or bands < 2:
        raise InputError(f"{bands} gains of up to {most_db} dB are no colour: give 2 or more")

    def change(key: Array, waveform: Array, length: Array) -> tuple[Array, Array]:
        size = 1 << (len(waveform) - 1).bit_length()
        gains = jax.random.uniform(key, (bands,), minval=-most_db, maxval=most_db)
        places = jnp.linspace(0.0, bands - 1.0, size // 2 + 1)
        factor = 10.0 ** (jnp.interp(places, jnp.arange(bands), gains) / 20.0)
        spectrum = jnp.fft.rfft(waveform, size) * factor
        return jnp.fft.irfft(spectrum, size)[: len(waveform)], length

    return _each(change)


def _each(change: Change) -> Augment:
    """The augmentation that makes `change` to every waveform, and keeps the padding zero."""

    def augment(keys: Array, inputs: Array | Ragged, step: Array) -> Array | Ragged:
        del step
        values = inputs.values if isinstance(inputs, Ragged) else inputs
        lengths = (
            jnp.asarray(inputs.lengths)
            if isinstance(inputs, Ragged)
            else jnp.full(values.shape[:1], values.shape[1])
        )
        changed, after = jax.vmap(change)(keys, values, lengths)
        changed = jnp.where(jnp.arange(values.shape[1]) < after[:, None], changed, 0.0)
        return Ragged(changed, after) if isinstance(inputs, Ragged) else changed

    return augment  # type: ignore[return-value]


def _stretches(key: Array, count: int, end: Array, longest: float) -> tuple[Array, Array]:
    """Starts and sizes [count] of stretches between 0 and `end`, of up to `longest` each."""
    size_key, start_key = jax.random.split(key)
    sizes = jax.random.uniform(size_key, (count,)) * jnp.minimum(longest, end)
    return jax.random.uniform(start_key, (count,)) * (end - sizes), sizes


def _require(count: int, size: float, unit: str) -> None:
    if count < 1 or size <= 0:
        raise InputError(f"{count} masks of up to {size} {unit} hide nothing: give more than 0")
