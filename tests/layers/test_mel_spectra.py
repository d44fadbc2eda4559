"""Spectra are those of SciPy, of python_speech_features where it is installed, and of a batch."""

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.fft as fft
from scipy import signal

from dl.errors import InputError
from dl.layers import spectra

RATE = 8000
SOUND = np.random.default_rng(0).normal(size=1000).astype(np.float32)


def independent_log_mel(sound: np.ndarray, rate: int, filters: int) -> np.ndarray:
    """Frame by frame, frequency by frequency, in NumPy and SciPy."""
    size, step, points = rate // 40, rate // 100, 256
    louder = signal.lfilter([1.0, -0.97], [1.0], sound)
    edges = 700 * (np.exp(np.linspace(0, 1127 * np.log1p(rate / 1400), filters + 2) / 1127) - 1)
    rows = []
    for start in range(0, max(1, len(louder) - size + step), step):
        frame = np.zeros(size)
        part = louder[start : start + size]
        frame[: len(part)] = part
        power = (
            np.abs(np.asarray(fft.fft(frame * signal.windows.hamming(size), points))) ** 2 / points
        )
        row = []
        for left, middle, right in zip(edges, edges[1:], edges[2:], strict=False):
            hertz = np.arange(points // 2 + 1) * rate / points
            weight = np.interp(hertz, [left, middle, right], [0, 1, 0])
            row.append(np.log(weight @ power[: points // 2 + 1]))
        rows.append(row)
    return np.array(rows)


@pytest.mark.parametrize("samples", [1000, 200, 130, 281])
def test_log_mel_is_that_of_an_independent_computation(samples: int) -> None:
    ours = spectra.log_mel(jnp.asarray(SOUND[None, :samples]), RATE, filters=20)[0]
    np.testing.assert_allclose(ours, independent_log_mel(SOUND[:samples], RATE, 20), atol=2e-3)


def test_cepstra_are_the_cosine_transform_of_scipy() -> None:
    energies = np.random.default_rng(1).normal(size=(5, 26)).astype(np.float32)
    lifted = 1 + 11 * np.sin(np.pi * np.arange(13) / 22)
    expected = np.asarray(fft.dct(energies, type=2, norm="ortho", axis=1))[:, :13] * lifted
    np.testing.assert_allclose(spectra.cepstra(jnp.asarray(energies)), expected, atol=1e-4)


def test_frames_cepstra_and_slopes_are_those_of_python_speech_features() -> None:
    reference = pytest.importorskip("python_speech_features")
    frames = reference.sigproc.framesig(SOUND, 200, 80)
    np.testing.assert_array_equal(spectra.cut_frames(jnp.asarray(SOUND), 200, 80), frames)
    power = reference.sigproc.powspec(frames, 256)
    np.testing.assert_allclose(
        spectra.power_spectrum(jnp.asarray(frames, jnp.float32), 256), power, rtol=2e-3, atol=1e-4
    )
    energies = np.random.default_rng(2).normal(size=(9, 26))
    np.testing.assert_allclose(
        spectra.slopes(jnp.asarray(energies, jnp.float32)), reference.delta(energies, 2), atol=1e-5
    )
    assert spectra.to_mel(440.0) == pytest.approx(reference.hz2mel(440.0))


def test_mel_is_1000_at_1000_hertz_and_the_published_values() -> None:
    # O'Shaughnessy 1987 sets 1000 mel to 1000 Hz; the HTK Book's scale is the same formula.
    assert [round(spectra.to_mel(hertz)) for hertz in (0, 100, 1000, 4000)] == [0, 150, 1000, 2146]


def test_triangles_overlap_so_that_two_neighbours_sum_to_one() -> None:
    filters = spectra.mel_filters(20, 4096, RATE)
    hertz = np.arange(2049) * RATE / 4096
    middles = spectra.to_hertz(np.linspace(0, spectra.to_mel(4000), 22))[1:-1]
    between = (hertz > middles[0]) & (hertz < middles[-1])
    np.testing.assert_allclose(filters[between].sum(axis=1), 1.0, atol=1e-9)


@pytest.mark.slow
def test_a_padded_batch_gives_what_each_waveform_gives_alone() -> None:
    short = SOUND[:430]
    padded = np.zeros((1, 1000), np.float32)
    padded[0, :430] = short
    count = spectra.frame_count(jnp.array([430]), 200, 80)
    energies = spectra.log_mel(jnp.asarray(padded), RATE, lengths=jnp.array([430]), filters=20)
    whole = spectra.normalised(energies, count)
    alone = spectra.normalised(spectra.log_mel(jnp.asarray(short[None]), RATE, filters=20), count)
    np.testing.assert_allclose(whole[0, : int(count[0])], alone[0], atol=1e-4)
    assert not whole[0, int(count[0]) :].any()
    np.testing.assert_allclose(alone[0].mean(axis=0), 0.0, atol=1e-4)


def test_what_does_not_fit_is_refused() -> None:
    sound = jnp.asarray(SOUND)
    for call in (
        lambda: spectra.cut_frames(sound, 0, 80),
        lambda: spectra.power_spectrum(sound[:300], 256),
        lambda: spectra.mel_filters(20, 256, RATE, highest=5000.0),
        lambda: spectra.mel_filters(200, 256, RATE),
        lambda: spectra.cepstra(sound[:10], 13),
        lambda: spectra.window("hamm", 3),  # type: ignore[arg-type]
    ):
        with pytest.raises(InputError):
            call()
