"""A model's layers: what comes out of each, how many parameters it has, what it costs and what it
sees.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import JaxprEqn

from dl.errors import InputError
from dl.inspect.macs import multiply_adds
from dl.inspect.receptive import Field, pixels, propagate
from dl.inspect.table import markdown_table, text_table, times
from dl.inspect.walk import Place, shape_of, walk
from dl.types import LayerRow, LayerTrace, Model


@dataclass(frozen=True)
class Summary:
    """A model's name and layers, in the order of their calls; shapes are without the batch."""

    name: str
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    layers: tuple[LayerRow, ...]

    @property
    def parameters(self) -> int:
        """The parameters of all layers."""
        return sum(row.parameters for row in self.layers)

    @property
    def macs(self) -> int:
        """The multiply-adds of all layers for one example."""
        return sum(row.macs for row in self.layers)


def summarize(model: Model, input_shape: tuple[int, ...], *, name: str | None = None) -> Summary:
    """The summary of `model` for inputs of `input_shape` (one example), traced and not computed.

    Multiply-adds are those of products and convolutions (`dl.inspect.macs`). Receptive fields are
    those of pictures [H, W, C], with the padding that they take in (`dl.inspect.receptive`).
    Source: E7-E11.

    >>> import dl
    >>> summary = summarize(dl.models.lenet(), (28, 28, 1))
    >>> summary.parameters, summary.macs
    (431080, 2293000)
    >>> summary.layers[2]
    LayerRow(name='conv2', output_shape=(8, 8, 50), parameters=25050, macs=1600000,
             receptive_field=(14, 14), stride=(2, 2), offset=(0, 0))
    """
    traced = trace_model(model, input_shape)
    macs, fields = _measure(traced, picture=len(input_shape) == 3)
    layers = [
        _with_field(traced.calls[number]._replace(macs=macs[number]), field, input_shape)
        for number, field in fields.items()
        if number in traced.layers
        or macs[number]  # a module that is no layer may do work of its own
    ]
    outputs = shape_of(traced.jaxpr.jaxpr.outvars[0])[1:]
    return Summary(name or model.name, input_shape, outputs, tuple(layers))


def trace_model(model: Model, input_shape: tuple[int, ...]) -> LayerTrace:
    """The computation of `model` on one example, with its layers marked.

    Raises:
        InputError: when the model was made of functions that do not mark their layers.
    """
    if model.trace is None:
        raise InputError(
            f"{model.name} is a pair of functions without layers to show: build it with models.from_linen"
        )
    return model.trace(jax.ShapeDtypeStruct((1, *input_shape), jnp.float32))


def _measure(traced: LayerTrace, *, picture: bool) -> tuple[Counter[Any], dict[int, Field]]:
    """The multiply-adds of every call, and the fields of their outputs, in the order of the
    computation.
    """
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
    """The row with its field; what all units see is cut to the picture, since there is no next one
    to compare with.
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


_HEAD = ("layer", "output", "parameters", "macs", "field", "stride", "offset")


def as_text(summary: Summary) -> str:
    """A table for people; fields, strides and offsets are in pixels of the input."""
    return f"{summary.name}\n{text_table(_HEAD, _cells(summary))}"


def as_markdown(summary: Summary) -> str:
    """The table in Markdown."""
    return markdown_table(_HEAD, _cells(summary))


def as_json(summary: Summary) -> str:
    """`{"name", "input_shape", "output_shape", "parameters", "macs", "layers": [...]}`, a layer as
    in `LayerRow`.

    `receptive_field`, `stride` and `offset` are [height, width], or null.
    """
    totals = {
        "name": summary.name,
        "input_shape": summary.input_shape,
        "output_shape": summary.output_shape,
    }
    totals |= {"parameters": summary.parameters, "macs": summary.macs}
    return json.dumps({**totals, "layers": [row._asdict() for row in summary.layers]}, indent=2)


def _cells(summary: Summary) -> list[tuple[str, ...]]:
    rows = [("input", times(summary.input_shape), *[""] * 5)]
    rows += [
        (
            row.name,
            times(row.output_shape),
            f"{row.parameters:,}",
            f"{row.macs:,}",
            *(_sides(pair) for pair in (row.receptive_field, row.stride, row.offset)),
        )
        for row in summary.layers
    ]
    return [
        *rows,
        (
            "total",
            times(summary.output_shape),
            f"{summary.parameters:,}",
            f"{summary.macs:,}",
            *[""] * 3,
        ),
    ]


def _sides(pair: tuple[int, int] | None) -> str:
    """A height and width, once if they are equal.

    >>> _sides((11, 11)), _sides((5, 1)), _sides(None)
    ('11', '5×1', '')
    """
    return "" if pair is None else str(pair[0]) if pair[0] == pair[1] else times(pair)
