"""Multiply-adds: the work of a layer as papers count it."""

import math

import numpy as np
from jax.extend.core import JaxprEqn

from dl.jaxprs import shape_of


def multiply_adds(equation: JaxprEqn) -> int:
    """The multiply-adds of a matrix product or a convolution; 0 for any other operation.

    A product that sums K terms for each of N outputs has K N of them. The zeros of the padding
    count; the zeros that a transposed convolution puts between its inputs do not.

    >>> products = jax.make_jaxpr(lambda a, b: a @ b)(jnp.ones((2, 3)), jnp.ones((3, 5)))
    >>> multiply_adds(products.eqns[0])
    30
    """
    if equation.primitive.name == "dot_general":
        return _of_product(equation)
    if equation.primitive.name == "conv_general_dilated":
        return _of_convolution(equation)
    return 0


def _of_product(equation: JaxprEqn) -> int:
    (summed, _), _ = equation.params["dimension_numbers"]
    left, out = shape_of(equation.invars[0]), shape_of(equation.outvars[0])
    return math.prod(out) * math.prod(left[axis] for axis in summed)


def _of_convolution(equation: JaxprEqn) -> int:
    params, numbers = equation.params, equation.params["dimension_numbers"]
    kernel, out = shape_of(equation.invars[1]), shape_of(equation.outvars[0])
    batch, features, *sides = (out[axis] for axis in numbers.out_spec)
    _, channels, *taps = (kernel[axis] for axis in numbers.rhs_spec)
    count = batch * features * channels
    for axis, (side, width) in enumerate(zip(sides, taps, strict=True)):
        first = (
            np.arange(side)[:, None] * params["window_strides"][axis] - params["padding"][axis][0]
        )
        place = first + np.arange(width) * params["rhs_dilation"][axis]
        count *= int(np.count_nonzero(place % params["lhs_dilation"][axis] == 0))
    return count
