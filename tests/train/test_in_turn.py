"""One layer after the other: each is trained as if it were alone, and rests otherwise."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import dl
from dl import optimizers
from dl.errors import InputError

STEPS = 4
PARAMS = {
    "low": {"w": jnp.full((2, 2), -0.0).at[0, 0].set(1.5), "b": jnp.ones(2)},
    "high": {"w": jnp.ones((2, 2)), "b": jnp.ones(2)},
}


def momentum() -> optax.GradientTransformation:
    schedule = optimizers.one_cycle(steps=STEPS)
    return optimizers.momentum(0.1, schedule=schedule, weight_decay=0.01)


def trained(optimizer: optax.GradientTransformation, params: Any, steps: int) -> list[Any]:
    """The parameters after each step on gradients of 1, with those before the first."""

    def body(before: Any, _: Any) -> Any:
        params, state = before
        updates, state = optimizer.update(jax.tree.map(jnp.ones_like, params), state, params)
        params = optax.apply_updates(params, updates)
        return (params, state), params

    run = jax.jit(lambda params: jax.lax.scan(body, (params, optimizer.init(params)), None, steps))
    after = run(params)[1]
    return [params, *(jax.tree.map(lambda leaf, n=n: leaf[n], after) for n in range(steps))]


def test_each_layer_is_trained_as_alone_and_keeps_every_bit_at_other_times() -> None:
    both = trained(
        dl.in_turn({"low": momentum(), "high": momentum()}, steps=STEPS), PARAMS, 2 * STEPS
    )
    alone = {name: trained(momentum(), PARAMS[name], STEPS) for name in PARAMS}
    for number in range(STEPS + 1):
        jax.tree.map(
            lambda got, expected: assert_allclose(got, expected, rtol=1e-6),
            (both[number]["low"], both[STEPS + number]["high"]),
            (alone["low"][number], alone["high"][number]),
        )
        bits = lambda tree: [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(tree)]  # noqa: E731
        assert bits(both[number]["high"]) == bits(PARAMS["high"])
        assert bits(both[STEPS + number]["low"]) == bits(both[STEPS]["low"])
    assert not np.allclose(both[-1]["high"]["w"], 1)


def test_the_last_layer_is_trained_to_the_end() -> None:
    sgd = optimizers.sgd(0.5)
    after = trained(dl.in_turn({"low": sgd, "high": sgd}, steps=1), PARAMS, 5)[-1]
    assert_array_equal(after["low"]["b"], np.full(2, 0.5))
    assert_array_equal(after["high"]["b"], np.full(2, 1 - 4 * 0.5))


def test_other_layers_than_those_of_the_parameters_are_refused() -> None:
    with pytest.raises(InputError, match="turns are of low, the parameters are low, high"):
        dl.in_turn({"low": optimizers.sgd(0.1)}, steps=1).init(PARAMS)
    with pytest.raises(InputError, match="steps is 0"):
        dl.in_turn({"low": optimizers.sgd(0.1)}, steps=0)
