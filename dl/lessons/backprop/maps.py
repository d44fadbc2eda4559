"""Convolution of maps and its way back: full convolution with the kernel turned by 180° (C6)."""

import jax.numpy as jnp

from dl.errors import InputError
from dl.types import Array


def convolve_maps(X: Array, W: Array, b: Array, *, table: Array | None = None) -> Array:
    """z^p = Σ_q T_qp x^q ⊗ w^qp + b^p: [B, H, W, Q] and kernels [h, w, Q, P] -> [B, R, S, P].

    Every output map p has a kernel for each input map q that the connection table T [Q, P] joins to
    it (1 or 0; all of them if None), and one b [P]. No padding; R = H − h + 1, S = W − w + 1. The
    kernel is not flipped, as in E3. Source: C6, E4, E9.

    Raises:
        InputError: for shapes that do not fit each other.

    >>> X, W = jnp.arange(9.0).reshape(1, 3, 3, 1), jnp.ones((2, 2, 1, 1))
    >>> convolve_maps(X, W, jnp.zeros(1))[0, :, :, 0].tolist()
    [[8.0, 12.0], [20.0, 24.0]]
    """
    _check(X, W, table)
    joined = joined_kernels(W, table)
    rows, columns = X.shape[1] - W.shape[0] + 1, X.shape[2] - W.shape[1] + 1
    sums = jnp.zeros((X.shape[0], rows, columns, W.shape[3]), X.dtype)
    for i in range(W.shape[0]):
        for j in range(W.shape[1]):
            sums += jnp.einsum("brsq,qp->brsp", X[:, i : i + rows, j : j + columns], joined[i, j])
    return sums + b[None, None, None, :]


def turn(W: Array) -> Array:
    """rot180: a kernel [h, w, ...] with its rows and columns in reverse. Source: C6.

    >>> turn(jnp.array([[1, 2], [3, 4]])).tolist()
    [[4, 3], [2, 1]]
    """
    return W[::-1, ::-1]


def full_convolution(delta: Array, W: Array) -> Array:
    """δ ⊗ W with h − 1 and w − 1 zeros around δ: kernels [h, w, P, Q].

    [B, R, S, P] -> [B, R + h − 1, S + w − 1, Q]. Every place where the kernel touches δ counts, so
    that the result is as large as the maps that were convolved. Source: C6.

    >>> W = jnp.array([[1.0, 2.0], [3.0, 4.0]]).reshape(2, 2, 1, 1)
    >>> full_convolution(jnp.ones((1, 1, 1, 1)), turn(W))[0, :, :, 0].tolist()
    [[1.0, 2.0], [3.0, 4.0]]
    """
    h, w = W.shape[:2]
    around = jnp.pad(delta, ((0, 0), (h - 1, h - 1), (w - 1, w - 1), (0, 0)))
    return convolve_maps(around, W, jnp.zeros(W.shape[3], delta.dtype))


def errors_of_maps(delta: Array, W: Array, *, table: Array | None = None) -> Array:
    """dx^q = Σ_p T_qp δ^p ⊗ rot180(w^qp), full: errors of the maps that a convolution has read.

    δ [B, R, S, P], kernels [h, w, Q, P] -> [B, H, W, Q]. The sum runs over the maps p that T joins
    to q. Then δ^l = f'(z^l) ⊙ dx. Source: C6.
    """
    return full_convolution(delta, turn(joined_kernels(W, table)).swapaxes(2, 3))


def kernel_gradient(X: Array, delta: Array, *, table: Array | None = None) -> Array:
    """dw^qp_ij = 1/B Σ_brs T_qp x^q_b(r+i)(s+j) δ^p_brs: -> [h, w, Q, P].

    The maps convolved with the errors: a kernel's weight is used at every place, and its gradient
    is the sum over all of them. Weights that T leaves out have gradient 0. Source: C2, C6.

    >>> kernel_gradient(jnp.arange(4.0).reshape(1, 2, 2, 1), jnp.ones((1, 1, 1, 1)))[..., 0, 0]
    Array([[0., 1.],
           [2., 3.]], dtype=float32)
    """
    rows, columns = delta.shape[1:3]
    h, w = X.shape[1] - rows + 1, X.shape[2] - columns + 1
    places = [
        [jnp.einsum("brsq,brsp->qp", X[:, i : i + rows, j : j + columns], delta) for j in range(w)]
        for i in range(h)
    ]
    return joined_kernels(jnp.array(places), table) / X.shape[0]


def joined_kernels(W: Array, table: Array | None) -> Array:
    """Kernels [h, w, Q, P] with zeros where the table [Q, P] joins no maps."""
    return W if table is None else W * jnp.asarray(table, W.dtype)[None, None]


def _check(X: Array, W: Array, table: Array | None) -> None:
    fits = X.ndim == W.ndim == 4 and X.shape[3] == W.shape[2]
    if not fits or X.shape[1] < W.shape[0] or X.shape[2] < W.shape[1]:
        raise InputError(
            f"maps {X.shape} do not fit kernels {W.shape}: maps are [B, H, W, Q], and kernels "
            "[h, w, Q, P] are no larger than they"
        )
    if table is not None and table.shape != W.shape[2:]:
        raise InputError(
            f"a table of shape {table.shape} joins no maps of kernels {W.shape}: "
            f"it has the shape {W.shape[2:]}, input maps × output maps"
        )
