"""From the name that `--dataset` takes to a `Dataset`."""

import difflib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dl.data.adding import load_adding
from dl.data.chorales import load_chorales
from dl.data.dataset import Dataset, DataSpec
from dl.data.embedded import load_digits
from dl.data.folder import Colour, Damaged, load_folder
from dl.data.synthetic import load_circles, load_gates, load_moons, load_spirals, load_xor
from dl.data.text import Reading
from dl.data.text_files import load_text_file
from dl.errors import InputError, did_you_mean

BUILT_IN: dict[str, Callable[..., Dataset]] = {
    "digits": load_digits,
    "gates": load_gates,
    "xor": load_xor,
    "spirals": load_spirals,
    "circles": load_circles,
    "moons": load_moons,
}
"""Data sets that need neither network nor files."""

TEXTS = ("text", "lines", "jsonl", "tsv")
"""The forms of text files."""
PATHS = ("folder", *TEXTS, "chorales")
"""What may stand before a path."""


def load_data(
    name: str,
    *,
    validation: float = 0.0,
    data_dir: str | Path | None = None,
    image_size: tuple[int, int] | None = None,
    random_crops: bool = False,
    colour: Colour = "auto",
    damaged: Damaged = "refuse",
    reading: Reading | None = None,
) -> Dataset:
    """The data set called `name`.

    Args:
        name: a built-in data set (`digits`, `gates`, `xor`, `spirals`, `circles`, `moons`),
            `folder:PATH` (one sub-folder of pictures for each class), `text:PATH`, `lines:PATH`,
            `jsonl:PATH`, `tsv:PATH`, `chorales:PATH`, `adding:STEPS`, or a TFDS name (`mnist`,
            `cifar10`, `tiny_shakespeare`, ...).
        validation: the fraction of the training examples to hold out, by a permutation that no seed
            changes; of one stream of text its end.
        data_dir: where TFDS keeps prepared data; default `$TFDS_DATA_DIR`, then TFDS's own folder.
        image_size: (height, width) that pictures of a folder are resized to, and those of a TFDS
            set of many sizes.
        random_crops: train on random parts of the pictures, evaluate on their middles, as is done
            with photographs; not of the built-in ones. Such a set is read while it is used.
        colour: channels of a folder's pictures: "grey" (1), "rgb" (3), "auto" (grey if all files
            are).
        damaged: "refuse" or "skip" a folder's files that cannot be read.
        reading: how text becomes sequences; default characters, segments of 64.

    Raises:
        InputError: for an unknown name, data that cannot be prepared, an unreadable folder.

    >>> load_data("digits").spec.train_size
    1437
    """
    if not name:
        raise InputError(
            "this experiment has no public data set of its own: give --dataset, such as jsonl:PATH"
        )
    pictures = {
        "image_size": image_size,
        "random_crops": random_crops,
        "colour": colour,
        "damaged": damaged,
    }
    kind, colon, path = name.partition(":")
    if colon:
        return _load_path(
            name, kind, path, validation=validation, reading=reading or Reading(), pictures=pictures
        )
    _refuse_folder_options(name, colour=colour, damaged=damaged)
    if name in BUILT_IN:
        _refuse_cuts(name, image_size=image_size, random_crops=random_crops)
        return BUILT_IN[name](validation=validation)
    _check_spelling(name)
    from dl.data.tfds import load_tfds

    return load_tfds(
        name,
        validation=validation,
        data_dir=data_dir,
        image_size=image_size,
        random_crops=random_crops,
        reading=reading,
    )


def _load_path(
    name: str,
    kind: str,
    path: str,
    *,
    validation: float,
    reading: Reading,
    pictures: Mapping[str, Any],
) -> Dataset:
    """What stands behind the colon is a path, or the number of steps to add over."""
    if kind == "folder":
        return load_folder(path, validation=validation, **pictures)
    if kind not in (*TEXTS, "chorales", "adding"):
        known = ", ".join(f"{one}:PATH" for one in PATHS)
        raise InputError(
            f"unknown kind of data set {kind!r} in {name!r}; known: {known}, adding:STEPS"
        )
    _refuse_picture_options(name, pictures)
    if kind == "adding":
        return load_adding(path, validation=validation)
    if kind == "chorales":
        return load_chorales(path, validation=validation)
    return load_text_file(kind, path, validation=validation, reading=reading)


def can_be_resized(name: str) -> bool:
    """Whether the data set called `name` takes an `image_size`: a folder, or a TFDS set of pictures
    of many sizes.

    >>> can_be_resized("digits"), can_be_resized("folder:/pictures")
    (False, True)
    """
    if name in BUILT_IN or ":" in name:
        return name.startswith("folder:")
    _check_spelling(name)
    from dl.data.tfds import has_many_sizes

    return has_many_sizes(name)


def absolute(name: str) -> str:
    """The name with any path in it made absolute, so that it means the same in another working
    directory.

    >>> absolute("mnist"), absolute("folder:/pictures")
    ('mnist', 'folder:/pictures')
    """
    kind, colon, path = name.partition(":")
    return f"{kind}:{Path(path).expanduser().absolute()}" if colon and kind in PATHS else name


def _refuse_picture_options(name: str, options: Mapping[str, Any]) -> None:
    for option, value in options.items():
        if value not in (None, False, "auto", "refuse"):
            raise InputError(f"{option} is for pictures, and {name} has none: leave it out")


def _refuse_cuts(name: str, *, image_size: tuple[int, int] | None, random_crops: bool) -> None:
    if random_crops:
        kinds = "photographs, in a folder or of TFDS"
        raise InputError(
            f"random_crops is for {kinds}, not for {name}: leave it out, or give --no-random-crops"
        )
    if image_size:
        kinds = "folder:PATH and pictures of many sizes"
        raise InputError(
            f"image_size is for {kinds}; those of {name} have one: leave it out, or give --image-size 0"
        )


def _refuse_folder_options(name: str, **options: str) -> None:
    for option, value in options.items():
        if value not in ("auto", "refuse"):
            raise InputError(
                f"{option} is for pictures in a folder, not for {name}: leave it out, or give folder:PATH"
            )


def _check_spelling(name: str) -> None:
    """Refuse a name that is one slip away from a built-in one, before TFDS is asked for it."""
    if difflib.get_close_matches(name, BUILT_IN, n=1, cutoff=0.85):
        raise InputError(f"unknown data set {name!r}; {did_you_mean(name, BUILT_IN)}")


def describe_data(
    name: str,
    *,
    data_dir: str | Path | None = None,
    image_size: tuple[int, int] | None = None,
    colour: Colour = "auto",
    reading: Reading | None = None,
) -> DataSpec:
    """The shapes and classes of the data set called `name`; a TFDS set of pictures need not be
    prepared for it.
    """
    if not name or name in BUILT_IN or ":" in name:
        return load_data(
            name, data_dir=data_dir, image_size=image_size, colour=colour, reading=reading
        ).spec
    _refuse_folder_options(name, colour=colour)
    _check_spelling(name)
    from dl.data.tfds import describe_tfds

    return describe_tfds(name, data_dir=data_dir, image_size=image_size, reading=reading)
