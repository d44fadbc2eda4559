"""What `dl.data.load` knows of each kind of data set."""

from collections.abc import Callable
from typing import NamedTuple

from dl.data.dataset import Dataset, DataSpec
from dl.data.text.reading import Reading


class Reader(NamedTuple):
    """How one kind of data set is read."""

    read: Callable[..., Dataset]
    """Takes what stands behind the colon (if anything does), `validation`, and its `options`."""
    behind: str = ""
    """What stands behind the colon of a name, such as PATH; "" for a name without a colon."""
    options: tuple[str, ...] = ()
    """The options of `load_data` that this kind of data set takes."""
    describe: Callable[..., DataSpec] | None = None
    """Gives the description without reading the data, where that can be done."""
    reading: Reading | None = Reading()
    """How text is read if nothing is said; None leaves that to `read`."""
    known: tuple[str, ...] = ()
    """Words that may stand behind the colon in the place of a path."""
