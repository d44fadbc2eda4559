"""D5, D6, D7, D9: batch norm, dropout and the other remedies for over-fitting, by hand."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

import dl
from dl import models, objectives, optimizers
from dl.data import augment
from dl.layers import Dropout
from dl.layers.blocks import batch_norm
from dl.lessons import convolution
from dl.objectives.reconstruction import Coded, l1_sparsity


def normalised(x: Any, params: Any, stats: Any, *, train: bool) -> tuple[Any, Any]:
    """The library's batch norm on a batch [B, F], and its running statistics afterwards."""
    layer = batch_norm(epsilon=0.0)(train=train, name="norm")
    variables = {"params": params, "batch_stats": stats}
    outputs, changed = layer.apply(variables, jnp.asarray(x, jnp.float32), mutable=["batch_stats"])
    return outputs, changed["batch_stats"]


def test_D5_a_batch_by_hand() -> None:
    # Unit 1: 1, 3, 5, 7 has μ = 4, σ² = 5; unit 2: −2, 0, 0, 2 has μ = 0, σ² = 2.
    batch = [[1.0, -2.0], [3.0, 0.0], [5.0, 0.0], [7.0, 2.0]]
    params = {"scale": jnp.array([2.0, 1.0]), "bias": jnp.array([0.5, -1.0])}
    stats = {"mean": jnp.array([10.0, 10.0]), "var": jnp.array([4.0, 1.0])}
    outputs, running = normalised(batch, params, stats, train=True)
    root5, root2 = 5**0.5, 2**0.5
    np.testing.assert_allclose(
        outputs,
        [
            [2 * -3 / root5 + 0.5, -2 / root2 - 1],
            [2 * -1 / root5 + 0.5, -1.0],
            [2 * 1 / root5 + 0.5, -1.0],
            [2 * 3 / root5 + 0.5, 2 / root2 - 1],
        ],
        rtol=1e-6,
    )
    np.testing.assert_allclose(running["mean"], [0.9 * 10 + 0.1 * 4, 9.0], rtol=1e-6)
    np.testing.assert_allclose(running["var"], [0.9 * 4 + 0.1 * 5, 0.9 + 0.1 * 2], rtol=1e-6)
    # For prediction the running ones count, whatever else is in the batch: 2 (1 − 10) / 2 + 0.5.
    single, _ = normalised([[1.0, -2.0]], params, stats, train=False)
    np.testing.assert_allclose(single, [[-8.5, -13.0]], rtol=1e-6)


def test_D5_between_the_dense_layer_and_the_activation_the_scale_of_the_weights_is_lost() -> None:
    net = nn.Sequential([nn.Dense(3), batch_norm(epsilon=0.0)(train=True, name="norm"), nn.tanh])
    x = jnp.asarray(np.random.default_rng(0).normal(size=(16, 5)), jnp.float32)
    variables = net.init(jax.random.key(0), x)

    def outputs(factor: float) -> Any:
        params = jax.tree.map(lambda leaf: leaf, variables["params"])
        params["layers_0"] = jax.tree.map(lambda leaf: factor * leaf, params["layers_0"])
        return net.apply({**variables, "params": params}, x, mutable=["batch_stats"])[0]

    np.testing.assert_allclose(outputs(100.0), outputs(1.0), atol=1e-5)
    np.testing.assert_allclose(np.arctanh(outputs(1.0)).std(0), 1, rtol=1e-4)


def test_D6_units_are_off_at_random_in_training_and_all_on_for_prediction() -> None:
    # 1,000 hidden units of value 1 and output weights 1: the output counts the units that are on,
    # each scaled by 1 / (1 − 0.4), so that its expectation is the 1,000 of prediction.
    model = models.mlp(1, hidden_sizes=(1000,), dropout=0.4)
    params = {
        "hidden1": {"kernel": jnp.zeros((1, 1000)), "bias": jnp.ones(1000)},
        "output": {"kernel": jnp.ones((1000, 1)), "bias": jnp.zeros(1)},
    }
    x = jnp.zeros((200, 1))
    trained = model.apply(params, {}, x, train=True, key=jax.random.key(0))[0][:, 0]
    on = np.asarray(trained) * 0.6
    np.testing.assert_allclose(on, np.rint(on), atol=1e-2)
    # A mean of 200 binomial counts: its deviation is √(1000 · 0.6 · 0.4 / 200) = 1.1.
    assert on.mean() == pytest.approx(600, abs=5)
    assert on.std() == pytest.approx(240**0.5, rel=0.2)
    np.testing.assert_array_equal(model.apply(params, {}, x)[0], np.full((200, 1), 1000.0))


def test_D6_in_half_precision_as_many_units_are_off() -> None:
    # In bfloat16 0.7 is 0.6992, and random numbers that are multiples of 1/128 are below it with
    # the probability 90/128 = 0.7031.
    layer, ones = Dropout(0.3, deterministic=False), jnp.ones(10**6, jnp.bfloat16)
    outputs = layer.apply({}, ones, rngs={"dropout": jax.random.key(0)})
    assert isinstance(outputs, jax.Array)
    assert outputs.dtype == jnp.bfloat16
    # The deviation of the share is √(0.3 · 0.7 / 10⁶) = 0.0005.
    assert float((outputs > 0).mean()) == pytest.approx(0.7, abs=0.002)


def test_D6_another_update_switches_other_units_off() -> None:
    model = models.mlp(1, hidden_sizes=(50,), dropout=0.5)
    params, _ = model.init(jax.random.key(0), jnp.ones((1, 2)))
    first, again, other = (
        model.apply(params, {}, jnp.ones((1, 2)), train=True, key=jax.random.key(seed))[0]
        for seed in (1, 1, 2)
    )
    assert first == again != other


def test_D7_shared_weights_are_few_and_a_shifted_picture_is_another_example() -> None:
    # 28 inputs, a kernel of 5 and a bias: 6 shared, 24 · 6 of their own, 24 · 29 dense.
    assert convolution.count_weights(28, 5) == (6, 144, 696)
    picture = jnp.zeros((50, 5, 5, 1)).at[:, 2, 2].set(1.0)
    keys = jax.random.split(jax.random.key(0), 50)
    shifted = np.asarray(augment.crop(1)(keys, picture, jnp.zeros((), int)))[..., 0]
    places = {tuple(place[1:]) for place in np.argwhere(shifted).tolist()}
    assert places == {(row, column) for row in (1, 2, 3) for column in (1, 2, 3)}
    np.testing.assert_array_equal(shifted.sum((1, 2)), 1)


def test_D7_a_constraint_of_sparsity_by_hand() -> None:
    code = jnp.array([[0.5, -1.5, 0.0], [0.0, 0.0, 0.0]])
    coded = Coded({}, jnp.zeros((2, 1)), code, jnp.ones(2), jax.random.key(0))
    assert l1_sparsity(0.25)(coded).tolist() == [0.5, 0.0]


def few_examples() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """12 noisy examples of a linear rule with 10 inputs, of which one matters; and 500 to test."""
    rng = np.random.default_rng(5)
    x, test = rng.normal(size=(12, 10)), rng.normal(size=(500, 10))
    return x, x[:, :1] + rng.normal(size=(12, 1)), test, test[:, :1]


def fitted(weight_decay: float) -> np.ndarray:
    """The weights [10, 1] of a linear unit after 3,000 steps on all examples."""
    x, y, _, _ = (jnp.asarray(array, jnp.float32) for array in few_examples())

    def apply(params: Any, inputs: Any) -> Any:
        return inputs @ params["kernel"]

    model = models.from_functions(lambda key, inputs: {"kernel": jnp.zeros((10, 1))}, apply)
    optimizer = optimizers.sgd(0.05, weight_decay=weight_decay)
    step = dl.make_train_step(objectives.regression(model), optimizer)
    batch = {"inputs": x, "targets": y, "mask": jnp.ones(12)}
    state = dl.init_state(model, optimizer, x, seed=0)
    state = jax.jit(lambda s: jax.lax.fori_loop(0, 3000, lambda _, s: step(s, batch)[0], s))(state)
    return np.asarray(state.params["kernel"])


def test_D9_weight_decay_reaches_the_ridge_solution_and_over_fits_less() -> None:
    # ∇ of 1/N Σ (w·x − y)² + ½ λ ‖w‖² is 0 at w = (XᵀX + ½ λ N I)⁻¹ Xᵀ y.
    x, y, test, truth = few_examples()
    decay = 1.0
    ridge = np.linalg.solve(x.T @ x + 0.5 * decay * 12 * np.eye(10), x.T @ y)
    plain = np.linalg.lstsq(x, y, rcond=None)[0]
    decayed, free = fitted(decay), fitted(0.0)
    np.testing.assert_allclose(decayed, ridge, atol=1e-4)

    def error(weights: np.ndarray, inputs: np.ndarray, targets: np.ndarray) -> float:
        return float(((inputs @ weights - targets) ** 2).mean())

    # Without decay it approaches the exact least squares, small on 12 examples and large on new.
    assert error(free, x, y) < 1.5 * error(plain, x, y) + 0.05 < error(decayed, x, y)
    assert error(decayed, test, truth) < 0.7 * error(free, test, truth)
    assert np.linalg.norm(decayed) < np.linalg.norm(free)
