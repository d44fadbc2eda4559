"""From the name that `--dataset` takes to a `Dataset`, by a table of readers.

A new kind of data set is a file in `dl/data/readers/` and a row of `READERS`.
"""

import difflib
import os
from functools import partial
from pathlib import Path
from typing import Any

from dl.data.audio.listening import Listening
from dl.data.dataset import Dataset, DataSpec
from dl.data.pictures.picture import MOST_MEGAPIXELS
from dl.data.ratings.feedback import Feedback
from dl.data.reader import Reader, taken
from dl.data.readers.adding import load_adding
from dl.data.readers.audio import load_audio
from dl.data.readers.captions import load_captions
from dl.data.readers.chorales import load_chorales
from dl.data.readers.embedded import load_digits
from dl.data.readers.folder import Colour, Damaged, load_folder
from dl.data.readers.games import SOLVED, load_moves, load_outcomes, load_starts
from dl.data.readers.names import load_names
from dl.data.readers.pairs import load_pairs
from dl.data.readers.play import load_play
from dl.data.readers.ratings import load_ratings
from dl.data.readers.scenes import load_scenes
from dl.data.readers.spoken_strings import load_spoken_strings
from dl.data.readers.synthetic import (
    load_circles,
    load_gates,
    load_moons,
    load_spirals,
    load_xor,
)
from dl.data.readers.text_files import load_text_file
from dl.data.readers.timit import load_timit
from dl.data.text.reading import Reading
from dl.data.tfds.load import are_tfds_ratings, describe_tfds, load_tfds
from dl.data.tfds.pictures import has_many_sizes
from dl.errors import InputError, did_you_mean


def _pictures(name: str, **options: Any) -> Dataset:
    """The pictures that scenes are made of."""
    return load_data(name, **options)


READERS: dict[str, Reader] = {
    "digits": Reader(load_digits),
    "gates": Reader(load_gates),
    "xor": Reader(load_xor),
    "spirals": Reader(load_spirals),
    "circles": Reader(load_circles),
    "moons": Reader(load_moons),
    "names": Reader(load_names, options=("reading",)),
    "folder": Reader(
        load_folder,
        "PATH",
        ("image_size", "random_crops", "colour", "damaged", "max_megapixels"),
    ),
    "text": Reader(partial(load_text_file, "text"), "PATH", ("reading",)),
    "lines": Reader(partial(load_text_file, "lines"), "PATH", ("reading",)),
    "jsonl": Reader(partial(load_text_file, "jsonl"), "PATH", ("reading",)),
    "tsv": Reader(partial(load_text_file, "tsv"), "PATH", ("reading",)),
    "csv": Reader(partial(load_text_file, "csv"), "PATH", ("reading",)),
    "pairs": Reader(load_pairs, "PATH", ("reading",)),
    "chorales": Reader(load_chorales, "PATH"),
    "captions": Reader(
        load_captions,
        "PATH",
        ("image_size", "colour", "damaged", "max_megapixels", "reading"),
        reading=None,
    ),
    "adding": Reader(load_adding, "STEPS"),
    "audio": Reader(load_audio, "PATH", ("listening",)),
    "timit": Reader(load_timit, "PATH", ("listening",)),
    "spoken_strings": Reader(load_spoken_strings, "PATH", ("listening",)),
    "ratings": Reader(load_ratings, "PATH", ("feedback",)),
    "scenes": Reader(partial(load_scenes, _pictures), "SET", ("data_dir",)),
    "play": Reader(load_play, "GAME"),
    "moves": Reader(load_moves, "PATH", known=(SOLVED,)),
    "outcomes": Reader(load_outcomes, "PATH"),
    "games": Reader(load_starts, "GAME"),
    "unseen-scenes": Reader(partial(load_scenes, _pictures, unseen=True), "SET", ("data_dir",)),
}
"""All kinds of data set but those of TFDS, by the name or by the word before the colon."""

TFDS = Reader(
    load_tfds,
    options=("data_dir", "image_size", "random_crops", "reading", "feedback"),
    describe=describe_tfds,
    reading=None,
)
"""Reads every other name; it is called with the name."""

BUILT_IN = {name: reader.read for name, reader in READERS.items() if not reader.behind}
"""Data sets that need neither network nor files."""


def load_data(
    name: str,
    *,
    validation: float = 0.0,
    data_dir: str | Path | None = None,
    image_size: tuple[int, int] | None = None,
    random_crops: bool = False,
    colour: Colour = "auto",
    damaged: Damaged = "refuse",
    max_megapixels: int = MOST_MEGAPIXELS,
    reading: Reading | None = None,
    listening: Listening | None = None,
    feedback: Feedback | None = None,
) -> Dataset:
    """The data set called `name`.

    Args:
        name: a built-in data set (`digits`, `gates`, `xor`, `spirals`, `circles`, `moons`,
            `names`), `folder:PATH` (one sub-folder of pictures for each class), `text:PATH`,
            `lines:PATH`, `jsonl:PATH`, `tsv:PATH`, `csv:PATH`, `pairs:PATH`, `chorales:PATH`,
            `audio:PATH` (one sub-folder of recordings for each class, or named by it),
            `spoken_strings:PATH` (joined from these), `timit:PATH`, `captions:PATH`,
            `ratings:PATH`, `scenes:SET`, `unseen-scenes:SET`, `moves:PATH` and `outcomes:PATH`
            (recorded games), `moves:tic_tac_toe`, `play:GAME`, `games:GAME`, `adding:STEPS`, or a
            TFDS name (`mnist`, `cifar10`,
            `coco_captions`, `tiny_shakespeare`, ...).
        validation: the fraction of the training examples to hold out; the permutation that chooses
            them is the same for every seed. Of one stream of text the end is held out.
        data_dir: where TFDS keeps prepared data; default `$TFDS_DATA_DIR`, then TFDS's own folder.
        image_size: (height, width) that pictures are resized to: those of a folder, and those of a
            TFDS set of many sizes.
        random_crops: train on random parts of the pictures and evaluate on their middles, as is
            usual for photographs. Such a set is decoded while it is used.
        colour: channels of a folder's pictures: "grey" (1), "rgb" (3), "auto" (grey if all files
            are).
        damaged: "refuse" or "skip" a folder's files that cannot be read.
        max_megapixels: refuse a folder's pictures with more pixels (in millions) than this.
        reading: how text becomes sequences; default characters, segments of 64, of captions words.
        listening: how recordings become examples.
        feedback: how ratings become examples.

    Raises:
        InputError: for an unknown name, an option that the data set does not take, data that cannot
            be prepared, files that cannot be read.

    >>> load_data("digits").spec.train_size
    1437
    """
    reader, place = _find_reader(name)
    options = {
        "data_dir": data_dir,
        "image_size": image_size,
        "random_crops": random_crops,
        "colour": colour,
        "damaged": damaged,
        "max_megapixels": max_megapixels,
        "reading": reading or reader.reading,
        "listening": listening or Listening(),
        "feedback": feedback or Feedback(),
    }
    return reader.read(*place, validation=validation, **taken(name, reader, options))


def describe_data(
    name: str,
    *,
    data_dir: str | Path | None = None,
    image_size: tuple[int, int] | None = None,
    colour: Colour = "auto",
    reading: Reading | None = None,
    listening: Listening | None = None,
    feedback: Feedback | None = None,
) -> DataSpec:
    """The shapes and classes of the data set `name`; TFDS pictures need not be prepared for it."""
    reader, place = _find_reader(name)
    options = {
        "data_dir": data_dir,
        "image_size": image_size,
        "colour": colour,
        "reading": reading or reader.reading,
        "listening": listening or Listening(),
        "feedback": feedback or Feedback(),
    }
    if reader.describe is None:
        return load_data(name, **options).spec
    return reader.describe(*place, **taken(name, reader, options))


def can_be_resized(name: str) -> bool:
    """Whether the data set `name` takes an `image_size`: a folder, TFDS pictures of many sizes.

    >>> can_be_resized("digits"), can_be_resized("folder:/pictures")
    (False, True)
    """
    reader, _ = _find_reader(name)
    return has_many_sizes(name) if reader is TFDS else "image_size" in reader.options


def are_ratings(name: str) -> bool:
    """Whether the data set `name` holds ratings.

    >>> are_ratings("digits"), are_ratings("ratings:PATH")
    (False, True)
    """
    reader, _ = _find_reader(name)
    return are_tfds_ratings(name) if reader is TFDS else reader is READERS["ratings"]


def absolute(name: str) -> str:
    """The name with its path made absolute, so that it holds in every working directory.

    >>> absolute("mnist"), absolute("folder:/pictures")
    ('mnist', 'folder:/pictures')
    """
    kind, colon, path = _words(name)
    if not colon or kind not in READERS or READERS[kind].behind != "PATH":
        return name
    if path in READERS[kind].known:
        return f"{kind}:{path}"
    return f"{kind}:{Path(path).absolute()}"


def _words(name: str) -> tuple[str, str, str]:
    """The kind, the colon and what stands behind it: without blanks around, `~` written out."""
    kind, colon, behind = name.partition(":")
    kind = kind.strip()
    if kind not in READERS or READERS[kind].behind != "PATH":
        return kind, colon, behind.strip()
    path = behind if os.path.exists(behind) else behind.strip()  # of any text
    try:
        return kind, colon, str(Path(path).expanduser()) if path.startswith("~") else path
    except RuntimeError:
        raise InputError(
            f"{name} names the home of somebody unknown: give the path itself"
        ) from None


def _find_reader(name: str) -> tuple[Reader, tuple[str, ...]]:
    """The row for `name`, and what its functions are called with."""
    if not isinstance(name, str):
        raise InputError(
            f"a data set is called by its name, such as 'digits', and this is {_article(name)}: "
            "give arrays to dl.make_dataset(x, y), or to dl.fit as a pair (x, y), and a path as "
            "'folder:PATH' or 'text:PATH'"
        )
    if not name:
        raise InputError(
            "this experiment has no public data set of its own: give --dataset, such as jsonl:PATH"
        )
    kind, colon, behind = _words(name)
    reader = READERS.get(kind)
    if reader is not None and bool(colon) == bool(reader.behind):
        if colon and not behind:
            raise InputError(f"{name!r} names no {reader.behind}: give {kind}:{reader.behind}")
        return reader, (behind,) if colon else ()
    if colon:
        known = ", ".join(f"{kind}:{row.behind}" for kind, row in READERS.items() if row.behind)
        raise InputError(f"unknown kind of data set {kind!r} in {name!r}; known: {known}")
    _check_spelling(kind)
    return TFDS, (kind,)


def _article(value: object) -> str:
    name = type(value).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


def _check_spelling(name: str) -> None:
    """Refuse a name that is one slip away from a built-in one, before TFDS is asked for it."""
    names = [row for row, reader in READERS.items() if not reader.behind]
    if difflib.get_close_matches(name, names, n=1, cutoff=0.85):
        raise InputError(f"unknown data set {name!r}; {did_you_mean(name, names)}")
