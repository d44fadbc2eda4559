"""Spectra of recurrent weights: known matrices, what scaling promises, and which block is which
gate.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dl.errors import InputError
from dl.inspect.recurrence.gates import BLOCKS, gate_activations
from dl.inspect.recurrence.spectra import (
    recurrent_blocks,
    scaled_to,
    singular_values,
    spectral_radius,
)
from dl.layers import init_layer
from dl.layers.recurrent import KINDS

SIZE = 4


def fresh(kind: str, seed: int = 0) -> dict[str, jax.Array]:
    """A layer whose recurrent weight is normal, so that radius and norm differ."""
    init = jax.nn.initializers.normal(1.0)
    return init_layer(
        kind, jax.random.key(seed), input_size=2, hidden_size=SIZE, recurrent_init=init
    )


def test_a_rotation_with_a_stretch_has_complex_eigenvalues() -> None:
    turn = 0.9 * np.array([[0.0, -1.0], [1.0, 0.0]])
    assert spectral_radius("rnn", {"recurrent": turn})["hidden"] == pytest.approx(0.9)
    np.testing.assert_allclose(singular_values("rnn", {"recurrent": turn})["hidden"], 0.9)


@pytest.mark.parametrize("kind", KINDS)
def test_a_fresh_layer_is_orthogonal_gate_by_gate(kind: str) -> None:
    params = init_layer(kind, jax.random.key(0), input_size=2, hidden_size=SIZE)
    assert tuple(spectral_radius(kind, params)) == BLOCKS[kind]
    np.testing.assert_allclose(list(spectral_radius(kind, params).values()), 1, rtol=1e-5)
    np.testing.assert_allclose(list(singular_values(kind, params).values()), 1, rtol=1e-5)


@pytest.mark.parametrize("kind", ["lstm", "gru", "gru_reset_after"])
def test_a_block_moves_the_gate_of_its_name_and_no_other(kind: str) -> None:
    blocks, h = BLOCKS[kind], jnp.ones((1, SIZE))
    params = {
        "input": jnp.zeros((1, len(blocks) * SIZE)),
        "recurrent": jnp.zeros((SIZE, len(blocks) * SIZE)),
    }
    carry = (h, h) if kind == "lstm" else h
    gates = jax.jit(partial(gate_activations, kind))
    still = gates(params, jnp.zeros((1, 1, 1)), carry=carry)
    for number, name in enumerate(blocks):
        weight = np.zeros((SIZE, len(blocks), SIZE), np.float32)
        weight[:, number] = np.eye(SIZE)
        one = params | {"recurrent": jnp.asarray(weight.reshape(SIZE, -1))}
        assert [block for block, matrix in recurrent_blocks(kind, one).items() if matrix.any()] == [
            name
        ]
        moved = gates(one, jnp.zeros((1, 1, 1)), carry=carry)
        assert [block for block in blocks if (moved[block] != still[block]).any()] == [name]


@pytest.mark.parametrize("kind", KINDS)
def test_scaling_reaches_its_target_in_every_gate_and_keeps_the_rest(kind: str) -> None:
    params = fresh(kind)
    by_radius, by_norm = scaled_to(kind, params, radius=0.7), scaled_to(kind, params, norm=1.3)
    np.testing.assert_allclose(list(spectral_radius(kind, by_radius).values()), 0.7, rtol=1e-5)
    np.testing.assert_allclose(
        [values[0] for values in singular_values(kind, by_norm).values()], 1.3, rtol=1e-5
    )
    assert all(by_radius[name] is params[name] for name in params if name != "recurrent")
    assert by_radius["recurrent"].dtype == params["recurrent"].dtype


@settings(max_examples=30, deadline=None, derandomize=True, database=None)
@given(seed=st.integers(0, 2**31 - 1), power=st.integers(1, 30))
def test_the_radius_is_below_the_norm_and_a_power_s_norm_is_between_their_powers(
    seed: int, power: int
) -> None:
    weight = np.random.default_rng(seed).normal(size=(3, 3))
    radius = spectral_radius("rnn", {"recurrent": weight})["hidden"]
    largest = singular_values("rnn", {"recurrent": weight})["hidden"][0]
    product = np.linalg.norm(np.linalg.matrix_power(weight, power), ord=2)
    assert radius**power <= product * (1 + 1e-6)
    assert product <= largest**power * (1 + 1e-6)


def test_wrong_input_is_refused_in_one_line() -> None:
    params = fresh("gru")
    with pytest.raises(InputError, match="give one of radius and norm"):
        scaled_to("gru", params)
    with pytest.raises(InputError, match=r"radius=1\.0 and norm=2.0"):
        scaled_to("gru", params, radius=1.0, norm=2.0)
    with pytest.raises(InputError, match="radius=0"):
        scaled_to("gru", params, radius=0)
    with pytest.raises(
        InputError, match=r"recurrent block of hidden has a size of 0 and cannot be scaled to 0\.5"
    ):
        scaled_to("rnn", {"recurrent": np.zeros((2, 2))}, radius=0.5)
    with pytest.raises(
        InputError, match=r"recurrent weight of lstm is \[H, 4 H\], not of shape \(4, 12\)"
    ):
        spectral_radius("lstm", params)
    with pytest.raises(InputError, match="not finite"):
        spectral_radius("rnn", {"recurrent": np.full((2, 2), np.nan)})
    with pytest.raises(InputError, match="unknown cell 'gu'"):
        singular_values("gu", params)
    with pytest.raises(
        InputError, match=r'among layer_0: take one layer out of a stack, as params\["layer_0"\]'
    ):
        singular_values("gru", {"layer_0": params})
