"""Where on the picture the receptive field of one unit lies, layer by layer (E7)."""

from typing import NamedTuple

import numpy as np

from dl.errors import InputError
from dl.inspect.cost.summary import Summary
from dl.types import LayerRow


class Seen(NamedTuple):
    """The pixels that a unit of `layer` sees: `height` × `width` from row `top`, column `left` on.

    Of a layer with padding they may begin before the picture, or end behind it.
    """

    layer: str
    top: int
    left: int
    height: int
    width: int


def fields_of_unit(summary: Summary, unit: tuple[int, int] | None = None) -> list[Seen]:
    """What the unit (row, column) of the last map sees, and the units of earlier maps below it.

    Without `unit` it is the one in the middle. In every layer it is the unit whose field lies
    nearest around the same pixel. Source: E7.

    Raises:
        InputError: for a model without maps, and for a unit outside of the last map.

    >>> import dl
    >>> fields_of_unit(dl.summarize(dl.models.lenet(), (28, 28, 1)), (1, 0))
    [Seen(layer='conv1', top=10, left=6, height=5, width=5),
     Seen(layer='conv1.pool', top=10, left=6, height=6, width=6),
     Seen(layer='conv2', top=6, left=2, height=14, width=14),
     Seen(layer='conv2.pool', top=4, left=0, height=16, width=16)]
    """
    maps = [row for row in summary.layers if row.stride is not None and len(row.output_shape) == 3]
    if not maps:
        raise InputError(f"{summary.name} has no maps, whose units see parts of a picture")
    shape = maps[-1].output_shape[:2]
    at = np.array([side // 2 for side in shape] if unit is None else unit)
    if at.shape != (2,) or (at < 0).any() or (at >= shape).any():
        raise InputError(
            f"{maps[-1].name} has {shape[0]} × {shape[1]} units: there is no unit {unit}"
        )
    centre = _first_centre(maps[-1]) + at * maps[-1].stride
    return [_seen(row, centre) for row in maps]


def _seen(row: LayerRow, centre: np.ndarray) -> Seen:
    """The field of the layer's unit that is nearest to `centre`."""
    stride, size = np.array(row.stride), np.array(row.receptive_field)
    # Halves are rounded up: the mean of two units has no nearest one.
    nearest = np.floor((centre - _first_centre(row)) / stride + 0.5)
    unit = nearest.clip(0, np.array(row.output_shape[:2]) - 1).astype(int)
    top, left = np.array(row.offset) + unit * stride
    return Seen(row.name, int(top), int(left), int(size[0]), int(size[1]))


def _first_centre(row: LayerRow) -> np.ndarray:
    return np.array(row.offset) + (np.array(row.receptive_field) - 1) / 2
