"""Ratings from TFDS, such as `movielens/latest-small-ratings`, without TensorFlow."""

from pathlib import Path
from typing import Any

from dl.data.dataset import Dataset
from dl.data.ratings.feedback import Feedback
from dl.data.ratings.table import make_ratings
from dl.data.readers.ratings import dataset_of_ratings
from dl.data.tfds.prepare import find_builder, is_prepared, prepare
from dl.data.tfds.text import read_texts
from dl.errors import InputError

_KEYS = ("user_id", "movie_id", "user_rating", "timestamp", "movie_title")
_HALVES = (0.5, 5.0)
_WHOLE = (1.0, 5.0)


def load_tfds_ratings(
    name: str, *, validation: float, feedback: Feedback, data_dir: str | Path | None = None
) -> Dataset:
    """The TFDS set `name` of ratings, all of its parts together; it is prepared first if need be.

    Ratings are from 1 to 5 in the older sets of MovieLens (100k and 1m), in others from ½.

    Raises:
        InputError: for a set that is damaged, and as `dataset_of_ratings`.
    """
    builder = find_builder(name, data_dir=data_dir)
    if not is_prepared(builder):
        prepare(name, data_dir=data_dir)
        builder = find_builder(name, data_dir=data_dir)
    rows = [row for split in builder.info.splits for row in read_texts(builder, split, _KEYS, name)]
    if not rows:
        raise InputError(f"{name} has no ratings: name another set")
    older = any(size in name for size in ("100k", "1m"))
    ratings = make_ratings(
        [(place, row[:4]) for place, row in enumerate(rows, 1)],
        source=name,
        titles={row[1]: row[4] for row in rows},
        scale=feedback.bounds or (_WHOLE if older else _HALVES),
    )
    return dataset_of_ratings(name, ratings, validation=validation, feedback=feedback)


def holds_ratings(info: Any) -> bool:
    """Whether examples are ratings of films by users."""
    return set(_KEYS) <= set(getattr(info.features, "keys", tuple)())
