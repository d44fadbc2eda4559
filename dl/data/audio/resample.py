"""Sound at another rate."""

from math import gcd

import numpy as np

from dl.data.audio.files import Sound


def resampled(sound: Sound, rate: int) -> Sound:
    """The sound at `rate` samples a second, by SciPy's polyphase filter (`resample_poly`).

    Frequencies above half of the lower rate are filtered out. A sound that has the rate stays as it
    is.

    >>> resampled(Sound(np.zeros(160, np.int16), 16000), 8000).samples.shape
    (80,)
    """
    if sound.rate == rate:
        return sound
    from scipy.signal import resample_poly

    common = gcd(sound.rate, rate)
    samples = resample_poly(sound.samples.astype(np.float64), rate // common, sound.rate // common)
    return Sound(np.clip(np.rint(samples), -(2**15), 2**15 - 1).astype(np.int16), rate)
