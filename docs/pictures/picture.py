"""What the gallery knows of a picture."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Picture(NamedTuple):
    """A picture of the gallery."""

    caption: str
    """One or two sentences: what is seen, and the lecture's id."""
    draw: "Callable[[], Figure]"
    """Computes what is needed, in a few seconds, and draws it in the theme that is in force."""
    frames: "Callable[[], Sequence[Figure]] | None" = None
    """The same as an animation, where there is one."""
