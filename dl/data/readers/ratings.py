"""Ratings of items by users: `ratings:PATH`, and what is made of them wherever they come from."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from dl.data.dataset import Dataset, DataSpec
from dl.data.ratings.catalogue import Catalogue, History, pack
from dl.data.ratings.feedback import Feedback
from dl.data.ratings.files import read_ratings
from dl.data.ratings.splits import Split, split_ratings
from dl.data.ratings.table import Ratings
from dl.data.sources.arrays import ArraySource
from dl.data.sources.histories import HistorySource
from dl.errors import InputError

_MOST_CELLS = 2**31
"""Users times items of histories: one byte each lies on every device."""


def load_ratings(path: str | Path, *, validation: float, feedback: Feedback) -> Dataset:
    """The ratings at `path`, a file or a folder (`dl.data.ratings.files`).

    Raises:
        InputError: as `read_ratings` and `dataset_of_ratings`.
    """
    ratings = read_ratings(Path(str(path).strip()).expanduser(), feedback)
    return dataset_of_ratings(f"ratings:{path}", ratings, validation=validation, feedback=feedback)


def dataset_of_ratings(
    name: str, ratings: Ratings, *, validation: float, feedback: Feedback
) -> Dataset:
    """A data set of the ratings: numbers to predict, or items (`Feedback.kind`).

    Users and items are numbered in the order of their first rating, also those that occur only in
    held-out parts; nothing is learned about these. With the `catalogue` of a model, all ratings
    that it was not trained on are the training part as well as the test part.

    Raises:
        InputError: for too few ratings to hold some out, no item that was taken, more users and
            items than fit, and nothing that the model knows and was not trained on.
    """
    catalogue = feedback.catalogue or _numbered(ratings, feedback)
    known = _encoded(ratings, catalogue)
    if not len(known):
        raise InputError(f"{name} has no user and item that the model knows: give others")
    implicit = feedback.kind == "implicit"
    counts = _is_counted(known, feedback)
    learned = _where(known, counts)
    if not len(learned):
        raise InputError(
            f"{name} has no rating of {feedback.least:g} or more: give a lower --least"
        )
    if feedback.catalogue is None:
        split = split_ratings(learned, feedback, validation=validation)
        catalogue = _with_training(catalogue, learned.take(split.train), _where(known, ~counts))
    else:
        learned = _not_trained_on(name, learned, catalogue)
        split = Split(np.arange(len(learned)), np.zeros(0, int), np.arange(len(learned)))
    make = _histories if implicit else _pairs
    train, held_out, test = make(learned, split, catalogue)
    spec = DataSpec(
        name=name,
        task="retrieval" if implicit else "regression",
        input_shape=(len(catalogue.items),) if implicit else (2,),
        input_dtype="float32" if implicit else "int32",
        class_names=() if implicit else ("rating",),
        train_size=len(train),
        catalogue=catalogue,
    )
    summary = _summary(ratings, known, counts, learned, catalogue, feedback)
    return Dataset(spec, train, held_out if len(held_out) else None, test, summary=summary)


def _numbered(ratings: Ratings, feedback: Feedback) -> Catalogue:
    users, items = (_in_order(column) for column in (ratings.users, ratings.items))
    titles = tuple(ratings.titles.get(item) or item for item in items)
    # Of ratings that are to be predicted it has no meaning.
    all_count = ratings.scale[0] if feedback.kind == "implicit" else 0.0
    least = all_count if feedback.least is None else feedback.least
    return Catalogue(users, items, titles, ratings.scale, 0.0, "", least)


def _is_counted(ratings: Ratings, feedback: Feedback) -> np.ndarray:
    """Which ratings are examples [N]: all that are to be predicted, those of what was taken."""
    if feedback.kind == "explicit" or feedback.least is None:
        return np.ones(len(ratings), bool)
    return ratings.ratings >= feedback.least


def _in_order(column: np.ndarray) -> tuple[str, ...]:
    values, first = np.unique(column, return_index=True)
    return tuple(map(str, values[np.argsort(first)]))


def _encoded(ratings: Ratings, catalogue: Catalogue) -> Ratings:
    """The ratings by number instead of id, without those of users and items that are not known."""
    users, items = (
        _numbers(column, names)
        for column, names in ((ratings.users, catalogue.users), (ratings.items, catalogue.items))
    )
    numbered = replace(ratings, users=users, items=items)
    return _where(numbered, (users >= 0) & (items >= 0))


def _numbers(column: np.ndarray, names: Sequence[str]) -> np.ndarray:
    places = {name: place for place, name in enumerate(names)}
    return np.array([places.get(name, -1) for name in column.tolist()], np.int32)


def _not_trained_on(name: str, ratings: Ratings, catalogue: Catalogue) -> Ratings:
    """Those of the ratings of which the model has not seen the user with the item."""
    history, width = catalogue.history, len(catalogue.items)
    before = np.asarray(history.users, np.int64) * width + history.items
    pairs = np.asarray(ratings.users, np.int64) * width + ratings.items
    new = _where(ratings, ~np.isin(pairs, before))
    if not len(new):
        raise InputError(f"{name} has only ratings that the model was trained on: give others")
    return new


def _with_training(catalogue: Catalogue, train: Ratings, others: Ratings) -> Catalogue:
    """The catalogue with what is known of users: their training ratings, and those too low."""
    users, items, ratings = (
        np.concatenate([getattr(train, name), getattr(others, name)])
        for name in ("users", "items", "ratings")
    )
    mean = float(np.mean(train.ratings, dtype=np.float64))
    return replace(catalogue, mean=mean, rated=pack(History(users, items, ratings)))


def _pairs(ratings: Ratings, split: Split, catalogue: Catalogue) -> list[ArraySource]:
    """Of each part the users and items int32 [N, 2], and the ratings float32 [N, 1]."""
    pairs = np.stack([ratings.users, ratings.items], axis=1)
    return [ArraySource(pairs[part], ratings.ratings[part][:, None]) for part in split]


def _histories(ratings: Ratings, split: Split, catalogue: Catalogue) -> list[HistorySource]:
    """Of each part the users and the items that they took; histories are those of training."""
    shape = len(catalogue.users), len(catalogue.items)
    if np.prod(shape, dtype=float) > _MOST_CELLS:
        raise InputError(
            f"{shape[0]:,} users and {shape[1]:,} items are too many for their histories: give "
            "fewer"
        )
    taken, history = np.zeros(shape, np.uint8), catalogue.history
    high = history.ratings >= catalogue.least
    taken[history.users[high], history.items[high]] = 1
    return [HistorySource(taken, ratings.users[part], ratings.items[part]) for part in split]


def _summary(
    ratings: Ratings,
    known: Ratings,
    counts: np.ndarray,
    learned: Ratings,
    catalogue: Catalogue,
    feedback: Feedback,
) -> str:
    """A line for people: how many of what, and what was left out."""
    low, high = ratings.scale
    facts = [
        f"{len(learned):,} ratings from {low:g} to {high:g} of {len(catalogue.items):,} items by "
        f"{len(catalogue.users):,} users"
    ]
    if ratings.repeated:
        facts.append(f"of {ratings.repeated:,} repeated ones the last counts")
    if strange := len(ratings) - len(known):
        facts.append(f"{strange:,} of unknown users or items are left out")
    if low_ones := int(np.sum(~counts)):
        facts.append(f"{low_ones:,} below {feedback.least:g} are not counted as taken")
    if trained_on := len(known) - low_ones - len(learned):
        facts.append(f"{trained_on:,} that the model was trained on are left out")
    tested = "each user's last rating" if feedback.split == "last" else "a random tenth"
    if feedback.catalogue is not None:
        tested = "all that are left"
    return "; ".join([*facts, f"tested on {tested}"])


def _where(ratings: Ratings, chosen: np.ndarray) -> Ratings:
    return ratings.take(np.flatnonzero(chosen))
