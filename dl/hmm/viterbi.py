"""The most probable states of a hidden Markov model."""

import numpy as np

from dl.errors import InputError


def viterbi(
    log_start: np.ndarray, log_steps: np.ndarray, log_end: np.ndarray, log_sounds: np.ndarray
) -> tuple[np.ndarray, float]:
    """The path [F] that maximises p(path, features), and ln p of it.

    `log_start` [G] and `log_end` [G] are of beginning and ending in a state, `log_steps` [G, G] of
    going from one to another, `log_sounds` [F, G] of the features in each frame. The best score of
    a path to g in frame f is v_fg = max_h (v_{f−1,h} + step_hg) + sound_fg. Source: Rabiner 1989.

    Raises:
        InputError: where no path is possible, as in fewer frames than the states in order, and for
            features that are not finite.

    >>> stay = np.log([[0.9, 0.1], [0.1, 0.9]])
    >>> sounds = np.log([[0.9, 0.1], [0.4, 0.6], [0.9, 0.1]])
    >>> viterbi(np.log([0.5, 0.5]), stay, np.zeros(2), sounds)[0].tolist()
    [0, 0, 0]
    """
    frames, states = log_sounds.shape
    best = log_start + log_sounds[0]
    before = np.zeros((frames, states), np.int32)
    for frame in range(1, frames):
        scores = best[:, None] + log_steps
        before[frame] = scores.argmax(axis=0)
        best = scores[before[frame], np.arange(states)] + log_sounds[frame]
    best = best + log_end
    if not np.isfinite(best.max()):
        raise InputError(
            f"no path through {states} states has a probability in {frames} frames: give more "
            "frames or fewer states, and features that are finite"
        )
    path = np.empty(frames, np.int32)
    path[-1] = best.argmax()
    for frame in range(frames - 1, 0, -1):
        path[frame - 1] = before[frame, path[frame]]
    return path, float(best.max())
