"""Gradients of the last output in every state, against the differentiation of what follows the state."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dl.errors import InputError
from dl.inspect.gradients import (
    as_text,
    gradient_norms,
    initial_gradient_norms,
    stack_gradient_norms,
    state_gradients,
    vector_norm,
)
from dl.inspect.unrolled import unroll
from dl.layers import Recurrent, init_layer, recurrent_layer, zero_carry
from dl.layers.cells import rnn_cell
from dl.layers.recurrent import KINDS, Kind

LINEAR = Kind(partial(rnn_cell, activation=lambda v: v), gates=1, states=1)
STEPS, BATCH, INPUTS, SIZE = 5, 3, 2, 4


def layer(kind: str, *, biases: float = 0.5) -> tuple[dict[str, jax.Array], jax.Array, Any]:
    """Parameters, sequences [T, B, D] and a carry, all random."""
    keys = iter(jax.random.split(jax.random.key(0), 10))
    params = init_layer(kind, next(keys), input_size=INPUTS, hidden_size=SIZE)
    params = {
        name: biases * jax.random.normal(next(keys), array.shape) if "bias" in name else array
        for name, array in params.items()
    }
    carry = jax.tree.map(lambda leaf: jax.random.normal(next(keys), leaf.shape), zero_carry(kind, BATCH, SIZE))
    return params, jax.random.normal(next(keys), (STEPS, BATCH, INPUTS)), carry


def energy(outputs: Any) -> Any:
    return (outputs**2).sum(-1) + outputs[:, 0]


def norm(*gradients: Any) -> float:
    return float(np.linalg.norm(np.concatenate(gradients, axis=-1), axis=-1).mean())


@pytest.mark.parametrize("kind", KINDS)
def test_one_pass_gives_what_differentiating_the_rest_of_the_sequence_gives(kind: str) -> None:
    params, xs, carry = layer(kind)
    norms = gradient_norms(kind, params, xs, loss=energy, carry=carry)
    for t in range(1, STEPS):
        _, before = recurrent_layer(kind, params, xs[:t], carry)
        rest = jax.grad(lambda state, t=t: energy(recurrent_layer(kind, params, xs[t:], state)[0][-1]).sum())(before)
        gradients = jax.tree.leaves(rest)
        assert float(norms.state[STEPS - t]) == pytest.approx(norm(*gradients), rel=1e-4)
        assert float(norms.hidden[STEPS - t]) == pytest.approx(norm(gradients[-1]), rel=1e-4)
        if kind == "lstm":
            assert float(norms.cell[STEPS - t]) == pytest.approx(norm(gradients[0]), rel=1e-4)
    assert (norms.cell is None) == (kind != "lstm")


def test_at_distance_0_it_is_the_loss_s_own_gradient() -> None:
    params, xs, carry = layer("lstm")
    _, (_, last) = recurrent_layer("lstm", params, xs, carry)
    cell, hidden = state_gradients("lstm", params, xs, loss=energy, carry=carry)
    np.testing.assert_allclose(hidden[-1], 2 * last + np.eye(SIZE)[0], rtol=1e-5)
    np.testing.assert_array_equal(cell[-1], 0, "what is left in the cell after the last output changes nothing")


@pytest.mark.parametrize("kind", KINDS)
def test_by_default_projections_of_length_1_that_the_key_alone_decides(kind: str) -> None:
    params, xs, _ = layer(kind)
    norms = [gradient_norms(kind, params, xs, key=key).hidden for key in (None, jax.random.key(0), jax.random.key(1))]
    np.testing.assert_allclose([entry[0] for entry in norms], 1, rtol=1e-6)
    np.testing.assert_array_equal(norms[0], norms[1])
    assert np.abs(norms[0][1:] - norms[2][1:]).max() > 1e-3


def test_a_nudge_moves_what_follows_and_the_slope_of_it_is_the_gradient() -> None:
    with jax.enable_x64(True):
        params, xs, _ = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float64), layer("lstm"))
        slopes = state_gradients("lstm", params, xs, loss=energy)
        nudge = np.zeros((STEPS, BATCH, SIZE))
        nudge[2, 1, 3] = 1e-6
        for part in range(2):
            nudges = tuple(jnp.asarray(nudge * (part == number)) for number in range(2))
            ends = [
                unroll("lstm", params, xs, nudges=jax.tree.map(lambda leaf, s=s: s * leaf, nudges)) for s in (1, -1)
            ]
            up, down = (float(energy(states[-1][-1]).sum()) for states in ends)
            assert float(slopes[part][2, 1, 3]) == pytest.approx((up - down) / 2e-6, rel=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_without_nudges_the_states_are_the_layer_s(kind: str) -> None:
    params, xs, carry = layer(kind)
    states = unroll(kind, params, xs, carry)
    ys, last = recurrent_layer(kind, params, xs, carry)
    np.testing.assert_allclose(states[-1][1:], ys, atol=1e-6)
    for rows, first, end in zip(states, jax.tree.leaves(carry), jax.tree.leaves(last), strict=True):
        np.testing.assert_array_equal(rows[0], first)
        np.testing.assert_allclose(rows[-1], end, atol=1e-6)


def test_a_lower_layer_s_states_reach_the_loss_through_the_layers_above() -> None:
    stack, time = Recurrent("gru", SIZE, num_layers=2, time_major=True), 2
    xs = layer("gru")[1]
    params = stack.init(jax.random.key(0), xs)["params"]
    _, carry = stack.apply({"params": params}, xs[:time], return_carry=True)

    def rest(carry: Any) -> Any:
        return energy(stack.apply({"params": params}, xs[time:], initial_carry=carry)[-1]).sum()

    norms = stack_gradient_norms("gru", params, xs, loss=energy)
    for layer_norms, gradient in zip(norms, jax.grad(rest)(carry), strict=True):
        assert float(layer_norms.state[STEPS - time]) == pytest.approx(norm(gradient), rel=1e-4)


def test_a_stack_of_one_is_a_layer_and_may_begin_elsewhere() -> None:
    params, xs, carry = layer("lstm")
    (stack,) = stack_gradient_norms("lstm", {"layer_0": params}, xs, carry=[carry])
    for found, expected in zip(stack, gradient_norms("lstm", params, xs, carry=carry), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_what_is_smaller_than_its_square_can_be_is_still_told() -> None:
    params = {"input": jnp.zeros((1, 2)), "recurrent": 0.1 * jnp.eye(2)}
    norms = gradient_norms(LINEAR, params, jnp.zeros((36, 1, 1))).state
    np.testing.assert_allclose(norms, 0.1 ** np.arange(36.0), rtol=1e-4)
    assert vector_norm(jnp.array([[3e25, 4e25], [0.0, 0.0]])).tolist() == pytest.approx([5e25, 0.0])


def test_it_compiles_as_a_whole() -> None:
    params, xs, _ = layer("gru")
    compiled = jax.jit(partial(gradient_norms, "gru"))(params, xs)
    np.testing.assert_allclose(compiled.state, gradient_norms("gru", params, np.asarray(xs)).state, rtol=1e-5)


def test_the_table_has_the_powers_of_two_that_the_sequences_reach() -> None:
    lines = as_text({"rnn": np.arange(9.0)}).splitlines()
    assert [line.split() for line in lines[1:]] == [[str(k), f"{k:.1e}"] for k in (1, 2, 4, 8)]
    assert len(as_text({"rnn": np.ones(8)}).splitlines()) == 4
    with pytest.raises(InputError, match="of one length, not of {'rnn': 3, 'lstm': 4}"):
        as_text({"rnn": np.ones(3), "lstm": np.ones(4)})


def test_fresh_layers_take_the_options_of_their_making() -> None:
    xs = jnp.zeros((12, 2, 3))
    plain = initial_gradient_norms(jax.random.key(0), xs, hidden_size=SIZE, kinds=["lstm"])["lstm"]
    keeping = initial_gradient_norms(jax.random.key(0), xs, hidden_size=SIZE, kinds=["lstm"], forget_bias=5.0)["lstm"]
    assert float(keeping[-1]) > 10 * float(plain[-1])


def test_wrong_input_is_refused_in_one_line() -> None:
    params, xs, carry = layer("lstm")
    stack = {"layer_0": params}
    with pytest.raises(InputError, match=r'biases, not layer_0: take one layer out of a stack, as params\["layer_0"\]'):
        gradient_norms("lstm", stack, xs)
    with pytest.raises(InputError, match="unknown cell 'lstn': did you mean lstm"):
        gradient_norms("lstn", params, xs)
    with pytest.raises(InputError, match=r"sequences are \[T, B, 2\] for these parameters, not \(5, 3, 1\)"):
        gradient_norms("lstm", params, xs[..., :1])
    with pytest.raises(InputError, match="an gru of this size has weights of 12 columns"):
        gradient_norms("gru", params, xs)
    with pytest.raises(InputError, match="at least one sequence"):
        gradient_norms("lstm", params, xs[:, :0])
    with pytest.raises(InputError, match=r"the carry of lstm is 2 array\(s\)"):
        gradient_norms("lstm", params, xs, carry=carry[0])
    with pytest.raises(InputError, match=r"one number a sequence, \[B\] = \[3\], not an array of shape \(\)"):
        gradient_norms("lstm", params, xs, loss=jnp.sum)
    with pytest.raises(InputError, match="layer_0, layer_1, ... and not forward_0, backward_0"):
        stack_gradient_norms("lstm", {"forward_0": params, "backward_0": params}, xs)
    with pytest.raises(InputError, match="a stack of 1 layers has a carry for each, not 2"):
        stack_gradient_norms("lstm", stack, xs, carry=[carry, carry])
