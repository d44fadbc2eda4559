"""What a net looks at while it writes: words of a sentence (H6), places of a picture (H2)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dl.errors import InputError
from dl.plots.labels import shortened
from dl.plots.overlays import draw_over
from dl.plots.picture_grid import show_picture
from dl.plots.style import new_figure, new_panels
from dl.runs.caption import Caption
from dl.runs.translate import Translation

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_NAMED, _LONGEST = 60, 16
"""A side with more symbols than this has no names; a name has at most so many letters."""


def alignment(
    weights: Translation | Any, *, source: Sequence[str] = (), written: Sequence[str] = ()
) -> "Figure":
    """The attention of each written symbol to each symbol that was read: a row sums to 1.

    `weights` are those of a `Translation`, which has both sentences, or an array [L, S] with the
    names of its columns, `source` [S], and of its rows, `written` [L]. Source: Bahdanau et al.
    2015, figure 3; H6.

    Raises:
        InputError: without attention, and for another number of names than of rows and columns.

    >>> figure = alignment([[0.9, 0.1], [0.2, 0.8]], source=["ein", "Hund"], written=["a", "dog"])
    >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
    ['a', 'dog']
    """
    if isinstance(weights, Translation):
        if source or written:
            raise InputError("a Translation has its sentences: leave source and written out")
        weights, source, written = weights.attention, weights.source, weights.symbols
    weights = np.asarray(weights, np.float64)
    if weights.shape != (len(written), len(source)) or not weights.size:
        raise InputError(
            f"weights of shape {list(weights.shape)} are no alignment of {len(written)} written "
            f"and {len(source)} read symbols: give those of a net with attention, [L, S]"
        )
    width, height = (0.24 * max(count, 6) for count in (len(source), len(written)))
    figure, axes = new_figure(width=width + 2.4, height=height + 1.6)
    figure.set_layout_engine("compressed")
    drawn = axes.imshow(weights, vmin=0, vmax=1)
    axes.grid(False)
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.set_xticks(*_named(source), rotation=90, fontsize=9)
    axes.set_yticks(*_named(written), fontsize=9)
    axes.set(xlabel="read", ylabel="written")
    figure.colorbar(drawn, ax=axes, fraction=0.05, pad=0.02, label="attention weight")
    return figure


def caption_attention(
    picture: Any, caption: Caption | Sequence[str], attention: Any = None
) -> "Figure":
    """A picture [H, W, C], and for each word of its caption where the net looked.

    `caption` is a `Caption`, which has the attention of its words, or words [L] with their
    `attention` [L, h, w] to the places of the encoder's map, which lie evenly over the picture. The
    redder a place, the more the net looked there, beside the place that it looked at most.
    Source: Xu et al. 2015, arXiv:1502.03044, figure 3; H2.

    Raises:
        InputError: without attention, and for arrays that do not belong together.

    >>> figure = caption_attention(np.zeros((8, 8, 1)), ["a", "dog"], np.full((2, 2, 2), 0.25))
    >>> [axes.get_title() for axes in figure.axes[:3]]
    ['', 'a', 'dog']
    """
    if isinstance(caption, Caption):
        if attention is not None:
            raise InputError("a Caption has its attention: leave attention out")
        caption, attention = caption.words, caption.attention
    picture, maps = np.asarray(picture), np.asarray(attention, np.float64)
    if maps.ndim != 3 or len(maps) != len(caption) or not maps.size:
        raise InputError(
            f"attention of shape {list(maps.shape)} is none of {len(caption)} words: give that of "
            "a net with attention, [words, h, w]"
        )
    size = {"columns": 6, "panel": (1.45, 1.7), "room": (0.9, 0.1), "least_width": 4.2}
    figure, panels = new_panels(1 + len(maps), **size)
    show_picture(panels[0], picture)
    extent = (-0.5, picture.shape[1] - 0.5, picture.shape[0] - 0.5, -0.5)
    for axes, word, places in zip(panels[1:], caption, maps, strict=True):
        drawn = draw_over(axes, picture, places, extent)
        axes.set_title(shortened(word, _LONGEST), fontsize=10)
    bar = figure.colorbar(drawn, ax=panels, fraction=0.03, pad=0.02)
    bar.set_label("attention, share of largest", fontsize=8)
    return figure


def _named(symbols: Sequence[str]) -> tuple[Sequence[int], Sequence[str]]:
    """Places and names of symbols; of very many there are none."""
    if len(symbols) > _MOST_NAMED:
        return [], []
    return range(len(symbols)), [shortened(symbol, _LONGEST) for symbol in symbols]
