"""The chain rule by example: z = f(f(f(w))), y = w₂ exp(w₁ x), and ∂J/∂W_ij as a trace (C4)."""

from typing import NamedTuple

import jax.numpy as jnp

from dl.layers.activations import activation
from dl.types import Array


class Repeated(NamedTuple):
    """z = f(y), y = f(x), x = f(w), the slopes of the three links, and their product ∂z/∂w."""

    x: Array
    y: Array
    z: Array
    dx_dw: Array
    dy_dx: Array
    dz_dy: Array
    dz_dw: Array


class Exponential(NamedTuple):
    """y = w₂ exp(w₁ x) with its derivatives by w₂ and w₁."""

    y: Array
    dy_dw2: Array
    dy_dw1: Array


class TraceForm(NamedTuple):
    """The two matrices [n, m] whose inner product is ∂J/∂W_ij, and their product."""

    dJ_dZ: Array
    dZ_dWij: Array
    dJ_dWij: Array


def thrice(w: Array, *, activation_name: str = "tanh") -> Repeated:
    """z = f(f(f(w))): ∂z/∂w = f'(y) f'(x) f'(w) with x = f(w) and y = f(x) from the way forward.

    The way forward has computed x and y already; f'(f(f(w))) f'(f(w)) f'(w), computed as it is
    written, computes f(w) twice. Source: C4; Goodfellow et al. 2016, section 6.5.

    >>> round(float(thrice(jnp.array(2.0), activation_name="leaky_relu").dz_dw), 4)
    1.0
    """
    f = activation(activation_name)
    x = f.function(w)
    y = f.function(x)
    links = f.derivative(w), f.derivative(x), f.derivative(y)
    return Repeated(x, y, f.function(y), *links, links[2] * links[1] * links[0])


def exponential(w1: Array, w2: Array, x: Array) -> Exponential:
    """y = w₂ exp(w₁ x): ∂y/∂w₂ = exp(w₁ x) and ∂y/∂w₁ = w₂ exp(w₁ x) x. Source: C4.

    >>> exponential(jnp.array(0.0), jnp.array(3.0), jnp.array(2.0)).dy_dw1.tolist()
    6.0
    """
    power = jnp.exp(w1 * x)
    return Exponential(w2 * power, power, w2 * power * x)


def trace_form(delta: Array, A_prev: Array, *, i: int, j: int) -> TraceForm:
    """∂J/∂W_ij = tr((∂J/∂Z)ᵀ ∂Z/∂W_ij), the chain rule for a scalar through a matrix.

    ∂J/∂Z = 1/m δ [n, m]. Z = W A_prev + b depends on W_ij in row i alone, and there
    ∂Z_ik/∂W_ij = A_prev_jk, so that the trace is Σ_k (∂J/∂Z)_ik A_prev_jk: entry (i, j) of
    1/m δ A_prevᵀ, all of which make dW. Rows and columns count from 0. Source: C2.

    >>> found = trace_form(jnp.array([[1.0], [2.0]]), jnp.array([[3.0], [4.0], [5.0]]), i=1, j=2)
    >>> found.dZ_dWij.tolist(), float(found.dJ_dWij)
    ([[0.0], [5.0]], 10.0)
    """
    dJ_dZ = delta / delta.shape[1]
    dZ_dWij = jnp.zeros_like(delta).at[i].set(A_prev[j])
    return TraceForm(dJ_dZ, dZ_dWij, jnp.trace(dJ_dZ.T @ dZ_dWij))
