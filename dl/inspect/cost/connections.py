"""What sharing weights saves: a convolution's parameters beside those of other connections."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from jax.extend.core import JaxprEqn

from dl.inspect.cost.summary import Inputs, trace_model
from dl.jaxprs import Place, shape_of, walk
from dl.tables import Table
from dl.types import Model


class Connections(NamedTuple):
    """The number of parameters of one layer, connected in three ways."""

    shared: int
    locally_connected: int
    fully_connected: int


def count_connections(
    input_shape: Sequence[int],
    output_shape: Sequence[int],
    kernel_shape: Sequence[int],
    *,
    use_bias: bool = True,
) -> Connections:
    """The parameters from [H, W, C] to [P, Q, F] with kernels [h, w, C / groups, F].

    Shared: F (h w C + 1). Locally connected, with a kernel for every place: P Q F (h w C + 1).
    Fully connected: P Q F (H W C + 1). Each 1 is the bias. Source: E4, E11 (AlexNet's first layer;
    the slide prints 134,944 for the first and calls the second fully connected).

    >>> count_connections((227, 227, 3), (55, 55, 96), (11, 11, 3, 96))
    Connections(shared=34944, locally_connected=105705600, fully_connected=44892355200)
    """
    bias, features = int(use_bias), kernel_shape[-1]
    shared = features * (math.prod(kernel_shape[:-1]) + bias)
    units = math.prod(output_shape)
    return Connections(shared, units // features * shared, units * (math.prod(input_shape) + bias))


def connections(model: Model, input_shape: Inputs) -> dict[str, Connections]:
    """`count_connections` of every convolution in `model`, by layer, from the traced computation.

    Source: E11.

    >>> import dl
    >>> connections(dl.models.lenet(), (28, 28, 1))["conv1"].locally_connected
    299520
    """
    traced = trace_model(model, input_shape)
    counts: dict[str, Connections] = {}

    def visit(equation: JaxprEqn, _: Sequence[Any], place: Place) -> Sequence[Any]:
        if equation.primitive.name == "conv_general_dilated" and place.layer is not None:
            row = traced.calls[place.layer]
            counts[row.name] = _of_convolution(equation, parameters=row.parameters)
        return [None] * len(equation.outvars)

    walk(traced.jaxpr.jaxpr, [None] * len(traced.jaxpr.in_avals), visit)
    return counts


def connections_table(counts: Mapping[str, Connections]) -> Table:
    """A table of `connections` with one row per layer.

    >>> print(connections_table({"conv1": Connections(520, 299_520, 9_043_200)}).text())
    layer  shared  locally connected  fully connected
    conv1     520            299,520        9,043,200
    """
    names = Connections._fields
    return Table(
        ("layer", *names),
        [(layer, *count) for layer, count in counts.items()],
        formats=dict.fromkeys(names, ","),
        headings={name: name.replace("_", " ") for name in names},
    )


def _of_convolution(equation: JaxprEqn, *, parameters: int) -> Connections:
    x, kernel, y = map(shape_of, (*equation.invars, *equation.outvars))
    features, channels, *sides = equation.params["dimension_numbers"].rhs_spec
    shape = [kernel[axis] for axis in (*sides, channels, features)]
    use_bias = parameters > math.prod(kernel)
    return count_connections(x[1:], y[1:], shape, use_bias=use_bias)
