"""Utterances with fewer steps than their labels need, whose CTC loss would be infinite."""

from collections.abc import Sequence

import numpy as np

from dl.layers.spectra import FRAME_MS, STEP_MS, frame_count, frame_samples


def steps_needed(labels: Sequence[int] | np.ndarray) -> int:
    """The fewest steps of a path of these labels: one each, and a blank between equal neighbours.

    >>> steps_needed([3, 3, 5]), steps_needed([])
    (4, 0)
    """
    labels = np.asarray(labels)
    return len(labels) + int(np.sum(labels[1:] == labels[:-1]))


def too_short(
    lengths: Sequence[int] | np.ndarray,
    labels: Sequence[np.ndarray],
    *,
    sample_rate: int,
    stack: int = 1,
) -> np.ndarray:
    """Which utterances of `lengths` [N] samples have too few steps for their labels: bool [N].

    Steps are those of `acoustic_model`: `stack` frames of 25 ms, one every 10 ms.

    >>> too_short([280, 281], [np.array([1, 1])] * 2, sample_rate=8000).tolist()
    [True, False]
    """
    size, step = (frame_samples(sample_rate, each) for each in (FRAME_MS, STEP_MS))
    steps = -(-np.asarray(frame_count(np.asarray(lengths), size, step)) // stack)
    return steps < np.array([steps_needed(each) for each in labels])
