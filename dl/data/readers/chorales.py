"""Chorales as binary vectors: which of the 88 keys of a piano sound at each quarter.

Source: Boulanger-Lewandowski et al. 2012, arXiv:1206.6392.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from dl.data.dataset import Dataset
from dl.data.readers.sequences import frames
from dl.data.text.part_files import files_by_part, part_of
from dl.data.text.stored import read_text
from dl.errors import InputError

LOWEST, HIGHEST = 21, 108
"""The MIDI numbers of a piano's keys."""
_NAMES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")


def load_chorales(path: str | Path, *, validation: float = 0.0) -> Dataset:
    """Songs from a JSON file with lists of songs under `train`, `valid` and `test`.

    A song is a list of chords; a chord is the list of the MIDI numbers that sound, and may be
    empty. A folder may hold one file of songs for each part; files may be compressed (.gz). If
    there is no test part, the validation part is the test. If there is one, a run validates on the
    validation part when `validation` is 0, and on that fraction of train otherwise. The task is to
    predict each frame [88] from those before it.

    Raises:
        InputError: for a file that is missing or has another layout, a song without chords, a note
            that a piano does not have, a part without any note.
    """
    path = Path(path).expanduser()
    parts = {part: [_roll(song, path) for song in songs] for part, songs in _songs(path).items()}
    for part, rolls in parts.items():
        if not any(roll.any() for roll in rolls):
            raise InputError(f"{path}: no note sounds in the {part} part: leave it out")
    others = [parts[part] for part in ("validation", "test") if part in parts]
    if "train" not in parts or not others:
        raise InputError(f"{path} is no collection of songs: it needs lists called train and test")
    return frames(
        f"chorales:{path}",
        parts["train"],
        others[0] if len(others) > 1 else None,
        others[-1],
        class_names=tuple(map(_name, range(LOWEST, HIGHEST + 1))),
        fraction=validation,
    )


def _songs(path: Path) -> dict[str | None, list[Any]]:
    """The songs of each part."""
    files = files_by_part(path)
    if not path.is_file():
        return {
            part: [song for file in part_files for song in _list(_json(file), file)]
            for part, part_files in files.items()
        }
    content = _json(path)
    return (
        {part_of(key): _list(content[key], path) for key in content if part_of(key)}
        if isinstance(content, dict)
        else {}
    )


def _json(path: Path) -> Any:
    text = read_text(path)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{path} is no JSON ({error}): give songs as lists of lists of notes"
        ) from None


def _list(songs: Any, path: Path) -> list[Any]:
    if not isinstance(songs, list) or not songs:
        raise InputError(f"{path} has a part without songs: give a list of songs")
    return songs


def _roll(song: Any, path: Path) -> np.ndarray:
    """Which keys sound: float32 [T, 88]."""
    if not isinstance(song, list) or not song:
        raise InputError(f"{path} has a song without chords: leave it out")
    roll = np.zeros((len(song), HIGHEST - LOWEST + 1), np.float32)
    for step, chord in enumerate(song):
        if not (isinstance(chord, list) and all(_is_key(note) for note in chord)):
            raise InputError(
                f"{path} has the chord {json.dumps(chord)}; a piano's notes are {LOWEST} to "
                f"{HIGHEST}"
            )
        roll[step, [int(note) - LOWEST for note in chord]] = 1.0
    return roll


def _is_key(note: Any) -> bool:
    return isinstance(note, int | float) and LOWEST <= note <= HIGHEST and note == round(note)


def _name(note: int) -> str:
    """A note as musicians write it.

    >>> _name(60)
    'C4'
    """
    return f"{_NAMES[note % 12]}{note // 12 - 1}"
