"""Gate activations against the states that they make, and the shares of steps at which gates are
shut and open.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from random_layers import BATCH, SIZE, STEPS, compiled, random_layer

from dl.errors import InputError
from dl.inspect.recurrence.gates import BLOCKS, gate_activations, mean_saturation, saturation
from dl.layers import recurrent_layer
from dl.layers.recurrent import KINDS


def remade(kind: str, gates: dict[str, Any], before: list[Any]) -> dict[str, Any]:
    """The states of a step from its gates and the states before it, by the lectures' equations."""
    h = before[-1]
    if kind == "lstm":
        cell = gates["forget"] * before[0] + gates["input"] * gates["candidate"]
        return {"cell": cell, "hidden": gates["output"] * np.tanh(cell)}
    z, candidate = gates["update"], gates["candidate"]
    return {"hidden": (1 - z) * h + z * candidate if kind == "gru" else z * h + (1 - z) * candidate}


@pytest.mark.parametrize("kind", ["lstm", "gru", "gru_reset_after"])
def test_the_gates_make_the_states(kind: str) -> None:
    params, xs, carry = random_layer(kind)
    found = jax.tree.map(
        np.asarray, compiled(partial(gate_activations, kind))(params, xs, carry=carry)
    )
    states = [np.asarray(part) for part in jax.tree.leaves(carry)]
    for t in range(STEPS):
        expected = remade(kind, {name: found[name][t] for name in BLOCKS[kind]}, states)
        for name, values in expected.items():
            np.testing.assert_allclose(found[name][t], values, atol=1e-6)
        states = list(expected.values())


@pytest.mark.parametrize("kind", KINDS)
def test_the_states_are_the_layer_s(kind: str) -> None:
    params, xs, carry = random_layer(kind)
    found = compiled(partial(gate_activations, kind))(params, xs, carry=carry)
    ys, last = compiled(partial(recurrent_layer, kind))(params, xs, carry)
    assert {values.shape for values in found.values()} == {(STEPS, BATCH, SIZE)}
    np.testing.assert_allclose(found["hidden"], ys, atol=1e-6)
    if kind == "lstm":
        np.testing.assert_allclose(found["cell"][-1], last[0], atol=1e-6)


def test_shares_are_counted_over_steps_and_batch_for_each_unit() -> None:
    values = np.full((10, 2, 3), 0.5)
    values[:3, :, 0], values[:, 1, 1], values[..., 2] = 0.05, 0.95, 0.1
    found = saturation(jnp.asarray(values, jnp.float32), shut=0.09)
    np.testing.assert_allclose(found.shut, [0.3, 0, 0])
    np.testing.assert_allclose(found.open, [0, 0.5, 0])
    np.testing.assert_allclose(saturation(values, open=0.4).open, [0.7, 1, 0])


def test_the_mean_is_over_gates_alone() -> None:
    params, xs, _ = random_layer("lstm")
    shut = params | {"bias": jnp.repeat(jnp.array([-99.0, 99.0, 99.0, 0.0]), SIZE)}
    shares = mean_saturation(gate_activations("lstm", shut, xs), shut=0.001, open=0.999)
    assert shares == {"input": (1.0, 0.0), "forget": (0.0, 1.0), "output": (0.0, 0.0)}
    assert mean_saturation(gate_activations("rnn", *random_layer("rnn")[:2])) == {}


def test_wrong_input_is_refused_in_one_line() -> None:
    params, xs, _ = random_layer("gru")
    with pytest.raises(InputError, match="unknown cell 'gruu'"):
        gate_activations("gruu", params, xs)
    with pytest.raises(InputError, match=r"sequences are \[T, B, 2\]"):
        gate_activations("gru", params, xs[0])
    with pytest.raises(
        InputError, match=r"\[T, B, H\] with at least one step, not of shape \(0, 2, 3\)"
    ):
        saturation(np.zeros((0, 2, 3)))
    with pytest.raises(InputError, match=r"shut below 0.9 and open above 0.1"):
        saturation(np.zeros((1, 2, 3)), shut=0.9, open=0.1)
