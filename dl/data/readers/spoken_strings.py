"""Strings of spoken words, joined from recordings of single ones: `spoken_strings:PATH`.

The folder is that of `audio:PATH`. A string has 1 to 7 words of one speaker. Before, between and
behind them are pauses of random lengths; neighbours may overlap a little instead, as in fluent
speech. Training strings are made of training recordings, test strings of test recordings. Where a
share is held out for validation, it is a share of the recordings too: no string that is trained on
has one of those in the validation strings.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dl.data.audio.listening import Listening
from dl.data.audio.recordings import Recording, Recordings, read_recordings
from dl.data.dataset import Dataset
from dl.data.naming import listed
from dl.data.readers.transcribed import Utterance, transcribed
from dl.data.split import (
    VALIDATION_SEED,
    check_every_class,
    held_out_count,
    permutation,
    with_every_class,
)
from dl.errors import InputError

OVERLAP, PAUSE = 0.05, 0.25
"""By how many seconds neighbours may overlap, and the longest pause between them."""
EDGE = 0.3
"""The longest pause before the first word and behind the last, in seconds."""
_HISS = 2.0
"""Deviation of the noise under a whole string, on the scale of int16: no pause is perfect."""


def load_spoken_strings(
    path: str | Path, *, validation: float = 0.0, listening: Listening | None = None
) -> Dataset:
    """Waveforms with the words in each, in order: a transcription into the words of the recordings.

    `Listening` says how many strings, of how many words at most, and by which seed. A share
    `validation` of the training recordings, and of the training strings, is held out: validation
    strings are joined from recordings that no training string has.

    Raises:
        InputError: as `read_recordings`; for a word of the other parts that nobody says in
            training, and a `validation` that leaves no recording of a word.
    """
    listening, name = listening or Listening(), f"spoken_strings:{path}"
    recordings = read_recordings(path, listening)
    words = sorted({one.label for one in recordings.train})
    tested = [*recordings.validation, *recordings.test]
    if unknown := sorted({one.label for one in tested} - set(words)):
        raise InputError(f"{name} has no training recording of {listed(unknown)}: give some")

    def strings(part: Sequence[Recording], count: int, number: int) -> list[Utterance]:
        seed = np.array([listening.string_seed, number], np.uint64)
        generator = np.random.Generator(np.random.Philox(key=seed))
        return make_strings(
            part, count, generator, rate=recordings.rate, most_words=listening.most_words
        )

    parts = _parts(recordings, listening, validation, name)
    train, validated, test = (
        strings(part, count, number) if part else [] for number, (part, count) in enumerate(parts)
    )
    summary = f"{len(train):,} + {len(test):,} strings of 1 to {listening.most_words} words from "
    return transcribed(
        name,
        train,
        validated,
        test,
        labels=words,
        rate=recordings.rate,
        fraction=0.0,
        listening=listening,
        summary=summary + recordings.summary,
    )


def _parts(
    recordings: Recordings, listening: Listening, validation: float, name: str
) -> list[tuple[Sequence[Recording], int]]:
    """Recordings of train, validation and test, and how many strings are joined from each."""
    test = (recordings.test, listening.test_strings)
    held_out = held_out_count(listening.strings, fraction=validation)
    if not held_out:
        own = (recordings.validation, listening.test_strings)
        return [(recordings.train, listening.strings), own, test]
    kept, cut = hold_out(recordings.train, fraction=validation, name=name)
    return [(kept, listening.strings - held_out), (cut, held_out), test]


def hold_out(
    recordings: Sequence[Recording], *, fraction: float, name: str
) -> tuple[list[Recording], list[Recording]]:
    """The recordings to train on, and a `fraction` of them, one at least, to validate on.

    Every speaker keeps a recording of each word to train on, where there are enough.

    Raises:
        InputError: if nobody says one of the words any more.

    >>> beeps = [Recording(np.zeros(9, np.int16), "beep", "robot")] * 10
    >>> [len(part) for part in hold_out(beeps, fraction=0.2, name="beeps")]
    [8, 2]
    """
    count = max(1, held_out_count(len(recordings), fraction=fraction))
    said = np.array([f"{one.speaker}/{one.label}" for one in recordings])
    order = with_every_class(permutation(VALIDATION_SEED, len(said)), said, count)
    kept, cut = (
        [recordings[place] for place in np.sort(places)]
        for places in (order[count:], order[:count])
    )
    check_every_class((one.label for one in recordings), (one.label for one in kept), name=name)
    return kept, cut


def make_strings(
    recordings: Sequence[Recording],
    count: int,
    generator: np.random.Generator,
    *,
    rate: int,
    most_words: int = 7,
) -> list[Utterance]:
    """`count` strings of 1 to `most_words` words, each of one speaker.

    Speaker, number of words and each word are drawn uniformly, then one of the speaker's recordings
    of the word.

    >>> beep = Recording(np.full(800, 1000, np.int16), "beep", "robot")
    >>> (string,) = make_strings([beep], 1, np.random.default_rng(0), rate=8000, most_words=1)
    >>> string.labels, len(string.samples) > 800
    (('beep',), True)
    """
    by_speaker: dict[str, dict[str, list[Recording]]] = {}
    for one in recordings:
        by_speaker.setdefault(one.speaker, {}).setdefault(one.label, []).append(one)
    speakers = sorted(by_speaker)
    made = []
    for number in range(count):
        speaker = speakers[generator.integers(len(speakers))]
        words = sorted(by_speaker[speaker])
        labels = [
            words[place]
            for place in generator.integers(len(words), size=1 + generator.integers(most_words))
        ]
        chosen = [by_speaker[speaker][label] for label in labels]
        pieces = [own[generator.integers(len(own))].samples for own in chosen]
        samples = join(pieces, generator, rate)
        made.append(Utterance(samples, tuple(labels), f"string {number}"))
    return made


def join(pieces: Sequence[np.ndarray], generator: np.random.Generator, rate: int) -> np.ndarray:
    """Recordings int16 one after the other, with random pauses and overlaps: int16 [N].

    An overlap, in which both are added, takes at most a quarter of either neighbour.
    """
    gaps = generator.uniform(-OVERLAP, PAUSE, size=len(pieces) - 1)
    before, behind = (int(rate * pause) for pause in generator.uniform(0.02, EDGE, size=2))
    starts = [before]
    for gap, piece, after in zip(gaps, pieces, pieces[1:], strict=False):
        most = min(len(piece), len(after)) // 4
        starts.append(starts[-1] + len(piece) + max(-most, int(rate * gap)))
    whole = generator.normal(scale=_HISS, size=starts[-1] + len(pieces[-1]) + behind)
    for start, piece in zip(starts, pieces, strict=True):
        whole[start : start + len(piece)] += piece
    return np.clip(np.rint(whole), -(2**15), 2**15 - 1).astype(np.int16)
