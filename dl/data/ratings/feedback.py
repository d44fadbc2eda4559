"""How ratings become examples: options."""

from dataclasses import dataclass
from typing import Literal

from dl.data.ratings.catalogue import Catalogue
from dl.errors import InputError
from dl.ranges import CountOrZero, check_fields


@dataclass(frozen=True)
class Feedback:
    """How ratings become examples.

    An "explicit" example is a user, an item and the rating that is to be predicted. An "implicit"
    one is an item that a user took, predicted from all others that this user took; taken is what
    was rated `least` or more, and without it everything. `split` holds out a random tenth by
    `split_seed`, or each user's last rating. `columns` names those of user, item, rating and
    perhaps time, and `scale` the lowest and highest rating, where a file does not say it. With a
    `catalogue`, that of a model, users and items are numbered as there. Ratings of others are then
    left out, and so are those that the model was trained on; all that are left are evaluated.
    """

    kind: Literal["explicit", "implicit"] = "explicit"
    split: Literal["random", "last"] = "random"
    split_seed: CountOrZero = 0
    least: float | None = None
    columns: str = ""
    scale: str = ""
    catalogue: Catalogue | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        self.bounds  # noqa: B018 - refuses a scale that is none

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The lowest and the highest rating, if they are given.

        >>> Feedback(scale="1,10").bounds
        (1.0, 10.0)
        """
        if not self.scale:
            return None
        try:
            low, high = map(float, self.scale.split(","))
        except ValueError:
            low, high = 1.0, 0.0
        if not low < high:
            raise InputError(
                f"scale is {self.scale!r}: give the lowest and the highest rating, such as 1,5"
            )
        return low, high
