"""Recurrent layers written down a second time, for tests: NumPy from the equations, and a plain
loop over a cell.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from dl.layers.recurrent import KINDS, init_layer

GATES = {name: kind.gates for name, kind in KINDS.items()}

# Little optimisation: the tests compile much and compute little.
compiled = partial(
    jax.jit,
    compiler_options={
        "xla_backend_optimization_level": 0,
        "xla_llvm_disable_expensive_passes": True,
    },
)


def sigmoid(v: Any) -> Any:
    return 1 / (1 + np.exp(-v))


def numpy_step(kind: str, params: Any, carry: Any, x: Any) -> tuple[Any, Any]:
    """One step by the equations, gate by gate, with a bias of zero where there is none."""
    size, gates = params["recurrent"].shape[0], GATES[kind]
    w, u = (np.split(np.asarray(params[name]), gates, axis=1) for name in ("input", "recurrent"))
    b = np.split(np.asarray(params.get("bias", np.zeros(gates * size))), gates)
    h = carry[1] if kind == "lstm" else carry
    if kind == "rnn":
        h = np.tanh(x @ w[0] + h @ u[0] + b[0])
        return h, h
    if kind == "lstm":
        c = carry[0]
        i, f, o = (sigmoid(x @ w[k] + h @ u[k] + b[k]) for k in (0, 1, 3))
        candidate = np.tanh(x @ w[2] + h @ u[2] + b[2])
        c = f * c + i * candidate
        h = o * np.tanh(c)
        return (c, h), h
    r, z = (sigmoid(x @ w[k] + h @ u[k] + b[k]) for k in (0, 1))
    if kind == "gru":
        candidate = np.tanh(x @ w[2] + (r * h) @ u[2] + b[2])
        h = (1 - z) * h + z * candidate
        return h, h
    recurrent_bias = np.asarray(params.get("recurrent_bias", np.zeros(size)))
    candidate = np.tanh(x @ w[2] + b[2] + r * (h @ u[2] + recurrent_bias))
    h = (1 - z) * candidate + z * h
    return h, h


def numpy_layer(kind: str, params: Any, xs: Any, carry: Any) -> tuple[Any, Any]:
    """Whole sequences [T, B, D], forward in time."""
    params, xs, carry = jax.tree.map(np.asarray, (dict(params), xs, carry))
    ys = np.zeros((*xs.shape[:2], params["recurrent"].shape[0]), params["recurrent"].dtype)
    for t, x in enumerate(xs):
        carry, ys[t] = numpy_step(kind, params, carry, x)
    return ys, carry


def unrolled(kind: str, params: Any, xs: Any, carry: Any, there: Any) -> tuple[Any, Any]:
    """A Python loop over the cell; where `there` [T, B] is 0 the carry stays and the output is
    zero.
    """
    ys = []
    for x, row in zip(xs, there, strict=True):
        new, y = KINDS[kind].cell(params, carry, x)
        keep = row[:, None] > 0
        carry = jax.tree.map(lambda a, b, keep=keep: jnp.where(keep, a, b), new, carry)
        ys.append(jnp.where(keep, y, 0))
    return jnp.stack(ys), carry


def layer(
    kind: str,
    *,
    steps: int = 6,
    batch: int = 3,
    inputs: int = 2,
    size: int = 4,
    use_bias: bool = True,
    dtype: Any = jnp.float32,
) -> tuple[dict[str, Any], Any, Any]:
    """Parameters, biases of which none is zero, sequences and a carry."""
    generator = np.random.default_rng([steps, batch, inputs, size])

    def draw(*shape: int) -> Any:
        return jnp.asarray(generator.normal(size=shape), dtype)

    shapes = jax.eval_shape(
        lambda: init_layer(
            kind, jax.random.key(0), input_size=inputs, hidden_size=size, use_bias=use_bias
        )
    )
    params = {name: draw(*array.shape) for name, array in shapes.items()}
    state = draw(batch, size), draw(batch, size)
    return params, draw(steps, batch, inputs), state if kind == "lstm" else state[0]


def with_gradients(function: Any, *arguments: Any) -> tuple[Any, Any]:
    """A function's outputs, and the gradients of their sum with a different weight for every
    number.
    """
    outputs, pull = jax.vjp(function, *arguments)
    weights = jax.tree.map(
        lambda y: jnp.cos(jnp.arange(y.size, dtype=y.dtype)).reshape(y.shape), outputs
    )
    return outputs, pull(weights)


def assert_close(ours: Any, reference: Any, tolerance: float = 2e-5) -> None:
    assert jax.tree.structure(ours) == jax.tree.structure(reference)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance),
        ours,
        reference,
    )
