"""Which words recordings hold, who speaks them, and which are for testing.

A folder of recordings has one of these layouts; parts are named as in `folder:PATH`:

    PATH/yes/1.wav        PATH/train/yes/1.wav        PATH/7_jackson_0.wav
    PATH/no/1.wav         PATH/test/yes/2.wav         PATH/7_theo_12.wav

In the right one the names tell the label, the speaker and a number (`Listening.file_names`). There
numbers 0 to 4 of each speaker and label are the test part, as the Free Spoken Digit Dataset has it,
or all recordings of one speaker. Without names and parts a tenth is the test part, chosen by a
fixed permutation.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from dl.data.audio.files import decode_sound
from dl.data.audio.listening import Listening
from dl.data.audio.resample import resampled
from dl.data.audio.stored import StoredFile, find_sounds
from dl.data.naming import some_of
from dl.data.readers.folder_layout import part_named
from dl.data.split import held_out_count, permutation
from dl.errors import InputError

TESTED_NUMBERS = range(5)
"""The numbers of the test recordings of each speaker and label."""
_TEST_SEED, _TEST_SHARE = 20_13_09, 0.1


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

    train, left_out = _without_long(recordings("train"), listening.longest * rate)
    summary = f"{len(known):,} recordings at {rate:,} Hz; {rule}"
    if left_out:
        summary += f"; {left_out:,} longer than {listening.longest:g} s left out of train"
    if not train:
        raise InputError(f"{path}: no recording is left to train on: raise --longest, or give 0")
    return Recordings(train, recordings("validation"), recordings("test"), rate, summary)


def _describe(file: StoredFile, listening: Listening, path: Path) -> _Known:
    folders, part = list(file.place.parts[:-1]), None
    if folders and part_named(folders[0]):
        part = part_named(folders.pop(0))
    told = _told(file.place, listening.file_names)
    if not folders and "label" not in told:
        raise InputError(
            f"{path}/{file.place}: the name does not follow {listening.file_names}; name files so, "
            "give another --file-names, or put the recordings of each class into a folder"
        )
    number = int(told["index"]) if "index" in told else None
    label = folders[0] if folders else told["label"]
    return _Known(file, label, told.get("speaker", ""), number, part)


def _told(place: PurePosixPath, file_names: str) -> dict[str, str]:
    """What a name tells by the pattern: label, speaker and index; {} if it does not follow it."""
    pattern = re.escape(file_names)
    for field, signs in (("label", ".+?"), ("speaker", ".+?"), ("index", r"\d+")):
        pattern = pattern.replace(re.escape(f"{{{field}}}"), f"(?P<{field}>{signs})", 1)
    try:
        found = re.fullmatch(pattern, place.stem)
    except re.error:
        raise InputError(f"file_names is {file_names!r}; give each field once") from None
    return found.groupdict() if found else {}


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
        tested = permutation(_TEST_SEED, len(known))[
            : max(1, held_out_count(len(known), fraction=_TEST_SHARE))
        ]
        parts = _cut(known, np.isin(np.arange(len(known)), tested).tolist())
        rule = "a tenth of them, chosen by a fixed permutation, is the test part"
    for part in ("train", "test"):
        if not parts[part]:
            raise InputError(f"{path} has no recording for the {part} part ({rule})")
    return parts, rule


_PARTS = ("train", "validation", "test")


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


def _without_long(recordings: list[Recording], most: float) -> tuple[list[Recording], int]:
    kept = [one for one in recordings if not most or len(one.samples) <= most]
    return kept, len(recordings) - len(kept)
