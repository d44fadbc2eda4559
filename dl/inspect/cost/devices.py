"""What lies on one of several devices when a training's arrays are split over them (`fsdp`)."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax

from dl.tables import Table
from dl.train.fsdp import bytes_on_device, split_axis
from dl.train.memory import size_in_bytes
from dl.types import LayerRow, Params, PyTree


@dataclass(frozen=True)
class Shares:
    """The arrays of the parameters and how they are split; the bytes of each part of a training."""

    devices: int
    arrays: Table
    parts: Table

    def __str__(self) -> str:
        return f"{self.arrays.text()}\n\n{self.parts.text()}"

    def markdown(self) -> str:
        """Both tables in Markdown."""
        return f"{self.arrays.markdown()}\n\n{self.parts.markdown()}"

    def to_dict(self) -> dict[str, Any]:
        """`{"devices", "arrays": [...], "parts": [...]}`, sizes in bytes."""
        tables = {"arrays": self.arrays, "parts": self.parts}
        rows = {
            name: [dict(zip(table.columns, row, strict=True)) for row in table.rows]
            for name, table in tables.items()
        }
        return {"devices": self.devices, **rows}


def device_shares(
    params: Params,
    others: Mapping[str, PyTree],
    devices: int,
    *,
    layers: Sequence[LayerRow] = (),
    batch_size: int = 0,
) -> Shares:
    """How `dl.train.fsdp` splits `params` and the `others` over so many devices, from shapes alone.

    The outputs of the `layers` are those of the rows of a batch that a device computes; the
    backward pass needs most of them. No device has to be there.

    >>> kernel = jax.ShapeDtypeStruct((1024, 512), "float32")
    >>> print(device_shares({"w": kernel}, {"momentum": {"w": kernel}}, 8).parts.text())
    part             bytes  on each of 8
    parameters   2,097,152       262,144
    momentum     2,097,152       262,144
    total        4,194,304       524,288
    """
    arrays = [
        _array_row(jax.tree_util.keystr(path, simple=True, separator="/"), leaf.shape, devices)
        for path, leaf in jax.tree_util.tree_leaves_with_path(params)
    ]
    parts = {"parameters": params, **others}
    sized = [(name, size_in_bytes(x), bytes_on_device(x, devices)) for name, x in parts.items()]
    rows = [row for row in sized if row[1]]
    if layers and batch_size:
        outputs = 4 * sum(math.prod(layer.output_shape) for layer in layers)
        name = f"outputs of layers, {batch_size} examples"
        rows.append((name, outputs * batch_size, outputs * (batch_size // devices)))
    rows.append(("total", sum(row[1] for row in rows), sum(row[2] for row in rows)))
    headings = {"on_device": f"on each of {devices}"}
    sizes = {"bytes": ",", "on_device": ","}
    columns = ("array", "shape", "split", "on_device")
    return Shares(
        devices,
        Table(columns, arrays, headings=headings, missing="copied"),
        Table(("part", "bytes", "on_device"), rows, sizes, headings),
    )


def _array_row(name: str, shape: tuple[int, ...], devices: int) -> tuple[Any, ...]:
    """Its name and shape, the axis that is split, and the shape of what a device holds."""
    axis = split_axis(shape, devices)
    own = tuple(size // devices if each == axis else size for each, size in enumerate(shape))
    return name, shape, None if axis is None else f"axis {axis}", own
