"""Options that say how ratings are read; other options inherit them beside their own."""

from dataclasses import dataclass
from typing import Literal

from dl.data.dataset import Dataset
from dl.data.ratings.feedback import Feedback
from dl.errors import InputError
from dl.ranges import CountOrZero


@dataclass(frozen=True)
class RatingFields:
    """Options that say how ratings are read, to predict them."""

    split: Literal["random", "last"] = "random"
    """Test on a random tenth of the ratings, or on each user's last."""
    split_seed: CountOrZero = 0
    """Which tenth is the test part."""
    columns: str = ""
    """Columns of a table of ratings: the header's names of user, item, rating and perhaps time.

    Items that are taken and not rated need no rating: user and item, or user,item,,time.
    """
    scale: str = ""
    """Lowest and highest rating, such as 1,5; by default those of the layout or of the data."""

    @property
    def feedback(self) -> Feedback:
        """How ratings become examples."""
        return Feedback(
            split=self.split, split_seed=self.split_seed, columns=self.columns, scale=self.scale
        )

    def check_data(self, data: Dataset) -> None:
        """Raise an `InputError` for data that are no ratings."""
        if data.spec.catalogue is None:
            raise InputError(f"{data.spec.name} has no ratings: give --dataset ratings:PATH")


@dataclass(frozen=True)
class TakenFields(RatingFields):
    """The same to predict which items a user takes."""

    least: float | None = None
    """What is rated lower does not count as taken; by default all counts."""

    @property
    def feedback(self) -> Feedback:
        """How ratings become examples."""
        return Feedback(
            kind="implicit",
            split=self.split,
            split_seed=self.split_seed,
            least=self.least,
            columns=self.columns,
            scale=self.scale,
        )
