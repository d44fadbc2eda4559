"""Which ratings are held out: some at random, or those that each user gave last."""

from typing import NamedTuple

import numpy as np

from dl.data.ratings.feedback import Feedback
from dl.data.ratings.table import Ratings
from dl.data.split import VALIDATION_SEED, held_out_count, permutation
from dl.errors import InputError

_TEST_FRACTION = 0.1
_TEST_SEED = 94_305  # with the split seed it is the key of the permutation


class Split(NamedTuple):
    """The places of the ratings of each part; validation is empty if none is held out."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def split_ratings(ratings: Ratings, feedback: Feedback, *, validation: float) -> Split:
    """The parts that `feedback.split` asks for.

    "random": a tenth of all ratings is the test part, another one for each `split_seed`, and
    `validation` a fraction of the others. "last": the last rating of each user is the test, and
    with any `validation` the one before it is held out too; users with fewer than three ratings
    are used for training only.

    Raises:
        InputError: for too few ratings, and ratings without times whose last ones are asked for.
    """
    if feedback.split == "last":
        return _last(ratings, hold_out=validation > 0)
    count = len(ratings)
    order = permutation(_TEST_SEED + feedback.split_seed, count)
    tested = round(_TEST_FRACTION * count)
    if not 0 < tested < count:
        raise InputError(f"{count} rating(s) are too few to hold some out: give ten or more")
    train, test = np.sort(order[tested:]), np.sort(order[:tested])
    held_out = held_out_count(len(train), fraction=validation)
    again = permutation(VALIDATION_SEED, len(train))
    return Split(np.sort(train[again[held_out:]]), np.sort(train[again[:held_out]]), test)


def _last(ratings: Ratings, *, hold_out: bool) -> Split:
    if ratings.times is None:
        raise InputError(
            "the last ratings are asked for, and the file has no column of times (timestamp, time, "
            "…): name it by --columns USER,ITEM,RATING,TIME, or give --split random"
        )
    users = np.unique(ratings.users, return_inverse=True)[1]
    order = np.lexsort((ratings.times, users))  # equal times stay in the order of the lines
    counts = np.bincount(users)
    backwards = np.repeat(np.cumsum(counts), counts) - 1 - np.arange(len(order))
    many = np.repeat(counts, counts) >= 3
    part = np.where(many & (backwards <= int(hold_out)), backwards + 1, 0)
    train, test, held_out = (np.sort(order[part == number]) for number in range(3))
    if not len(test):
        raise InputError("no user has three ratings, whose last could be held out: give more")
    return Split(train, held_out, test)
