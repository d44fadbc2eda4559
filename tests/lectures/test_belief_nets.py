"""F4: restricted Boltzmann machines, and stacks of them that begin a deep net (Hinton 2006)."""

import math
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dl
from dl import models, objectives
from dl.layers import boltzmann

# A machine of one visible and one hidden unit, w = 2, c = 1, b = 0. Its four states (v, h) have the
# weights exp(−E): 1 at (0, 0), e at (0, 1), 1 at (1, 0), and e³ at (1, 1).
TWO_UNITS = {
    "kernel": jnp.array([[2.0]]),
    "bias": jnp.array([1.0]),
    "visible_bias": jnp.array([0.0]),
}


def test_f4_the_energy_of_a_state_is_its_probability_s_logarithm() -> None:
    on = jnp.ones((1, 1))
    assert boltzmann.energy(TWO_UNITS, on, on).item() == -3.0
    total = 1 + math.e + 1 + math.e**3
    assert total == pytest.approx(24.8038, abs=1e-4)
    assert math.exp(boltzmann.log_partition(TWO_UNITS)) == pytest.approx(24.8038, rel=1e-5)
    free = boltzmann.free_energy(TWO_UNITS, on).item()
    assert free == pytest.approx(-3.048587, abs=1e-5)  # −log(1 + e³)
    assert math.exp(-free) / total == pytest.approx(0.850092, abs=1e-5)  # p(v = 1)


def test_f4_units_of_a_kind_are_independent_given_those_of_the_other() -> None:
    """P(h = 1 | v = 1) = σ(3), P(v = 1 | h = 1) = σ(2); the slide's arrows go both ways."""
    on = jnp.ones((1, 1))
    assert boltzmann.hidden_mean(TWO_UNITS, on).item() == pytest.approx(0.952574, abs=1e-6)
    assert boltzmann.visible_mean(TWO_UNITS, on).item() == pytest.approx(0.880797, abs=1e-6)


def test_f4_a_step_moves_weights_by_data_minus_reconstruction() -> None:
    """Data v = 1: ⟨v h⟩ = σ(3). The chain's end is v' = P(v | h) with h drawn, here h = 1.

    Then v' = σ(2) = 0.880797, h' = σ(1 + 2 v') = 0.940557, and Δw = 0.952574 − 0.828440.
    """
    model = models.belief_net((1,), (1,))
    objective = objectives.contrastive_divergence(model)
    batch, sgd = {"inputs": jnp.ones((1, 1)), "mask": jnp.ones(1)}, dl.optimizers.sgd(1.0)
    begun = dl.init_state(model, sgd, batch["inputs"], seed=0)
    state = replace(begun, params={"hidden1": TWO_UNITS})
    after, _ = jax.jit(dl.make_train_step(objective, sgd))(state, batch)
    change = jax.tree.map(lambda new, old: (new - old).item(), after.params["hidden1"], TWO_UNITS)
    assert change["kernel"] == pytest.approx(0.124134, abs=1e-4)
    assert change["bias"] == pytest.approx(0.012017, abs=1e-4)
    assert change["visible_bias"] == pytest.approx(0.119203, abs=1e-4)


def test_f4_the_net_of_the_paper_has_as_many_weights_as_its_layers_say() -> None:
    """784-500-500-2000 as a stack, and with ten outputs as a classifier."""
    stack = models.belief_net((28, 28, 1), (500, 500, 2000))
    classifier = models.mlp(10, hidden_sizes=(500, 500, 2000))
    pictures = jnp.zeros((1, 28, 28, 1))
    counts = [
        sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(shapes))
        for model in (stack, classifier)
        for shapes in [jax.eval_shape(model.init, jax.random.key(0), pictures)[0]]
    ]
    weights = 784 * 500 + 500 * 500 + 500 * 2000
    assert counts == [
        weights + (500 + 784) + (500 + 500) + (2000 + 500),
        weights + 500 + 500 + 2000 + 2000 * 10 + 10,
    ]
    assert counts == [1_646_784, 1_665_010]


def test_f4_machines_are_stacked_and_trained_from_the_lowest_up() -> None:
    """Two machines, two steps each: who changes in which step."""
    model = models.belief_net((3,), (2, 2))
    rate = dl.optimizers.sgd(0.5)
    optimizer = dl.in_turn({"hidden1": rate, "hidden2": rate}, steps=2)
    objective = objectives.contrastive_divergence(model, steps_per_layer=2)
    step = jax.jit(dl.make_train_step(objective, optimizer))
    pixels = jnp.array([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]])
    state, changed = dl.init_state(model, optimizer, pixels, seed=0), []
    for _ in range(4):
        before = state.params
        state, _ = step(state, {"inputs": pixels, "mask": jnp.ones(2)})
        changed.append(
            [
                name
                for name in before
                if np.any(state.params[name]["kernel"] != before[name]["kernel"])
            ]
        )
    assert changed == [["hidden1"], ["hidden1"], ["hidden2"], ["hidden2"]]
