"""A TFDS data set of labelled or captioned pictures, of text, or of translations."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from dl.data.dataset import Dataset, DataSpec
from dl.data.ratings.feedback import Feedback
from dl.data.text.reading import Reading
from dl.data.tfds.captions import holds_captions, load_tfds_captions
from dl.data.tfds.pairs import holds_pairs, load_tfds_pairs
from dl.data.tfds.pictures import describe_tfds_pictures, load_tfds_pictures
from dl.data.tfds.prepare import find_builder, is_prepared
from dl.data.tfds.ratings import holds_ratings, load_tfds_ratings
from dl.data.tfds.text import holds_text, load_tfds_text
from dl.errors import InputError


def load_tfds(
    name: str,
    *,
    validation: float,
    data_dir: str | Path | None = None,
    image_size: tuple[int, int] | None = None,
    random_crops: bool = False,
    reading: Reading | None = None,
    feedback: Feedback | None = None,
) -> Dataset:
    """The TFDS data set `name`, which is first downloaded and prepared where that is needed.

    Pictures are uint8 [N, H, W, C] with labels int32 [N] or captions (`dl.data.tfds.captions`);
    text becomes sequences of symbols, and translations (`ted_hrlr_translate/pt_to_en`) become pairs
    of them. Train
    and test are TFDS's own parts; where the test part is missing or has no labels, the validation
    part takes its place. Pictures are decoded while they are used (`dl.data.sources.streamed`) if
    they do not fit in memory, have many sizes, or are cropped at random.

    Args:
        name: of a set of labelled or captioned pictures or of text: `mnist`, `imagenet2012`,
            `coco_captions`, `tiny_shakespeare`.
        validation: the fraction of the training examples to hold out.
        data_dir: where prepared data is kept; default `$TFDS_DATA_DIR`, then
            `~/tensorflow_datasets`.
        image_size: (height, width) that pictures of many sizes are scaled to.
        random_crops: train on random crops of the pictures, evaluate on their centres.
        reading: how text becomes sequences.
        feedback: how ratings become examples.

    Raises:
        InputError: for an unknown name, a set of something else, damaged data, pictures of many
            sizes without `image_size`, pictures of one size with it, and for all that stops
            `dl.data.tfds.prepare.prepare`.
    """
    info = find_builder(name, data_dir=data_dir).info
    if holds_ratings(info):
        return load_tfds_ratings(
            name, validation=validation, feedback=feedback or Feedback(), data_dir=data_dir
        )
    if holds_captions(info) and not random_crops:
        return load_tfds_captions(
            name,
            validation=validation,
            reading=reading or Reading(unit="word"),
            image_size=image_size,
            data_dir=data_dir,
        )
    load_texts = _reader_of_texts(info)
    if load_texts is None:
        return load_tfds_pictures(
            name,
            validation=validation,
            data_dir=data_dir,
            image_size=image_size,
            random_crops=random_crops,
        )
    if image_size or random_crops:
        option = "image_size" if image_size else "random_crops"
        raise InputError(f"{option} is for pictures, and {name} has none: leave it out")
    return load_texts(name, validation=validation, reading=reading or Reading(), data_dir=data_dir)


def are_tfds_ratings(name: str) -> bool:
    """Whether the TFDS data set `name` holds ratings.

    Raises:
        InputError: for an unknown name.
    """
    return holds_ratings(find_builder(name).info)


def describe_tfds(
    name: str,
    *,
    data_dir: str | Path | None = None,
    image_size: tuple[int, int] | None = None,
    reading: Reading | None = None,
    feedback: Feedback | None = None,
) -> DataSpec:
    """The shapes and classes of the TFDS data set `name`, without reading any picture.

    A set of pictures need not be prepared. `train_size` counts the whole training part; it is 0
    before the set is prepared. The moments of the pictures are left at their defaults.

    Raises:
        InputError: for an unknown name, a set of something else, and text that is not prepared.
    """
    builder = find_builder(name, data_dir=data_dir)
    captioned = holds_captions(builder.info)
    if holds_ratings(builder.info) and is_prepared(builder):
        return load_tfds_ratings(
            name, validation=0.0, feedback=feedback or Feedback(), data_dir=data_dir
        ).spec
    load_texts = _reader_of_texts(builder.info)
    if load_texts is None and not captioned:
        return describe_tfds_pictures(name, data_dir=data_dir, image_size=image_size)
    if not is_prepared(builder):
        raise InputError(
            f"the symbols of {name} are known when it is prepared: `data prepare {name}`"
        )
    if captioned or load_texts is None:
        return load_tfds(
            name, validation=0.0, data_dir=data_dir, image_size=image_size, reading=reading
        ).spec
    return load_texts(name, validation=0.0, reading=reading or Reading(), data_dir=data_dir).spec


def _reader_of_texts(info: Any) -> Callable[..., Dataset] | None:
    """The function that reads a set of texts, or of translations; None for a set of others."""
    if holds_pairs(info):
        return load_tfds_pairs
    return load_tfds_text if holds_text(info) else None
