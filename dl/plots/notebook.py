"""How a notebook shows a figure: as a picture, also where pyplot was never imported."""

import io
import sys
import warnings
from typing import TYPE_CHECKING

from dl.screen import in_notebook

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def show_figures() -> None:
    """Have a notebook draw figures that are the last value of a cell; elsewhere do nothing.

    IPython learns this from pyplot, which figures here are made without. What it knows already
    stays as it is.
    """
    if not in_notebook():
        return
    from matplotlib.figure import Figure

    pictures = sys.modules["IPython"].get_ipython().display_formatter.formatters["image/png"]
    if Figure not in pictures.type_printers:
        pictures.for_type(Figure, _png)


def _png(figure: "Figure") -> bytes:
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")
        figure.savefig(file, format="png")
    return file.getvalue()
