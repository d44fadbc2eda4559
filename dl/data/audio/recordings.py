"""Which words recordings hold, who speaks them, and which are for testing.

A folder of recordings has one of these layouts; parts are named as in `folder:PATH`:

    PATH/yes/1.wav        PATH/train/yes/1.wav        PATH/7_jackson_0.wav
    PATH/no/1.wav         PATH/test/yes/2.wav         PATH/7_theo_12.wav

In the right one the names tell the label, the speaker and a number (`Listening.file_names`). There
numbers 0 to 4 of each speaker and label are the test part, as the Free Spoken Digit Dataset has it,
or all recordings of one speaker. Otherwise, without folders of parts, a tenth is the test part,
chosen by a fixed permutation: of the speakers where names tell ten or more, else of the recordings.

In a folder for its class a recording may have any name. Its speaker is known if the name repeats
the class, as `7/7_jackson_0.wav`, or if other `file_names` are given, such as
`{speaker}_nohash_{index}` for Google's Speech Commands.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np

from dl.data.audio.files import decode_sound
from dl.data.audio.listening import FILE_NAMES, Listening
from dl.data.audio.resample import resampled
from dl.data.audio.stored import StoredFile, find_sounds
from dl.data.naming import shown, some_of
from dl.data.readers.folder_layout import part_named
from dl.data.split import held_out_count, permutation
from dl.errors import InputError

TESTED_NUMBERS = range(5)
"""The numbers of the test recordings of each speaker and label."""
_TEST_SEED, _TEST_SHARE = 20_13_09, 0.1
_MANY_SPEAKERS = 10


@dataclass(frozen=True)
class Recording:
    """Samples int16 [N] of a word: its label, and who speaks it if that is known."""

    samples: np.ndarray
    label: str
    speaker: str = ""


@dataclass(frozen=True)
class Recordings:
    """The recordings of the parts at one `rate`, and a line about what was taken for what."""

    train: list[Recording]
    validation: list[Recording]
    test: list[Recording]
    rate: int
    summary: str


@dataclass(frozen=True)
class _Known:
    """What is known of a file before it is read."""

    file: StoredFile
    label: str
    speaker: str
    number: int | None
    part: str | None


def read_recordings(path: str | Path, listening: Listening) -> Recordings:
    """All recordings below `path`, or in a .tar.gz of it, in one of the layouts above.

    Raises:
        InputError: for another layout, a file that is no sound, several rates without a
            `sample_rate`, a `test_speaker` who is not there, a part without recordings.
    """
    path = Path(path).expanduser()
    known = [_describe(file, listening, path) for file in find_sounds(path)]
    parts, rule = _parted(known, listening, path)
    sounds = {id(one): decode_sound(one.file.read(), f"{path}/{one.file.place}") for one in known}
    rate = listening.sample_rate or _common_rate({s.rate for s in sounds.values()}, path)

    def recordings(part: str) -> list[Recording]:
        return [
            Recording(resampled(sounds[id(one)], rate).samples, one.label, one.speaker)
            for one in parts.get(part, [])
        ]

    train, left_out = without_long(recordings("train"), listening.longest, rate, path)
    labels = some_of(sorted({one.label for one in known}))
    summary = f"{len(known):,} recordings of {labels} at {rate:,} Hz; {rule}{left_out}"
    return Recordings(train, recordings("validation"), recordings("test"), rate, summary)


def _describe(file: StoredFile, listening: Listening, path: Path) -> _Known:
    folders, part = list(file.place.parts[:-1]), None
    if folders and part_named(folders[0]):
        part = part_named(folders.pop(0))
    _check_place(file, folders, listening, path)
    told = listening.told(file.place.stem)
    label = folders[0] if folders else told["label"]
    if listening.file_names == FILE_NAMES and told.get("label") != label:
        told = {}  # `hash_nohash_0` in a folder has that form by chance
    number = int(told["index"]) if {"label", "index"} <= told.keys() else None
    return _Known(file, label, told.get("speaker", ""), number, part)


def _check_place(file: StoredFile, folders: list[str], listening: Listening, path: Path) -> None:
    """Raise an `InputError` unless one folder, or else the name, tells the label."""
    if len(folders) > 1:
        raise InputError(
            f"{path}/{file.place} lies in folders in one another, of which only one can be its "
            "class: put the recordings of each class into one folder"
        )
    if not folders and "{label}" not in listening.file_names:
        raise InputError(
            f"file_names is {shown(listening.file_names)!r}, and no folder tells the label of "
            f"{path}/{file.place}: give names with {{label}}"
        )
    if not folders and not listening.told(file.place.stem):
        raise InputError(
            f"{path}/{file.place}: the name does not follow {listening.file_names}; name files so, "
            "give another --file-names, or put the recordings of each class into a folder"
        )


def _parted(
    known: Sequence[_Known], listening: Listening, path: Path
) -> tuple[dict[str, list[_Known]], str]:
    """The files of each part, and the rule in words."""
    if listening.test_speaker:
        return _by_speaker(known, listening.test_speaker, path)
    if any(one.part for one in known):
        parts = {part: [one for one in known if one.part == part] for part in _PARTS}
        if stray := [one for one in known if one.part is None]:
            raise InputError(
                f"{path} has {stray[0].file.place} beside folders of parts: move it into one"
            )
        if not parts["test"]:
            parts["test"] = parts.pop("validation")
        rule = "parts as in the folders"
    elif all(one.number is not None and one.speaker for one in known):
        parts = _cut(known, [one.number in TESTED_NUMBERS for one in known])
        rule = "numbers 0 to 4 of each speaker and label are the test part"
    else:
        parts, rule = _by_tenth(known)
    for part in ("train", "test"):
        if not parts[part]:
            raise InputError(f"{path} has no recording for the {part} part ({rule})")
    return parts, rule


_PARTS = ("train", "validation", "test")


def _by_tenth(known: Sequence[_Known]) -> tuple[dict[str, list[_Known]], str]:
    speakers = sorted({one.speaker for one in known})
    if "" in speakers or len(speakers) < _MANY_SPEAKERS:
        places = set(_tenth(len(known)))
        parts = _cut(known, [place in places for place in range(len(known))])
        return parts, "a tenth of them, chosen by a fixed permutation, is the test part"
    tested = {speakers[place] for place in _tenth(len(speakers))}
    parts = _cut(known, [one.speaker in tested for one in known])
    return parts, "a tenth of the speakers, chosen by a fixed permutation, is the test part"


def _tenth(count: int) -> list[int]:
    """A tenth of the places below `count`, one at least, by a fixed permutation."""
    tested = max(1, held_out_count(count, fraction=_TEST_SHARE))
    return permutation(_TEST_SEED, count)[:tested].tolist()


def _by_speaker(
    known: Sequence[_Known], speaker: str, path: Path
) -> tuple[dict[str, list[_Known]], str]:
    speakers = sorted({one.speaker for one in known})
    if speaker not in speakers or len(speakers) < 2:
        names = some_of([name for name in speakers if name]) or "nobody that names tell of"
        raise InputError(f"{path} has no speaker {speaker!r} to leave out; it has {names}")
    return _cut(known, [one.speaker == speaker for one in known]), f"{speaker} is the test part"


def _cut(known: Sequence[_Known], tested: Sequence[bool]) -> dict[str, list[_Known]]:
    return {
        part: [one for one, is_test in zip(known, tested, strict=True) if is_test == wanted]
        for part, wanted in (("train", False), ("test", True))
    }


def _common_rate(rates: set[int], path: Path) -> int:
    if len(rates) > 1:
        raise InputError(
            f"{path} has recordings at {some_of(sorted(rates))} Hz: give --sample-rate, to which "
            "all are brought"
        )
    return rates.pop()


class _Sampled(Protocol):
    @property
    def samples(self) -> np.ndarray: ...


_Sound = TypeVar("_Sound", bound=_Sampled)


def without_long(
    sounds: Sequence[_Sound], longest: float, rate: int, path: Path
) -> tuple[list[_Sound], str]:
    """Sounds of up to `longest` seconds, or all for 0, and what a summary says of the others.

    Raises:
        InputError: if none is left.

    >>> sounds = [Recording(np.zeros(size, np.int16), "yes") for size in (80, 90)]
    >>> len(without_long(sounds, 0.01, 8000, Path("words"))[0])
    1
    """
    kept = [one for one in sounds if not longest or len(one.samples) <= longest * rate]
    if not kept:
        raise InputError(f"{path}: no recording is left to train on: raise --longest, or give 0")
    left_out = len(sounds) - len(kept)
    return kept, f"; {left_out:,} longer than {longest:g} s left out of train" if left_out else ""
