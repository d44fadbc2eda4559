"""Minimal filtering: two neighbouring outputs of a convolution with fewer multiplications."""

from functools import cache
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from dl.layers.conv.shapes import Shape, Size
from dl.types import Array

_POINTS = (0.0, 1.0, -1.0, 2.0, -2.0)
"""The points at which a minimal filter evaluates its polynomials; larger ones lose exactness."""


def is_minimal(dtype: Any, kernel_shape: Shape, strides: Size) -> bool:
    """Whether minimal filtering applies and saves a third of the multiplications.

    The type must have the digits for its sums: float32 or more.
    """
    exact = jnp.issubdtype(dtype, jnp.floating) and jnp.dtype(dtype).itemsize >= 4
    return exact and strides == (2, 2) and 3 <= kernel_shape[1] <= len(_POINTS)


def minimal_products(blocks: Array, kernel: Array, outputs: Size) -> list[Array]:
    """`shifted_products` for blocks of 2×2, with w + 1 instead of 2 w multiplications along a row.

    Two neighbouring outputs of a row are y = A [(G k) ⊙ (D x)], x its w + 1 inputs: see
    `minimal_filter`. Channels and the rows of the kernel are summed before A, so ⊙ is a product of
    matrices for each of the w + 1 terms.
    """
    filter_outputs, weights, inputs = minimal_filter(kernel.shape[1])
    even_odd = lax.optimization_barrier(_even_odd(blocks, axis=2))
    columns = [even_odd[j % 2][:, :, j // 2 : j // 2 + outputs[1]] for j in range(len(inputs))]
    kernels = _kernels_of_terms(kernel, weights)
    patches = [_rows(_combine(row, columns), outputs[0], kernel.shape[0]) for row in inputs]
    terms = [[k @ rows for rows in both] for k, both in zip(kernels, patches, strict=True)]
    terms = lax.optimization_barrier(terms)
    return [
        _combine(row, [term[place] for term in terms])
        for place in range(2)
        for row in filter_outputs
    ]


@cache
def minimal_filter(taps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A [2, n], G [n, w], D [n, n], n = w + 1, with Σ_j k_j x_{t+j} = Σ_p A_tp (G k)_p (D x)_p.

    It holds for t = 0 and 1, w from 2 to 5. This is the product of two polynomials from its values
    at w points and its leading coefficient (∞), transposed. Source: Winograd 1980, Arithmetic
    Complexity of Computations; Lavin and Gray 2016, arXiv:1509.09308.

    >>> outputs, weights, inputs = minimal_filter(3)
    >>> (outputs @ ((weights @ [1, 10, 100]) * (inputs @ [1, 2, 3, 4]))).tolist()
    [321.0, 432.0]
    """
    points = _POINTS[:taps]
    others = [[q for q in points if q != p] for p in points]
    outputs, weights = (
        np.vander([*points, 0.0], 2, increasing=True).T,
        np.vander([*points, 0.0], taps, increasing=True),
    )
    outputs[:, -1], weights[-1] = [0.0, 1.0], [0.0] * (taps - 1) + [1.0]
    weights[:-1] /= np.array(
        [[np.prod([p - q for q in rest])] for p, rest in zip(points, others, strict=True)]
    )
    inputs = np.array(
        [[*np.poly(rest)[::-1], *[0.0] * (taps - len(rest))] for rest in [*others, points]]
    )
    return outputs, weights, inputs


def _kernels_of_terms(kernel: Array, weights: np.ndarray) -> list[Array]:
    """G k: [h, w, C, F] -> for each of w + 1 terms [F, h C]."""
    terms = [_combine(row, [kernel[:, j] for j in range(kernel.shape[1])]) for row in weights]
    return lax.optimization_barrier([term.reshape(-1, kernel.shape[-1]).T for term in terms])


def _rows(x: Array, output_rows: int, count: int) -> list[Array]:
    """Every second row from each of `count` on, for both places in a block.

    [C, H, Q, B] -> 2 × [count C, P Q B].
    """
    even_odd = lax.optimization_barrier(_even_odd(lax.optimization_barrier(x), axis=1))
    shifted = [even_odd[i % 2][:, i // 2 : i // 2 + output_rows] for i in range(count + 1)]
    both = [jnp.concatenate(shifted[place : place + count]) for place in range(2)]
    return lax.optimization_barrier([rows.reshape(count * x.shape[0], -1) for rows in both])


def _even_odd(x: Array, axis: int) -> list[Array]:
    """Every second entry along an axis, from the first and from the second.

    Unlike strided slices these have a cheap gradient.
    """
    pairs = x.reshape(*x.shape[:axis], x.shape[axis] // 2, 2, *x.shape[axis + 1 :])
    return [lax.squeeze(part, (axis + 1,)) for part in lax.split(pairs, (1, 1), axis=axis + 1)]


def _combine(factors: np.ndarray, arrays: list[Array]) -> Array:
    """Σ_i factor_i array_i without the terms that are zero."""
    scaled = [
        a if f == 1 else a * a.dtype.type(f) for f, a in zip(factors, arrays, strict=True) if f
    ]
    return sum(scaled[1:], scaled[0])
