"""Recurrent cells: one time step as a pure function `(params, carry, x) -> (carry, y)`.

The parameters of a cell with n gates are a mapping: "input" [D, n H], "recurrent" [H, n H] and,
where there are biases, "bias" [n H]. The gates are blocks of H columns, in the order that each cell
names. σ is the logistic function, ∗ the elementwise product.
"""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp

from dl.layers.recurrent.products import product
from dl.types import Array

CellParams = Mapping[str, Array]
Cell = Callable[[CellParams, Any, Array], tuple[Any, Array]]


def rnn_cell(
    params: CellParams, carry: Array, x: Array, *, activation: Callable[[Array], Array] = jnp.tanh
) -> tuple[Array, Array]:
    """Elman's network: h = f(x W + h U + b), with f = tanh by default.

    carry: h [B, H]; x: [B, D] -> h, h. Source: G1; Elman (1990), Finding structure in time.

    >>> params = {"input": jnp.ones((2, 3)), "recurrent": jnp.zeros((3, 3))}
    >>> rnn_cell(params, jnp.zeros((1, 3)), jnp.array([[1.0, -1.0]]))[1].tolist()
    [[0.0, 0.0, 0.0]]
    """
    h = activation(_affine(params, x) + product(carry, params["recurrent"]))
    return h, h


def lstm_cell(
    params: CellParams, carry: tuple[Array, Array], x: Array
) -> tuple[tuple[Array, Array], Array]:
    """Long short-term memory with a forget gate; gates in the order i, f, g (C̃ on the slides), o.

    i, f, o = σ(x W + h U + b), g = tanh(x W + h U + b), c' = f ∗ c + i ∗ g, h' = o ∗ tanh(c').
    carry: (c, h), each [B, H]; x: [B, D] -> (c', h'), h'. Source: G3; Hochreiter and Schmidhuber
    (1997), Gers et al. (2000).

    >>> params = {"input": jnp.zeros((2, 12)), "recurrent": jnp.zeros((3, 12))}
    >>> (c, h), y = lstm_cell(params, (jnp.ones((1, 3)), jnp.zeros((1, 3))), jnp.ones((1, 2)))
    >>> c.tolist()
    [[0.5, 0.5, 0.5]]
    """
    c, h = carry
    i, f, g, o = jnp.split(_affine(params, x) + product(h, params["recurrent"]), 4, axis=-1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    h = jax.nn.sigmoid(o) * jnp.tanh(c)
    return (c, h), h


def gru_cell(params: CellParams, carry: Array, x: Array) -> tuple[Array, Array]:
    """Gated recurrent unit of the slides; gates in the order r, z, n (h̃ on the slides).

    r, z = σ(x W + h U), n = tanh(x W + (r ∗ h) U), h' = (1 − z) ∗ h + z ∗ n: the reset comes before
    the product, and z weighs the new state. Without "bias" it is exactly that of the slides. carry:
    h [B, H]; x: [B, D] -> h', h'. Source: G4; Chung et al. 2014, arXiv:1412.3555 (in Cho et al.
    2014 z weighs the old state).

    >>> params = {"input": jnp.zeros((2, 9)), "recurrent": jnp.zeros((3, 9))}
    >>> gru_cell(params, jnp.ones((1, 3)), jnp.ones((1, 2)))[0].tolist()
    [[0.5, 0.5, 0.5]]
    """
    h, size = carry, carry.shape[-1]
    gates, candidate = jnp.split(params["recurrent"], [2 * size], axis=-1)
    x_gates, x_candidate = jnp.split(_affine(params, x), [2 * size], axis=-1)
    r, z = jnp.split(jax.nn.sigmoid(x_gates + product(h, gates)), 2, axis=-1)
    n = jnp.tanh(x_candidate + product(r * h, candidate))
    h = (1 - z) * h + z * n
    return h, h


def gru_reset_after_cell(params: CellParams, carry: Array, x: Array) -> tuple[Array, Array]:
    """The gated recurrent unit of cuDNN and PyTorch; gates in the order r, z, n.

    r, z = σ(x W + h U + b), n = tanh(x W + b + r ∗ (h U + b')), h' = (1 − z) ∗ n + z ∗ h: the reset
    comes after the product, and z weighs the old state. b' is "recurrent_bias" [H], present where
    "bias" is. carry: h [B, H]; x: [B, D] -> h', h'.

    >>> params = {"input": jnp.zeros((2, 9)), "recurrent": jnp.zeros((3, 9))}
    >>> gru_reset_after_cell(params, jnp.ones((1, 3)), jnp.ones((1, 2)))[0].tolist()
    [[0.5, 0.5, 0.5]]
    """
    h, size = carry, carry.shape[-1]
    h_gates, h_candidate = jnp.split(product(h, params["recurrent"]), [2 * size], axis=-1)
    x_gates, x_candidate = jnp.split(_affine(params, x), [2 * size], axis=-1)
    r, z = jnp.split(jax.nn.sigmoid(x_gates + h_gates), 2, axis=-1)
    n = jnp.tanh(x_candidate + r * (h_candidate + _bias(params, "recurrent_bias")))
    h = (1 - z) * n + z * h
    return h, h


def _affine(params: CellParams, x: Array) -> Array:
    return product(x, params["input"]) + _bias(params, "bias")


def _bias(params: CellParams, name: str) -> Array | float:
    """The bias as a row [1, n], or 0 where there is none."""
    return params[name][None] if name in params else 0.0
