"""Elo ratings of one net at several steps of its training, apart from those of other players."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from dl.errors import InputError


class EloSteps(NamedTuple):
    """Ratings of one net by its training steps, and those of players that stay as they are."""

    steps: list[int]
    ratings: list[float]
    errors: list[float]
    others: dict[str, float]


def elo_steps(ratings: Mapping[str, float], errors: Mapping[str, float] | None = None) -> EloSteps:
    """Ratings by the names of players, such as "step 500" and "random", as a curve and its others.

    Raises:
        InputError: when no player is called "step" and a number.

    >>> elo_steps({"random": 0.0, "step 500": 700.0, "step 0": 10.0}).ratings
    [10.0, 700.0]
    """
    numbers = {name: re.fullmatch(r"step (\d+)", name) for name in ratings}
    steps = sorted((int(found[1]), name) for name, found in numbers.items() if found)
    if not steps:
        raise InputError("no rating is that of a step, such as 'step 500'")
    known = errors or {}
    return EloSteps(
        [step for step, _ in steps],
        [ratings[name] for _, name in steps],
        [known.get(name, 0.0) for _, name in steps],
        {name: rating for name, rating in ratings.items() if not numbers[name]},
    )
