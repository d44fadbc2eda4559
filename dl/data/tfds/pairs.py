"""Texts with their translations from TFDS, without TensorFlow."""

from pathlib import Path
from typing import Any

from dl.data.dataset import Dataset
from dl.data.readers.pairs import dataset_of_texts
from dl.data.text.pairs import Pairs, choose_languages
from dl.data.text.reading import Reading
from dl.data.tfds.prepare import find_builder, is_prepared, prepare
from dl.data.tfds.text import read_texts
from dl.errors import InputError
from dl.screen import say


def load_tfds_pairs(
    name: str, *, validation: float, reading: Reading, data_dir: str | Path | None = None
) -> Dataset:
    """The TFDS set `name` of translations, such as `ted_hrlr_translate/pt_to_en`.

    It is prepared first if need be, and read from its first language to its second unless `reading`
    says otherwise. Pairs of which a side is empty are left out, and standard error says how many.

    Raises:
        InputError: for languages that the set does not have, and a set that is damaged.
    """
    builder = find_builder(name, data_dir=data_dir)
    languages = _languages(builder.info, reading, name)
    if not is_prepared(builder):
        prepare(name, data_dir=data_dir)
        builder = find_builder(name, data_dir=data_dir)
    splits = [part for part in ("train", "validation", "test") if part in builder.info.splits]
    if "train" not in splits:
        raise InputError(
            f"{name} has the parts {', '.join(builder.info.splits)}; train is needed here"
        )
    say(f"{name}: from {languages[0]} to {languages[1]}")
    parts = {part: _pairs(builder, part, languages, name) for part in splits}
    return dataset_of_texts(name, parts, validation=validation, reading=reading)


def holds_pairs(info: Any) -> bool:
    """Whether examples are one text in several languages."""
    import tensorflow_datasets as tfds

    return isinstance(info.features, tfds.features.Translation)


def _languages(info: Any, reading: Reading, name: str) -> tuple[str, str]:
    """From which language to which: as asked, else as TFDS has its pairs."""
    keys = info.supervised_keys
    if keys and not (reading.source or reading.target):
        return tuple(keys[:2])
    return choose_languages(sorted(info.features), reading, name)


def _pairs(builder: Any, split: str, languages: tuple[str, str], name: str) -> Pairs:
    rows = [
        tuple(text.strip() for text in row) for row in read_texts(builder, split, languages, name)
    ]
    kept = [row for row in rows if all(row)]
    if len(kept) < len(rows):
        say(f"{name}, {split}: left out {len(rows) - len(kept):,} pairs with an empty side")
    if not kept:
        raise InputError(f"{name} has no pairs in {split}: name another set")
    return Pairs([source for source, _ in kept], [target for _, target in kept])
