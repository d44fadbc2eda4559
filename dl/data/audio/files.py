"""From the bytes of a sound file to samples: wav, NIST SPHERE, and what soundfile reads.

Samples are int16, one channel: several are averaged, other depths are scaled and rounded.
"""

import io
import wave
from typing import NamedTuple

import numpy as np

from dl.data.audio.riff import check_whole, with_real_sizes
from dl.data.audio.sphere import is_sphere, read_sphere
from dl.errors import InputError

SUFFIXES = (".wav", ".flac", ".ogg", ".sph")
"""Ends of the names of sound files."""


class Sound(NamedTuple):
    """Samples int16 [N] of one channel, and how many there are in a second."""

    samples: np.ndarray
    rate: int


def decode_sound(content: bytes, name: str) -> Sound:
    """The sound in a file of this `content`; `name` is what errors call it.

    Wav of 8, 16, 24 and 32 bits is read by Python itself, NIST SPHERE of 16 bits too; everything
    else needs soundfile. A wav whose header leaves its size open, as programs write it into a pipe,
    is read to the end of the file.

    Raises:
        InputError: for a file that is no sound, a wav, flac or SPHERE that is cut short, samples
            that are not finite, and no samples.
    """
    if is_sphere(content):
        samples, rate = read_sphere(content, name)
    elif content[:4] == b"RIFF":
        samples, rate = _read_wav(with_real_sizes(content), name)
    else:
        samples, rate = _read_with_soundfile(content, name)
    if not len(samples):
        raise InputError(f"{name} has no samples: leave it out")
    return Sound(mixed(samples), rate)


def mixed(samples: np.ndarray) -> np.ndarray:
    """One channel, int16 [N], the mean of samples float [N, C] on the scale of int16.

    >>> mixed(np.array([[1.0, 3.0], [40000.0, 40000.0]])).tolist()
    [2, 32767]
    """
    return np.clip(np.rint(samples.mean(axis=1)), -(2**15), 2**15 - 1).astype(np.int16)


def _read_wav(content: bytes, name: str) -> tuple[np.ndarray, int]:
    """Samples float [N, C] on the scale of int16, and their rate."""
    try:
        with wave.open(io.BytesIO(content)) as file:
            channels, width, rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
            expected, data = file.getnframes(), file.readframes(file.getnframes())
    except wave.Error as error:
        if "unknown" in str(error):  # a format: floating point, or compressed
            check_whole(content, name)
            return _read_with_soundfile(content, name)
        raise InputError(f"{name} is no wav that can be read ({error}): leave it out") from None
    except EOFError:
        raise InputError(f"{name} is a wav that ends in its header: copy it again") from None
    if width > 4 or rate < 1:
        raise InputError(f"{name} is a wav of {8 * width} bits at {rate} Hz: convert it to 16 bits")
    if len(data) < expected * channels * width:
        there = len(data) // (channels * width)
        raise InputError(
            f"{name} is cut short: {there:,} of {expected:,} samples are there; copy it again"
        )
    return _numbers(data, width).reshape(-1, channels), rate


def _numbers(data: bytes, width: int) -> np.ndarray:
    """Samples of 1 to 4 bytes on the scale of int16; those of one byte have no sign."""
    if width == 1:
        return (np.frombuffer(data, np.uint8).astype(np.float64) - 128.0) * 256.0
    rows = np.frombuffer(data, np.uint8).reshape(-1, width)
    whole = np.zeros((len(rows), 4), np.uint8)
    whole[:, 4 - width :] = rows
    return whole.view("<i4")[:, 0] / 2.0**16


def _read_with_soundfile(content: bytes, name: str) -> tuple[np.ndarray, int]:
    try:
        import soundfile
    except ImportError:
        kind = "a wav of another kind than 8 to 32 bit whole numbers"
        what = kind if content[:4] == b"RIFF" else "no wav"
        raise InputError(
            f"{name} is {what}: install soundfile (pip install 'dl-lectures[speech]'), or leave it "
            "out"
        ) from None
    try:
        samples, rate = soundfile.read(io.BytesIO(content), dtype="float64", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise InputError(
            f"{name} is no sound that can be read ({error.error_string.strip(' .')}): leave it out"
        ) from None
    if not np.isfinite(samples).all():
        strange = np.count_nonzero(~np.isfinite(samples))
        raise InputError(f"{name} has {strange:,} samples of nan or infinity: leave it out")
    return samples * 2.0**15, int(rate)
