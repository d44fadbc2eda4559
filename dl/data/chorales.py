"""Chorales as binary vectors: which of the 88 keys of a piano sound at each quarter (Boulanger-Lewandowski 2012)."""

import json
from pathlib import Path

import numpy as np

from dl.data.dataset import Dataset
from dl.data.sequence_sets import frames
from dl.errors import InputError

LOWEST, HIGHEST = 21, 108
"""The MIDI numbers of a piano's keys."""
_NAMES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")


def load_chorales(path: str | Path) -> Dataset:
    """Songs from a JSON file with `train`, `valid` and `test`, each a list of songs, a song a list of chords.

    A chord is the list of the MIDI numbers that sound, maybe none. The task is to predict each frame [88] from those
    before it. Source of the task: Boulanger-Lewandowski et al. 2012, arXiv:1206.6392.

    Raises:
        InputError: for a file that is missing or laid out otherwise, a song without chords, a note beyond the piano.
    """
    path = Path(path)
    try:
        parts = json.loads(path.read_text())
        found = [parts[name] for name in ("train", "valid", "test")]
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"cannot read the songs of {path}: {error}") from None
    except (KeyError, TypeError):
        raise InputError(f"{path} is no collection of songs: it needs lists called train, valid and test") from None
    rolls = [[_roll(song, path) for song in songs] for songs in found]
    return frames(f"chorales:{path}", rolls, class_names=tuple(map(_name, range(LOWEST, HIGHEST + 1))))


def _roll(song: list[list[float]], path: Path) -> np.ndarray:
    """Which keys sound: float32 [T, 88]."""
    if not isinstance(song, list) or not song:
        raise InputError(f"{path} has a song without chords: leave it out")
    roll = np.zeros((len(song), HIGHEST - LOWEST + 1), np.float32)
    for step, chord in enumerate(song):
        keys = np.array([int(note) for note in chord], int) - LOWEST
        if keys.size and not (keys.min() >= 0 and keys.max() < roll.shape[1]):
            raise InputError(f"{path} has the notes {chord}; a piano's are {LOWEST} to {HIGHEST}")
        roll[step, keys] = 1.0
    return roll


def _name(note: int) -> str:
    """A note as musicians write it.

    >>> _name(60)
    'C4'
    """
    return f"{_NAMES[note % 12]}{note // 12 - 1}"
