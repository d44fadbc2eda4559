"""Products of Jacobians against the Jacobian of many steps at once, and as the bound of every
gradient.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from random_layers import STEPS, compiled, random_layer

from dl.inspect.recurrence.gradients import state_gradients
from dl.inspect.recurrence.jacobians import jacobian_norms, step_jacobians
from dl.inspect.recurrence.unrolled import unroll
from dl.layers import recurrent_layer
from dl.layers.recurrent import Kind


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["gru", "lstm"])
def test_the_product_of_the_factors_is_the_jacobian_over_all_steps(kind: str) -> None:
    params, xs, carry = random_layer(kind)
    time = 1
    before = compiled(partial(recurrent_layer, kind))(params, xs[:time], carry)[1]
    parts = [part[0] for part in jax.tree.leaves(before)]

    def rest(flat: Any) -> Any:
        state = tuple(jnp.split(flat, len(parts)))
        carry = tuple(part[None] for part in state) if len(parts) == 2 else state[0][None]
        last = recurrent_layer(kind, params, xs[time:, :1], carry)[1]
        return jnp.concatenate(jax.tree.leaves(last), axis=-1)[0]

    whole = compiled(jax.jacrev(rest))(jnp.concatenate(parts))
    factors = compiled(partial(step_jacobians, kind))(params, xs, carry=carry)
    norms = compiled(partial(jacobian_norms, kind))(params, xs, carry=carry)
    np.testing.assert_allclose(
        np.linalg.multi_dot(np.asarray(factors)[: time - 1 : -1, 0]), whole, atol=1e-5
    )
    expected = np.linalg.norm(whole, ord=2)
    assert float(norms[STEPS - time, 0]) == pytest.approx(float(expected), rel=1e-4)
    np.testing.assert_allclose(norms[0], 1, rtol=1e-6)


@pytest.mark.parametrize("kind", ["gru", "lstm"])
def test_the_gradient_is_the_loss_s_times_the_product_and_no_longer_than_it_allows(
    kind: str,
) -> None:
    params, xs, carry = random_layer(kind)
    gradients = np.concatenate(state_gradients(kind, params, xs, carry=carry), axis=-1)
    factors = np.asarray(compiled(partial(step_jacobians, kind))(params, xs, carry=carry))
    expected, product = gradients[-1], np.eye(factors.shape[-1])
    for found, factor in zip(gradients[::-1], factors[::-1], strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-5)
        longest = np.linalg.norm(product, ord=2, axis=(-2, -1)) * np.linalg.norm(
            gradients[-1], axis=-1
        )
        assert (np.linalg.norm(found, axis=-1) <= longest * (1 + 1e-5)).all()
        expected, product = np.einsum("bi,bij->bj", expected, factor), product @ factor


def test_a_cell_of_one_s_own_may_have_more_states_than_two() -> None:
    def cell(params: Any, carry: Any, x: Any) -> Any:
        a, b, h = carry
        new = (0.5 * a, 0.25 * b + a, x @ params["input"] + h @ params["recurrent"] + b)
        return new, new[-1]

    params, xs = (
        {"input": jnp.ones((2, 1)), "recurrent": jnp.full((1, 1), 0.1)},
        jnp.ones((4, 3, 2)),
    )
    factors = step_jacobians(Kind(cell, 1, 3), params, xs)
    expected = [[0.5, 0.0, 0.0], [1.0, 0.25, 0.0], [0.0, 1.0, 0.1]]
    np.testing.assert_allclose(factors, np.broadcast_to(expected, (4, 3, 3, 3)), rtol=1e-6)
    np.testing.assert_allclose(
        unroll(Kind(cell, 1, 3), params, xs)[-1][1:, 0, 0], [2.0, 2.2, 2.22, 2.222], rtol=1e-6
    )


def test_parameters_of_another_type_are_brought_to_that_of_the_sequences() -> None:
    params, xs, carry = random_layer("lstm")
    half = {name: array.astype(jnp.bfloat16) for name, array in params.items()}
    exact = {name: array.astype(jnp.float32) for name, array in half.items()}
    found, expected = (step_jacobians("lstm", given, xs, carry=carry) for given in (half, exact))
    np.testing.assert_array_equal(found, expected)
