"""Several figures as one moving picture."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dl.errors import InputError
from dl.ranges import Range, check_number

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def save_animation(
    figures: "Sequence[Figure]", path: str | Path, *, seconds: float = 0.5, dpi: float = 100
) -> Path:
    """Write the figures as a GIF that shows each for so many `seconds`, over and over.

    The figures have one size. Each has colours of its own, at most 256.

    Raises:
        InputError: without figures, for figures of several sizes, for a name that does not end in
            .gif, and when the file cannot be written.
    """
    path = Path(path)
    _check(figures, path, seconds)
    frames = [_as_picture(figure, dpi) for figure in figures]
    try:
        frames[0].save(
            path,
            save_all=True,
            append_images=frames[1:],
            duration=round(1000 * seconds),
            loop=0,
            disposal=2,
        )
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}") from None
    return path


def _check(figures: "Sequence[Figure]", path: Path, seconds: float) -> None:
    check_number("seconds", seconds, Range(at_least=0.02))
    if path.suffix.lower() != ".gif":
        raise InputError(f"{path.name} is no GIF: call it {path.stem or 'animation'}.gif")
    sizes = {tuple(figure.get_size_inches().tolist()) for figure in figures}
    if len(sizes) != 1:
        raise InputError(f"an animation has figures of one size, not of {sorted(sizes) or 'none'}")


def _as_picture(figure: "Figure", dpi: float):
    from PIL import Image

    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi)
    return Image.open(buffer).convert("RGB").quantize(256, dither=Image.Dither.NONE)
