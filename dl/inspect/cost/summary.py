"""A model's layers: their output shapes, parameters, multiply-adds and receptive fields."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import JaxprEqn

from dl.errors import InputError
from dl.inspect.cost.macs import multiply_adds
from dl.inspect.cost.receptive import Field, pixels, propagate
from dl.jaxprs import Place, shape_of, walk
from dl.models.given import require_model
from dl.tables import Table, times
from dl.types import LayerRow, LayerTrace, Model


@dataclass(frozen=True)
class Summary:
    """A model's name and layers, in the order of their calls; shapes are without the batch.

    Printed, it is the name above the table.
    """

    name: str
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    layers: tuple[LayerRow, ...]

    @property
    def parameters(self) -> int:
        """The number of parameters of all layers."""
        return sum(row.parameters for row in self.layers)

    @property
    def macs(self) -> int:
        """The multiply-adds of all layers for one example."""
        return sum(row.macs for row in self.layers)

    def table(self) -> Table:
        """One row for the input, one per layer, one for the total.

        Fields, strides and offsets are in pixels of the input.
        """
        sides = ("field", "stride", "offset")
        no_sides = (None,) * len(sides)
        return Table(
            ("layer", "output", "parameters", "macs", *sides),
            [
                ("input", self.input_shape, None, None, *no_sides),
                *map(tuple, self.layers),
                ("total", self.output_shape, self.parameters, self.macs, *no_sides),
            ],
            formats={"parameters": ",", "macs": ",", **dict.fromkeys(sides, _sides)},
            missing="",
        )

    def to_dict(self) -> dict[str, Any]:
        """`{"name", "input_shape", "output_shape", "parameters", "macs", "layers": [...]}`.

        A layer has the fields of `LayerRow`; `receptive_field`, `stride` and `offset` are (height,
        width) or None.
        """
        return {
            "name": self.name,
            "input_shape": self.input_shape,
            "output_shape": self.output_shape,
            "parameters": self.parameters,
            "macs": self.macs,
            "layers": [row._asdict() for row in self.layers],
        }

    def __str__(self) -> str:
        return f"{self.name}\n{self.table().text()}"

    def _repr_html_(self) -> str:
        return replace(self.table(), title=self.name).html()


def summarize(model: Model, input_shape: tuple[int, ...], *, name: str | None = None) -> Summary:
    """The summary of `model` for inputs of `input_shape` (one example), traced and not computed.

    Multiply-adds are those of products and convolutions (`dl.inspect.cost.macs`). Receptive fields
    are those of pictures [H, W, C]; they include the padding (`dl.inspect.cost.receptive`).
    Source: E7-E11.

    >>> import dl
    >>> summary = summarize(dl.models.lenet(), (28, 28, 1))
    >>> summary.parameters, summary.macs
    (431080, 2293000)
    >>> summary.layers[2]
    LayerRow(name='conv2', output_shape=(8, 8, 50), parameters=25050, macs=1600000,
             receptive_field=(14, 14), stride=(2, 2), offset=(0, 0))
    >>> print(summarize(dl.models.softmax_regression(10), (4,)))
    softmax_regression
    layer   output  parameters  macs  field  stride  offset
    input        4
    output      10          50    40
    total       10          50    40
    """
    require_model(model, by="summarize")
    traced = trace_model(model, input_shape)
    macs, fields = _macs_and_fields(traced, picture=len(input_shape) == 3)
    layers = [
        _with_field(traced.calls[number]._replace(macs=macs[number]), field, input_shape)
        for number, field in fields.items()
        # A module that does not count as a layer may still do work of its own.
        if number in traced.layers or macs[number]
    ]
    outputs = shape_of(traced.jaxpr.jaxpr.outvars[0])[1:]
    return Summary(name or model.name, input_shape, outputs, tuple(layers))


def trace_model(model: Model, input_shape: tuple[int, ...]) -> LayerTrace:
    """The computation of `model` on one example, with its layers marked.

    Raises:
        InputError: when the model was made from functions, which do not mark their layers.
    """
    if model.trace is None:
        raise InputError(
            f"{model.name} is a pair of functions without layers to show: "
            "build it with models.from_linen"
        )
    return model.trace(jax.ShapeDtypeStruct((1, *input_shape), jnp.float32))


def _macs_and_fields(traced: LayerTrace, *, picture: bool) -> tuple[Counter[Any], dict[int, Field]]:
    """The multiply-adds of every call, and the fields of their outputs in call order."""
    macs: Counter[Any] = Counter()
    fields: dict[int, Field] = {}

    def visit(equation: JaxprEqn, inputs: Sequence[Field], place: Place) -> Sequence[Field]:
        macs[place.layer] += place.times * multiply_adds(equation)
        outputs = propagate(equation, inputs)
        if equation.primitive.name == "name" and equation.params["name"].startswith("layer "):
            fields[int(equation.params["name"].removeprefix("layer "))] = outputs[0]
        return outputs

    jaxpr = traced.jaxpr.jaxpr
    walk(jaxpr, [*[None] * (len(jaxpr.invars) - 1), pixels((1, 2)) if picture else None], visit)
    return macs, fields


def _with_field(row: LayerRow, field: Field, input_shape: tuple[int, ...]) -> LayerRow:
    """The row with its receptive field.

    Where all units see the same, the field is cut to the picture: no stride relates it to others.
    """
    if field is None or None in field:
        return row
    reaches = [reach for reach in field if reach]
    if all(reach.axis is None for reach in reaches):
        low = [max(reach.start, 0) for reach in reaches]
        high = [
            min(reach.start + reach.size, side)
            for reach, side in zip(reaches, input_shape, strict=False)
        ]
        size = (high[0] - low[0], high[1] - low[1])
        return row._replace(receptive_field=size, offset=(low[0], low[1]))
    rows, columns = reaches
    return row._replace(
        receptive_field=(rows.size, columns.size),
        stride=(rows.stride, columns.stride),
        offset=(rows.start, columns.start),
    )


def _sides(pair: tuple[int, int]) -> str:
    """A height and width, once if they are equal.

    >>> _sides((11, 11)), _sides((5, 1))
    ('11', '5×1')
    """
    return str(pair[0]) if pair[0] == pair[1] else times(pair)
