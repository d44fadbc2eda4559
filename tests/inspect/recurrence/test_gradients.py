"""Gradients of the last output in every state, against the differentiation of what follows the
state.
"""

import math
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from random_layers import INPUTS, SIZE, STEPS, compiled, random_layer

from dl.errors import InputError
from dl.inspect.recurrence.gradients import (
    gradient_norms,
    initial_gradient_norms,
    norms_table,
    stack_gradient_norms,
    state_gradients,
    vector_norm,
)
from dl.inspect.recurrence.unrolled import stack_of
from dl.layers import Recurrent, init_layer, recurrent_layer
from dl.layers.recurrent import KINDS, Kind
from dl.layers.recurrent.cells import rnn_cell

LINEAR = Kind(partial(rnn_cell, activation=lambda v: v), gates=1, states=1)


def energy(outputs: Any) -> Any:
    return (outputs**2).sum(-1) + outputs[:, 0]


def norm(*gradients: Any) -> float:
    return float(np.linalg.norm(np.concatenate(gradients, axis=-1), axis=-1).mean())


@pytest.mark.parametrize("kind", KINDS)
def test_one_pass_gives_what_differentiating_the_rest_of_the_sequence_gives(kind: str) -> None:
    params, xs, carry = random_layer(kind)
    time = 2

    def rest(state: Any) -> Any:
        return energy(recurrent_layer(kind, params, xs[time:], state)[0][-1]).sum()

    before = compiled(partial(recurrent_layer, kind))(params, xs[:time], carry)[1]
    expected = jax.tree.leaves(compiled(jax.grad(rest))(before))
    norms = compiled(partial(gradient_norms, kind, loss=energy))(params, xs, carry=carry)
    assert float(norms.state[STEPS - time]) == pytest.approx(norm(*expected), rel=1e-4)
    assert float(norms.hidden[STEPS - time]) == pytest.approx(norm(expected[-1]), rel=1e-4)
    if kind == "lstm":
        assert float(norms.cell[STEPS - time]) == pytest.approx(norm(expected[0]), rel=1e-4)
    assert (norms.cell is None) == (kind != "lstm")


def test_at_distance_0_it_is_the_loss_s_own_gradient() -> None:
    params, xs, carry = random_layer("lstm")
    _, (_, last) = recurrent_layer("lstm", params, xs, carry)
    cell, hidden = state_gradients("lstm", params, xs, loss=energy, carry=carry)
    np.testing.assert_allclose(hidden[-1], 2 * last + np.eye(SIZE)[0], rtol=1e-5)
    np.testing.assert_array_equal(
        cell[-1], 0, "what is left in the cell after the last output changes nothing"
    )


def test_by_default_projections_of_length_1_that_the_key_alone_decides() -> None:
    params, xs, _ = random_layer("lstm")
    norms = [gradient_norms("lstm", params, xs, key=jax.random.key(seed)).hidden for seed in (0, 1)]
    np.testing.assert_allclose([entry[0] for entry in norms], 1, rtol=1e-6)
    assert np.abs(norms[0][1:] - norms[1][1:]).max() > 1e-3
    again = gradient_norms("lstm", params, np.asarray(xs)).hidden
    np.testing.assert_array_equal(norms[0], again, "the key is that of seed 0")


def test_a_lower_layer_s_states_reach_the_loss_through_the_layer_above_from_their_own_step_on() -> (
    None
):
    below, xs, _ = random_layer("gru")
    above = init_layer("gru", jax.random.key(1), input_size=SIZE, hidden_size=SIZE)
    layer, time = compiled(partial(recurrent_layer, "gru")), 2
    between = layer(below, xs)[0]
    _, carry = layer(above, between[: time - 1])

    def rest(state: Any) -> Any:
        outputs = recurrent_layer("gru", below, xs[time:], state)[0]
        return energy(
            recurrent_layer("gru", above, jnp.concatenate([state[None], outputs]), carry)[0][-1]
        ).sum()

    low, high = stack_gradient_norms("gru", {"layer_0": below, "layer_1": above}, xs, loss=energy)
    expected = norm(compiled(jax.grad(rest))(between[time - 1]))
    assert float(low.state[STEPS - time]) == pytest.approx(expected, rel=1e-4)
    np.testing.assert_allclose(
        high.state, gradient_norms("gru", above, between, loss=energy).state, rtol=1e-4
    )


def test_a_module_s_parameters_are_taken_as_they_lie() -> None:
    stack = Recurrent("gru", SIZE, num_layers=3)
    params = jax.eval_shape(stack.init, jax.random.key(0), jnp.zeros((1, 1, INPUTS)))["params"]
    assert [layer["input"].shape[0] for layer in stack_of(params)] == [INPUTS, *[SIZE] * 2]


def test_a_stack_of_one_is_a_layer_and_may_begin_elsewhere() -> None:
    params, xs, carry = random_layer("lstm")
    (stack,) = stack_gradient_norms("lstm", {"layer_0": params}, xs, carry=[carry])
    alone = gradient_norms("lstm", params, xs, carry=carry)
    jax.tree.map(partial(np.testing.assert_allclose, rtol=1e-6), stack, alone)


def test_what_is_smaller_than_its_square_can_be_is_still_told() -> None:
    params = {"input": jnp.zeros((1, 2)), "recurrent": 0.1 * jnp.eye(2)}
    norms = gradient_norms(LINEAR, params, jnp.zeros((36, 1, 1))).state
    np.testing.assert_allclose(norms, 0.1 ** np.arange(36.0), rtol=1e-4)
    vectors = jnp.array([[3e25, 4e25], [0.0, 0.0], [-jnp.inf, 1.0]])
    assert vector_norm(vectors).tolist() == pytest.approx([5e25, 0.0, math.inf])


def test_the_table_has_the_powers_of_two_that_the_sequences_reach() -> None:
    lines = norms_table({"rnn": np.arange(9.0)}).text().splitlines()
    assert [line.split() for line in lines[1:]] == [[str(k), f"{k:.1e}"] for k in (1, 2, 4, 8)]
    assert len(norms_table({"rnn": np.ones(8)}).text().splitlines()) == 4
    with pytest.raises(InputError, match=r"of one length, not of {'rnn': 3, 'lstm': 4}"):
        norms_table({"rnn": np.ones(3), "lstm": np.ones(4)})


def test_fresh_layers_take_the_options_of_their_making() -> None:
    options: dict[str, Any] = {"recurrent_init": jax.nn.initializers.zeros, "forget_bias": 50.0}
    norms = initial_gradient_norms(
        jax.random.key(0), np.ones((9, 2, 3)), hidden_size=2, kinds=["lstm"], **options
    )
    np.testing.assert_allclose(norms["lstm"][1:], norms["lstm"][1], rtol=1e-5)


@pytest.mark.slow
def test_wrong_input_is_refused_in_one_line() -> None:
    params, xs, carry = random_layer("lstm")
    stack = {"layer_0": params}
    with pytest.raises(
        InputError,
        match=r'biases, not layer_0: take one layer out of a stack, as params\["layer_0"\]',
    ):
        gradient_norms("lstm", stack, xs)
    with pytest.raises(InputError, match="unknown cell 'lstn': did you mean lstm"):
        gradient_norms("lstn", params, xs)
    with pytest.raises(
        InputError, match=r"sequences are \[T, B, 2\] for these parameters, not \(5, 3, 1\)"
    ):
        gradient_norms("lstm", params, xs[..., :1])
    with pytest.raises(InputError, match="an gru of this size has weights of 12 columns"):
        gradient_norms("gru", params, xs)
    with pytest.raises(InputError, match="at least one sequence"):
        gradient_norms("lstm", params, xs[:, :0])
    with pytest.raises(InputError, match=r"the carry of lstm is 2 array\(s\)"):
        gradient_norms("lstm", params, xs, carry=carry[0])
    with pytest.raises(
        InputError, match=r"one number for each sequence, \[B\] = \[3\], not an array of shape \(\)"
    ):
        gradient_norms("lstm", params, xs, loss=jnp.sum)
    with pytest.raises(InputError, match=r"layer_0, layer_1, \.\.\. and not forward_0, backward_0"):
        stack_gradient_norms("lstm", {"forward_0": params, "backward_0": params}, xs)
    with pytest.raises(InputError, match="a stack of 1 layers has a carry for each, not 2"):
        stack_gradient_norms("lstm", stack, xs, carry=[carry, carry])
