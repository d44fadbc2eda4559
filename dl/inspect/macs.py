"""Multiply-adds: the work of a layer, as the papers count it."""

import math

import numpy as np
from jax.extend.core import JaxprEqn


def multiply_adds(equation: JaxprEqn) -> int:
    """The multiply-adds of a matrix product or a convolution; 0 of anything else.

    A product that sums K terms for each of N outputs has K N of them. Zeros of the padding count, the zeros that a
    transposed convolution puts between its inputs do not.

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
    left, out = equation.invars[0].aval, equation.outvars[0].aval
    return math.prod(out.shape) * math.prod(left.shape[axis] for axis in summed)


def _of_convolution(equation: JaxprEqn) -> int:
    params = equation.params
    numbers, (kernel, out) = params["dimension_numbers"], (equation.invars[1].aval, equation.outvars[0].aval)
    taps = 1
    for axis, (k, p) in enumerate(zip(numbers.rhs_spec[2:], numbers.out_spec[2:], strict=True)):
        at = np.arange(out.shape[p])[:, None] * params["window_strides"][axis] - params["padding"][axis][0]
        at = at + np.arange(kernel.shape[k]) * params["rhs_dilation"][axis]
        taps *= int(np.count_nonzero(at % params["lhs_dilation"][axis] == 0))
    batch, features = (out.shape[axis] for axis in numbers.out_spec[:2])
    return taps * batch * features * kernel.shape[numbers.rhs_spec[1]]
