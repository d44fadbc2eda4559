"""Multiply-adds: a product of ones sums as many ones as it multiplies, so its outputs count its
work.
"""

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from dl.inspect.cost.macs import multiply_adds
from dl.jaxprs import walk
from dl.layers import conv_pool, convolution


def macs_of(function, *shapes: tuple[int, ...]) -> int:
    total = 0

    def visit(equation, inputs, place):
        nonlocal total
        total += place.times * multiply_adds(equation)
        return [None] * len(equation.outvars)

    jaxpr = jax.make_jaxpr(function)(
        *(jax.ShapeDtypeStruct(shape, jnp.float32) for shape in shapes)
    ).jaxpr
    walk(jaxpr, [None] * len(shapes), visit)
    return total


def general(x, kernel, **options):
    strides, padding = options.pop("strides", (1, 1)), options.pop("padding", ((0, 0), (0, 0)))
    numbers = ("NHWC", "HWIO", "NHWC")
    return lax.conv_general_dilated(
        x, kernel, strides, padding, dimension_numbers=numbers, **options
    )


PRODUCTS = {
    "matrices": (jnp.matmul, (4, 5), (5, 6)),
    "many matrices": (jnp.matmul, (3, 4, 5), (3, 5, 6)),
    "two axes summed": (lambda a, b: jnp.einsum("bij,kij->bk", a, b), (2, 3, 4), (5, 3, 4)),
    "convolution": (general, (2, 9, 8, 3), (3, 2, 3, 5)),
    "strides": (lambda x, k: general(x, k, strides=(2, 3)), (1, 9, 8, 2), (3, 3, 2, 4)),
    "dilation": (lambda x, k: general(x, k, rhs_dilation=(2, 1)), (1, 9, 8, 2), (3, 3, 2, 4)),
    "groups": (lambda x, k: general(x, k, feature_group_count=2), (1, 9, 8, 4), (3, 3, 2, 6)),
    "transposed": (lambda x, k: general(x, k, lhs_dilation=(2, 3)), (1, 5, 4, 2), (3, 3, 2, 4)),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_ones_count_the_multiplications(name: str) -> None:
    function, *shapes = PRODUCTS[name]
    counted = function(*(jnp.ones(shape) for shape in shapes)).sum()
    assert macs_of(function, *shapes) == int(counted)


def test_zeros_of_the_padding_count() -> None:
    # 8 × 8 outputs of 3 × 3 terms, as papers count them, although 60 of the 576 factors are
    # padding.
    assert macs_of(lambda x, k: convolution(x, k), (1, 8, 8, 1), (3, 3, 1, 1)) == 576


def test_nothing_else_counts() -> None:
    assert macs_of(lambda x: jax.nn.softmax(x + x * x).sum(), (4, 4)) == 0


@jax.custom_vjp
def with_own_gradient(a, b):
    return a @ b


with_own_gradient.defvjp(
    lambda a, b: (a @ b, (a, b)), lambda kept, dy: (dy @ kept[1].T, kept[0].T @ dy)
)

WAYS = {  # of computing one product of 4×4 matrices, and how many products they are
    "jit": (jax.jit(jnp.matmul), 1),
    "jit in jit": (jax.jit(lambda a, b: jax.jit(jnp.matmul)(a, b)), 1),
    "checkpoint": (jax.checkpoint(jnp.matmul), 1),
    "own gradient": (with_own_gradient, 1),
    "one of two platforms": (
        lambda a, b: lax.platform_dependent(a, b, cpu=lambda a, b: a, default=jnp.matmul),
        1,
    ),
    "the other platform": (
        lambda a, b: lax.platform_dependent(a, b, cpu=jnp.matmul, default=lambda a, b: a),
        0,
    ),
    "where a condition holds": (
        lambda a, b: lax.cond(a[0, 0] > 0, jnp.matmul, lambda a, b: a, a, b),
        1,
    ),
    "seven times": (lambda a, b: lax.scan(lambda c, _: (c @ b, None), a, length=7)[0], 7),
    "seven times five": (
        lambda a, b: lax.scan(
            lambda c, _: (lax.scan(lambda d, _: (d @ b, None), c, length=5)[0], 0), a, length=7
        )[0],
        35,
    ),
    "until it is enough": (
        lambda a, b: lax.while_loop(lambda c: c[0, 0] < 9, lambda c: c @ b, a),
        1,
    ),
}


@pytest.mark.parametrize("name", WAYS)
def test_products_are_found_wherever_they_are(name: str) -> None:
    function, times = WAYS[name]
    assert macs_of(function, (4, 4), (4, 4)) == times * 4**3


@pytest.mark.parametrize("layer", [convolution, conv_pool])
def test_a_convolution_counts_once_however_it_is_computed(layer) -> None:
    shapes = (1, 12, 12, 2), (3, 3, 2, 4)
    native = macs_of(lambda x, k: layer(x, k, implementation="native"), *shapes)
    assert macs_of(layer, *shapes) == native > 0
