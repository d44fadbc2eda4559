"""A model's layers: their output shapes, parameters, multiply-adds and receptive fields."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
from jax.extend.core import Jaxpr, JaxprEqn

from dl.errors import InputError
from dl.inspect.cost.macs import multiply_adds
from dl.inspect.cost.receptive import Field, pixels, propagate
from dl.jaxprs import Place, shape_of, walk
from dl.models.given import require_model
from dl.tables import Table, times
from dl.types import EncoderDecoder, LayerRow, LayerTrace, Model, Pair, Ragged


@dataclass(frozen=True)
class Summary:
    """A model's name and layers, in the order of their calls; shapes are without the batch.

    Of an encoder-decoder `input_shape` is that of the source, `previous_shape` that of the symbols
    before the targets. Printed, it is the name above the table.
    """

    name: str
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    layers: tuple[LayerRow, ...]
    previous_shape: tuple[int, ...] | None = None

    @property
    def parameters(self) -> int:
        """The number of parameters of all layers."""
        return sum(row.parameters for row in self.layers)

    @property
    def macs(self) -> int:
        """The multiply-adds of all layers for one example."""
        return sum(row.macs for row in self.layers)

    def table(self) -> Table:
        """One row for each input, one per layer, one for the total.

        Fields, strides and offsets are in pixels of the input.
        """
        sides = ("field", "stride", "offset")
        no_sides = (None,) * len(sides)
        inputs = {"input": self.input_shape}
        if self.previous_shape is not None:
            inputs = {"source": self.input_shape, "previous": self.previous_shape}
        return Table(
            ("layer", "output", "parameters", "macs", *sides),
            [
                *((name, shape, None, None, *no_sides) for name, shape in inputs.items()),
                *map(tuple, self.layers),
                ("total", self.output_shape, self.parameters, self.macs, *no_sides),
            ],
            formats={"parameters": ",", "macs": ",", **dict.fromkeys(sides, _sides)},
            missing="",
        )

    def to_dict(self) -> dict[str, Any]:
        """`{"name", "input_shape", "output_shape", "parameters", "macs", "layers": [...]}`.

        A layer has the fields of `LayerRow`; `receptive_field`, `stride` and `offset` are (height,
        width) or None. Of an encoder-decoder there is also "previous_shape".
        """
        previous = self.previous_shape
        return {
            "name": self.name,
            "input_shape": self.input_shape,
            **({} if previous is None else {"previous_shape": previous}),
            "output_shape": self.output_shape,
            "parameters": self.parameters,
            "macs": self.macs,
            "layers": [row._asdict() for row in self.layers],
        }

    def __str__(self) -> str:
        return f"{self.name}\n{self.table().text()}"

    def _repr_html_(self) -> str:
        return replace(self.table(), title=self.name).html()


Inputs: TypeAlias = "tuple[int, ...] | Pair"
"""The shape of one example, or of an encoder-decoder the shapes of a `Pair`, leaves [1, ...]."""


def summarize(model: Model, input_shape: Inputs, *, name: str | None = None) -> Summary:
    """The summary of `model` for inputs of `input_shape` (one example), traced and not computed.

    Multiply-adds are those of products and convolutions (`dl.inspect.cost.macs`). Receptive fields
    are those of pictures [H, W, C]; they include the padding (`dl.inspect.cost.receptive`). An
    encoder-decoder takes a `Pair` of `jax.ShapeDtypeStruct` [1, ...] in the place of a shape, as
    `dl.data.example.example_inputs` gives it; its multiply-adds are those of a whole sequence.
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
    source, previous = shapes_of(input_shape)
    macs, fields = _macs_and_fields(traced, input_shape, picture=len(source) == 3)
    layers = [
        _with_field(traced.calls[number]._replace(macs=macs[number]), field, source)
        for number, field in fields.items()
        # A module that does not count as a layer may still do work of its own.
        if number in traced.layers or macs[number]
    ]
    outputs = shape_of(traced.jaxpr.jaxpr.outvars[0])[1:]
    return Summary(name or model.name, source, outputs, tuple(layers), previous)


def trace_model(model: Model, input_shape: Inputs) -> LayerTrace:
    """The computation of `model` on one example, with its layers marked.

    Raises:
        InputError: when the model was made from functions, which do not mark their layers, and for
            an encoder-decoder that is given one shape.
    """
    if model.trace is None:
        raise InputError(
            f"{model.name} is a pair of functions without layers to show: "
            "build it with models.from_linen"
        )
    if isinstance(input_shape, Pair):
        return model.trace(input_shape)  # type: ignore[arg-type]
    if isinstance(model, EncoderDecoder):
        raise InputError(
            f"{model.name} reads a source and the symbols before its targets, not one input of "
            f"shape {input_shape}: give dl.data.example.example_inputs(spec)"
        )
    return model.trace(jax.ShapeDtypeStruct((1, *input_shape), jnp.float32))


def shapes_of(inputs: Inputs) -> tuple[tuple[int, ...], tuple[int, ...] | None]:
    """The shape of one example, or of its source; and that of the symbols before the targets."""
    if not isinstance(inputs, Pair):
        return inputs, None
    source = inputs.source.values if isinstance(inputs.source, Ragged) else inputs.source
    return tuple(source.shape[1:]), tuple(inputs.previous.shape[1:])


def known_inputs(jaxpr: Jaxpr, inputs: Inputs, source: Any, previous: Any) -> list[Any]:
    """What is known about the inputs of `jaxpr`: of parameters and lengths nothing."""
    own = [source]
    if isinstance(inputs, Pair):
        lengths = [None] if isinstance(inputs.source, Ragged) else []
        own = [source, *lengths, previous]
    return [*[None] * (len(jaxpr.invars) - len(own)), *own]


def _macs_and_fields(
    traced: LayerTrace, inputs: Inputs, *, picture: bool
) -> tuple[Counter[Any], dict[int, Field]]:
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
    walk(jaxpr, known_inputs(jaxpr, inputs, pixels((1, 2)) if picture else None, None), visit)
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
