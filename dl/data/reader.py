"""What `dl.data.load` knows of each kind of data set, and which options it takes."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from dl.data.dataset import Dataset, DataSpec
from dl.data.pictures.picture import MOST_MEGAPIXELS
from dl.data.text.reading import Reading
from dl.errors import InputError


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


class _Option(NamedTuple):
    """An option that is refused for data sets that do not take it."""

    default: Any
    reason: str
    """Why it is refused, and what to do, with a place for the data set's name."""


_IN_FOLDERS = "for pictures in a folder, not for {name}: leave it out, or give folder:PATH"
_REFUSED_ELSEWHERE = {
    "colour": _Option("auto", _IN_FOLDERS),
    "damaged": _Option("refuse", _IN_FOLDERS),
    "max_megapixels": _Option(MOST_MEGAPIXELS, _IN_FOLDERS),
    "random_crops": _Option(
        False,
        "for photographs of a folder or TFDS, not for {name}: leave it out (--no-random-crops)",
    ),
    "image_size": _Option(
        None,
        "for folder:PATH and pictures of many sizes; those of {name} have one: leave it out, or "
        "give --image-size 0",
    ),
}


def taken(name: str, reader: Reader, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that `reader` takes; raises InputError if another one is given."""
    is_text = "reading" in reader.options
    has_pictures = not (reader.behind or is_text) or not _REFUSED_ELSEWHERE.keys().isdisjoint(
        reader.options
    )
    for option, (default, reason) in _REFUSED_ELSEWHERE.items():
        if option in reader.options or options.get(option, default) == default:
            continue
        if not has_pictures:
            reason = "for pictures, and {name} has none: leave it out"
        raise InputError(f"{option} is {reason.format(name=name)}")
    return {option: options[option] for option in reader.options if option in options}
