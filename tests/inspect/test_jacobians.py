"""Products of Jacobians against the Jacobian of many steps at once, and as the bound of every gradient."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dl.inspect.gradients import gradient_norms, state_gradients, vector_norm
from dl.inspect.jacobians import jacobian_norms, step_jacobians
from dl.layers import init_layer, recurrent_layer
from dl.layers.recurrent import KINDS

STEPS, SIZE = 4, 3


def layer(kind: str) -> tuple[dict[str, jax.Array], jax.Array]:
    params = init_layer(kind, jax.random.key(0), input_size=2, hidden_size=SIZE)
    return params, jax.random.normal(jax.random.key(1), (STEPS, 2, 2))


@pytest.mark.parametrize("kind", KINDS)
def test_the_product_of_the_factors_is_the_jacobian_over_all_steps(kind: str) -> None:
    params, xs = layer(kind)
    time = 1
    _, before = recurrent_layer(kind, params, xs[:time, :1])
    parts = jax.tree.leaves(before)

    def rest(flat: Any) -> Any:
        state = tuple(jnp.split(flat, len(parts)))
        carry = tuple(part[None] for part in state) if len(parts) == 2 else state[0][None]
        last = recurrent_layer(kind, params, xs[time:, :1], carry)[1]
        return jnp.concatenate(jax.tree.leaves(last), axis=-1)[0]

    whole = jax.jacrev(rest)(jnp.concatenate(parts, axis=-1)[0])
    factors = np.asarray(step_jacobians(kind, params, xs)[time:, 0])
    np.testing.assert_allclose(np.linalg.multi_dot(factors[::-1]), whole, atol=1e-5)
    expected = np.linalg.norm(whole, ord=2)
    assert float(jacobian_norms(kind, params, xs)[STEPS - time, 0]) == pytest.approx(float(expected), rel=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_the_gradient_is_the_loss_s_times_the_product(kind: str) -> None:
    params, xs = layer(kind)
    gradients = np.concatenate(state_gradients(kind, params, xs), axis=-1)
    expected = gradients[-1]
    for t, factor in reversed(list(enumerate(np.asarray(step_jacobians(kind, params, xs))))):
        np.testing.assert_allclose(gradients[t], expected, atol=1e-5)
        expected = np.einsum("bi,bij->bj", expected, factor)


@pytest.mark.parametrize("kind", KINDS)
def test_no_gradient_is_longer_than_the_jacobian_allows(kind: str) -> None:
    params, xs = layer(kind)
    bound = jacobian_norms(kind, params, xs)
    np.testing.assert_allclose(bound[0], 1, rtol=1e-6)
    gradients = jnp.concatenate(state_gradients(kind, params, xs), axis=-1)
    assert (np.asarray(vector_norm(gradients))[::-1] <= np.asarray(bound) * (1 + 1e-5)).all()
    assert (gradient_norms(kind, params, xs).state <= bound.mean(-1) * (1 + 1e-5)).all()
