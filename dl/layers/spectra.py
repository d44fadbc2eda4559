"""From waveforms to spectra that hear as people do: frames, mel filters, cepstra (H4).

Waveforms [B, N] may be padded with zeros after `lengths` [B] samples. Every function is pure.
`normalised`, and `log_mel` with `lengths`, work on a batch; the others work on the last axes. With
`lengths` and `counts` a padded batch gives what each waveform gives alone. Sources: Davis &
Mermelstein 1980 (mel-frequency cepstra); Young et al., The HTK Book, sections 5.3 to 5.9.
"""

from typing import Literal

import jax.numpy as jnp
import numpy as np

from dl.errors import InputError
from dl.types import Array

Window = Literal["hamming", "hann", "none"]
FRAME_MS, STEP_MS = 25.0, 10.0
"""The usual length of a frame, and the time from one to the next, in milliseconds."""
_LEAST_POWER = 1e-10


def frame_count(samples: Array | np.ndarray | int, size: int, step: int) -> Array:
    """How many frames of `size` samples, `step` apart, hold `samples` samples: at least 1.

    F = 1 + ⌈(N − size) / step⌉; the last frame is filled with zeros.

    >>> frame_count(jnp.array([1, 200, 201, 280, 281]), 200, 80).tolist()
    [1, 1, 2, 2, 3]
    """
    return 1 + jnp.maximum(0, -((size - samples) // step))


def cut_frames(waveforms: Array, size: int, step: int) -> Array:
    """The frames of waveforms [..., N], one every `step` samples: [..., F, size].

    Raises:
        InputError: for a size or step below 1.

    >>> cut_frames(jnp.arange(5), 3, 2).tolist()
    [[0, 1, 2], [2, 3, 4]]
    """
    if min(size, step) < 1:
        raise InputError(f"frames have at least 1 sample, not {size} of them every {step}")
    samples = waveforms.shape[-1]
    frames = 1 + max(0, -((size - samples) // step))
    missing = (frames - 1) * step + size - samples
    padded = jnp.pad(waveforms, [(0, 0)] * (waveforms.ndim - 1) + [(0, max(0, missing))])
    return padded[..., np.arange(frames)[:, None] * step + np.arange(size)]


def emphasised(waveforms: Array, coefficient: float = 0.97) -> Array:
    """y_n = x_n − a x_{n−1}, and y_0 = x_0: high frequencies, which voices have less of, grow.

    >>> emphasised(jnp.array([1.0, 1.0, 3.0]), 0.5).tolist()
    [1.0, 0.5, 2.5]
    """
    return jnp.concatenate(
        [waveforms[..., :1], waveforms[..., 1:] - coefficient * waveforms[..., :-1]], axis=-1
    )


def window(kind: Window, size: int) -> np.ndarray:
    """The weights [size] of a frame's samples, symmetric, from its first sample to its last.

    Hamming: 0.54 − 0.46 cos(2πn / (size − 1)); Hann: ½ − ½ cos(2πn / (size − 1)).

    >>> window("hamming", 3).round(2).tolist(), window("hann", 3).round(2).tolist()
    ([0.08, 1.0, 0.08], [0.0, 1.0, 0.0])
    """
    makers = {"hamming": np.hamming, "hann": np.hanning, "none": np.ones}
    if kind not in makers:
        raise InputError(f"unknown window {kind!r}: choose {', '.join(makers)}")
    return makers[kind](size)


def power_spectrum(frames: Array, fft_size: int) -> Array:
    """|X_k|² / fft_size of frames [..., size], filled with zeros: [..., fft_size // 2 + 1].

    >>> power_spectrum(jnp.array([1.0, 1.0, 1.0, 1.0]), 4).tolist()
    [4.0, 0.0, 0.0]
    """
    if fft_size < frames.shape[-1]:
        raise InputError(
            f"a transform of {fft_size} samples would cut frames of {frames.shape[-1]}: give more"
        )
    transformed = jnp.fft.rfft(frames, fft_size)
    return (transformed.real**2 + transformed.imag**2) / fft_size


def to_mel(hertz: float) -> float:
    """2595 log10(1 + f / 700): equal steps sound equally far apart. Source: O'Shaughnessy 1987.

    >>> round(to_mel(1000.0), 2)
    999.99
    """
    return 2595.0 * float(np.log10(1.0 + hertz / 700.0))


def to_hertz(mel: np.ndarray | float) -> np.ndarray:
    """The inverse of `to_mel`.

    >>> round(float(to_hertz(to_mel(440.0))), 6)
    440.0
    """
    return 700.0 * (10.0 ** (np.asarray(mel) / 2595.0) - 1.0)


def mel_filters(
    count: int, fft_size: int, sample_rate: int, *, lowest: float = 0.0, highest: float = 0.0
) -> np.ndarray:
    """Triangles of height 1 whose corners are equally spaced in mel: [fft_size // 2 + 1, count].

    A triangle rises from the middle of the one before it and falls to the middle of the next.
    `lowest` and `highest` are the ends in Hz; a `highest` of 0 is half the sample rate.

    Raises:
        InputError: for ends that are not between 0 and half the sample rate, and for filters so
            narrow that one lies between two frequencies of the transform.

    >>> filters = mel_filters(2, 8, 8000)
    >>> filters.shape, bool((filters <= 1).all())
    ((5, 2), True)
    """
    highest = highest or sample_rate / 2
    if count < 1 or not 0 <= lowest < highest <= sample_rate / 2:
        raise InputError(
            f"{count} filters from {lowest:g} to {highest:g} Hz do not fit a rate of {sample_rate} "
            "Hz: give 1 or more, between 0 and half of it"
        )
    corners = to_hertz(np.linspace(to_mel(lowest), to_mel(highest), count + 2))
    hertz = np.arange(fft_size // 2 + 1)[:, None] * sample_rate / fft_size
    left, middle, right = corners[:-2], corners[1:-1], corners[2:]
    rising, falling = (hertz - left) / (middle - left), (right - hertz) / (right - middle)
    filters = np.maximum(0.0, np.minimum(rising, falling))
    if not filters.any(axis=0).all():
        raise InputError(
            f"{count} filters are too narrow for {fft_size} samples at {sample_rate} Hz: give "
            "fewer, or a longer transform"
        )
    return filters


def log_mel(
    waveforms: Array,
    sample_rate: int,
    *,
    lengths: Array | None = None,
    filters: int = 40,
    frame_ms: float = FRAME_MS,
    step_ms: float = STEP_MS,
    kind: Window = "hamming",
    emphasis: float = 0.97,
) -> Array:
    """The logarithm of the energy in each mel band of each frame: [B, N] -> [B, F, filters].

    ln Σ_k w_km |X_k|², at least ln 1e-10. The transform is as long as the next power of two. With
    `lengths` [B] the samples behind are 0, also once high frequencies have been emphasised.

    >>> log_mel(jnp.ones((2, 400)), 8000, filters=20).shape
    (2, 4, 20)
    """
    size, step = frame_samples(sample_rate, frame_ms), frame_samples(sample_rate, step_ms)
    louder = emphasised(waveforms, emphasis)
    if lengths is not None:
        louder = jnp.where(jnp.arange(louder.shape[-1]) < lengths[:, None], louder, 0.0)
    frames = cut_frames(louder, size, step)
    fft_size = 1 << (size - 1).bit_length()
    spectrum = power_spectrum(frames * jnp.asarray(window(kind, size), frames.dtype), fft_size)
    weights = jnp.asarray(mel_filters(filters, fft_size, sample_rate), spectrum.dtype)
    return jnp.log(jnp.maximum(spectrum @ weights, _LEAST_POWER))


def frame_samples(sample_rate: int, milliseconds: float) -> int:
    """How many samples a time has, at least 1.

    >>> frame_samples(8000, 25.0), frame_samples(11025, 10.0)
    (200, 110)
    """
    return max(1, round(sample_rate * milliseconds / 1000.0))


def cosine_transform(size: int, count: int) -> np.ndarray:
    """The first `count` columns of the orthonormal discrete cosine transform: [size, count].

    d_mc = √(2/M) cos(π c (m + ½) / M), with √(1/M) for c = 0.

    >>> transform = cosine_transform(3, 3)
    >>> np.allclose(transform.T @ transform, np.eye(3))
    True
    """
    columns = np.cos(np.pi * np.arange(count) * (np.arange(size)[:, None] + 0.5) / size)
    return columns * np.sqrt(np.where(np.arange(count) == 0, 1.0, 2.0) / size)


def cepstra(log_energies: Array, count: int = 13, *, lifter: int = 22) -> Array:
    """Mel-frequency cepstral coefficients of log-mel energies: [..., M] -> [..., count].

    Coefficient c is weighted by 1 + (L/2) sin(πc / L) with the `lifter` L; 0 weights none.

    >>> cepstra(jnp.zeros((7, 26))).shape
    (7, 13)
    """
    if not 1 <= count <= log_energies.shape[-1]:
        raise InputError(
            f"{log_energies.shape[-1]} bands have as many coefficients at most, not {count}"
        )
    weights = 1.0 + lifter / 2 * np.sin(np.pi * np.arange(count) / lifter) if lifter else 1.0
    transform = cosine_transform(log_energies.shape[-1], count) * weights
    return log_energies @ jnp.asarray(transform, log_energies.dtype)


def slopes(features: Array, reach: int = 2, *, counts: Array | None = None) -> Array:
    """How features [..., F, D] change, fitted over `reach` frames on either side: [..., F, D].

    d_t = Σ_n n (x_{t+n} − x_{t−n}) / (2 Σ_n n²); the first and the last frame are repeated. With
    `counts` [...] only so many frames are real: the last of them is repeated instead.

    >>> slopes(jnp.arange(6.0)[:, None])[2:4, 0].tolist()
    [1.0, 1.0]
    >>> padded = jnp.array([[[0.0], [1.0], [2.0], [-9.0]]])
    >>> slopes(padded, 1, counts=jnp.array([3]))[0, :3, 0].tolist()
    [0.5, 1.0, 0.5]
    """
    frames = features.shape[-2]
    last = frames - 1 if counts is None else counts[..., None] - 1

    def shifted(by: int) -> Array:
        place = jnp.clip(jnp.arange(frames) + by, 0, last)
        if counts is None:
            return features[..., place, :]
        return jnp.take_along_axis(features, place[..., None], axis=-2)

    total = sum(n * (shifted(n) - shifted(-n)) for n in range(1, reach + 1))
    return jnp.asarray(total) / (2 * sum(n * n for n in range(1, reach + 1)))


def normalised(features: Array, counts: Array, *, each_band: bool = True) -> Array:
    """Mean 0 and variance 1 over the first `counts` [B] frames: [B, F, D]; those behind are 0.

    With `each_band` every band by itself: loudness and the colour of a microphone fall away, and in
    a single word much of its vowel. Without, all bands together: loudness alone falls away.

    >>> normalised(jnp.array([[[1.0], [3.0], [9.0]]]), jnp.array([2]))[0, :, 0].round(3).tolist()
    [-1.0, 1.0, 0.0]
    """
    real = (jnp.arange(features.shape[1]) < counts[:, None])[..., None]
    share = real / jnp.maximum(counts, 1)[:, None, None]

    def mean_of(values: Array) -> Array:
        means = jnp.sum(values * share, axis=1, keepdims=True)
        return means if each_band else jnp.mean(means, axis=2, keepdims=True)

    mean = mean_of(features)
    variance = mean_of((features - mean) ** 2)
    return jnp.where(real, (features - mean) / jnp.sqrt(variance + 1e-6), 0.0)
