"""Users and items by name and number, and who rated what in training."""

import base64
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from dl.data.naming import listed, shown
from dl.errors import InputError, did_you_mean

_YEAR = re.compile(r"\s*\(\d{4}\)\s*$")
_IN_BRACKETS = re.compile(r"\[(.+)\]$")
_ARTICLE = re.compile(r"^(.*), (the|an?)$")


class History(NamedTuple):
    """Ratings [N] by the number of the user and of the item, sorted by both."""

    users: np.ndarray
    items: np.ndarray
    ratings: np.ndarray

    def of(self, user: int) -> tuple[np.ndarray, np.ndarray]:
        """The items that a user has rated, and the ratings."""
        first, last = np.searchsorted(self.users, [user, user + 1])
        return self.items[first:last], self.ratings[first:last]


@dataclass(frozen=True)
class Catalogue:
    """The users and items of a data set; the number of each is its place.

    `titles` are what people call the items. Ratings lie on the `scale` (lowest, highest); `mean` is
    that of the training part. An item counts as taken if it was rated `least` or more. `rated` are
    the ratings of the training part, packed into a text (`pack`), so that a model can recommend
    where its data are not.

    >>> rated = pack(History(np.array([0, 0]), np.array([0, 1]), np.array([4.0, 2.0])))
    >>> films = Catalogue(("ann",), ("7", "9"), ("Alien (1979)", "Heat (1995)"), (1, 5), 3.0, rated)
    >>> films.item("heat"), films.user("ann"), films.history.of(0)[0].tolist()
    (1, 0, [0, 1])
    """

    users: tuple[str, ...]
    items: tuple[str, ...]
    titles: tuple[str, ...]
    scale: tuple[float, ...]
    mean: float
    rated: str
    least: float = 0.0

    @cached_property
    def history(self) -> History:
        """The ratings of the training part."""
        return unpack(self.rated)

    @cached_property
    def item_counts(self) -> np.ndarray:
        """How often each item was rated in training, [I]."""
        return np.bincount(self.history.items, minlength=len(self.items))

    def user(self, name: str) -> int:
        """The number of a user.

        Raises:
            InputError: for a name that is not known; it names the nearest.
        """
        asked = str(name).strip()
        number = self._users.get(asked)
        if number is None:
            raise InputError(
                f"unknown user {shown(asked)!r} (for somebody new give --rated 'TITLE=5'); "
                f"{did_you_mean(asked, self.users)}"
            )
        return number

    def item(self, title: str) -> int:
        """The number of an item, by its title with or without the year, or by its id.

        An id in brackets, such as [300], is never taken for a title.

        Raises:
            InputError: for a title that is not known, or is that of several items, and for an id
                that is the title of another item, such as 300.
        """
        asked = str(title).strip()
        bracketed = _IN_BRACKETS.match(asked)
        if bracketed and bracketed[1] in self._items:
            return self._items[bracketed[1]][0]
        titled = self._titles.get(asked.casefold()) or self._plain_titles.get(
            plain_title(asked), []
        )
        found = list(dict.fromkeys(self._items.get(asked, []) + titled))
        if not found:
            raise InputError(f"unknown title {shown(asked)!r}; {did_you_mean(asked, self.titles)}")
        if len(found) > 1:
            several = listed([f"{self.titles[n]} [{self.items[n]}]" for n in found])
            raise InputError(
                f"{shown(asked)!r} stands for several items ({several}): give the whole title, or "
                f"the number in brackets, such as [{self.items[found[0]]}]"
            )
        return found[0]

    @cached_property
    def _users(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.users)}

    @cached_property
    def _items(self) -> dict[str, list[int]]:
        return _places(self.items)

    @cached_property
    def _titles(self) -> dict[str, list[int]]:
        return _places(map(str.casefold, self.titles))

    @cached_property
    def _plain_titles(self) -> dict[str, list[int]]:
        return _places(map(plain_title, self.titles))


def plain_title(title: str) -> str:
    """A title in small letters, without its year, and with the article in front.

    >>> plain_title("Matrix, The (1999)")
    'the matrix'
    """
    plain = _YEAR.sub("", title).strip().casefold()
    article = _ARTICLE.match(plain)
    return f"{article[2]} {article[1]}" if article else plain


def pack(history: History) -> str:
    """Ratings, sorted by user and item, as a text: about two signs for each.

    Numbers of users and items are kept as differences, and all of it is compressed.
    """
    order = np.lexsort((history.items, history.users))
    users, items, ratings = (np.asarray(each)[order] for each in history)
    columns = (np.diff(users, prepend=0), np.diff(items, prepend=0))
    content = b"".join(column.astype("<i4").tobytes() for column in columns)
    packed = zlib.compress(content + ratings.astype("<f4").tobytes(), 9)
    return base64.b64encode(packed).decode()


def unpack(rated: str) -> History:
    """The ratings that `pack` made a text of.

    Raises:
        InputError: for another text.

    >>> history = History(np.array([0, 2]), np.array([5, 1]), np.array([3.5, 1.0]))
    >>> [column.tolist() for column in unpack(pack(history))]
    [[0, 2], [5, 1], [3.5, 1.0]]
    """
    try:
        content = zlib.decompress(base64.b64decode(rated.encode(), validate=True))
        users, items, ratings = np.frombuffer(content, "<i4").reshape(3, -1)
    except (ValueError, zlib.error):
        raise InputError("rated is no packed list of ratings") from None
    return History(np.cumsum(users), np.cumsum(items), ratings.view("<f4"))


def _places(names: Iterable[str]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for number, name in enumerate(names):
        places.setdefault(name, []).append(number)
    return places
