"""Contrastive divergence against statistics by hand, and against exact likelihoods."""

from functools import partial
from itertools import product
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit, logsumexp

import dl
from dl import metrics, models, objectives
from dl.errors import InputError
from dl.layers.boltzmann import gibbs_chain
from dl.types import Array, BeliefNet

D, F, B = 6, 4, 5
RNG = np.random.default_rng(0)
PIXELS = RNG.uniform(size=(B, D)).astype(np.float32)
KEY = jax.random.key(3)
CHAIN_KEY = jax.random.split(KEY)[0]


def machine(seed: int, visible: int, hidden: int) -> dict[str, Array]:
    rng = np.random.default_rng(seed)
    shapes = {"kernel": (visible, hidden), "bias": (hidden,), "visible_bias": (visible,)}
    return {
        name: jnp.asarray(rng.normal(size=shape), jnp.float32) for name, shape in shapes.items()
    }


def batch(inputs: Any = PIXELS, mask: Any = None) -> dict[str, Array]:
    mask = np.ones(len(inputs)) if mask is None else mask
    return {
        "inputs": jnp.asarray(inputs, jnp.float32),
        "mask": jnp.asarray(mask, jnp.float32),
        "index": jnp.arange(len(inputs)),
    }


def gradient_of(model: BeliefNet, **options: Any) -> Any:
    """A function to the gradient of the mean loss, the metrics, the new state, the new chains."""
    objective = objectives.contrastive_divergence(model, **options)

    def graded(params: Any, done: int = 0, carry: Any = ()) -> Any:
        def mean_loss(params: Any) -> Any:
            state = {"pretraining": {"steps": done}} if len(model.machines) > 1 else {}
            sums, *after = objective(params, state, batch(), train=True, key=KEY, carry=carry)
            return sums["loss"].sum / sums["loss"].count, (sums, *after)

        return jax.grad(mean_loss, has_aux=True)(params)

    return jax.jit(graded)


def statistics(params: Any, visible: Any) -> dict[str, np.ndarray]:
    """⟨v h⟩, ⟨h⟩ and ⟨v⟩ with h = P(h = 1 | v), by NumPy."""
    kernel, bias = (np.asarray(params[name], np.float64) for name in ("kernel", "bias"))
    rows = np.asarray(visible, np.float64)
    hidden = expit(rows @ kernel + bias)
    return {
        "kernel": rows.T @ hidden / len(rows),
        "bias": hidden.mean(axis=0),
        "visible_bias": rows.mean(axis=0),
    }


@pytest.mark.parametrize(("steps", "draw"), [(1, False), (3, True)])
def test_the_gradient_is_the_difference_of_two_statistics(steps: int, draw: bool) -> None:
    """Data minus model: w ← w + α(⟨v h⟩_data − ⟨v h⟩_k), Hinton 2002, equation 8."""
    model, params = models.belief_net((D,), (F,)), {"hidden1": machine(1, D, F)}
    found, (sums, state, carry) = gradient_of(model, steps=steps, draw=draw)(params)
    end = gibbs_chain(params["hidden1"], jnp.asarray(PIXELS), CHAIN_KEY, steps)
    of_data = statistics(params["hidden1"], PIXELS)
    of_model = statistics(params["hidden1"], end.drawn if draw else end.probabilities)
    for name, gradient in found["hidden1"].items():
        assert_allclose(gradient, of_model[name] - of_data[name], rtol=1e-4, atol=1e-6)
    assert (state, carry) == ({}, ())
    assert metrics.compute(sums)["loss"] > 0


def test_persistent_chains_go_on_where_they_were() -> None:
    model = models.belief_net((D,), (F,), persistent=True)
    assert jax.tree.map(jnp.shape, model.zero_carry(B)) == {"hidden1": (B, D)}
    params = {"hidden1": machine(1, D, F)}
    chains = {"hidden1": jnp.asarray(RNG.integers(0, 2, (B, D)), jnp.float32)}
    found, (_, _, carry) = gradient_of(model)(params, 0, chains)
    end = gibbs_chain(params["hidden1"], chains["hidden1"], CHAIN_KEY, 1)
    assert_array_equal(carry["hidden1"], end.drawn)
    of_data, of_model = (statistics(params["hidden1"], v) for v in (PIXELS, end.drawn))
    assert_allclose(
        found["hidden1"]["kernel"], of_model["kernel"] - of_data["kernel"], rtol=1e-4, atol=1e-6
    )


def code(params: Any) -> np.ndarray:
    """P(h = 1 | v) of the first machine for the pixels."""
    return expit(PIXELS @ np.asarray(params["hidden1"]["kernel"]) + params["hidden1"]["bias"])


@pytest.mark.slow
def test_a_stack_learns_machine_by_machine_from_what_those_below_make_of_the_data() -> None:
    model = models.belief_net((D,), (F, 3, 2), linear_code=True)
    params = {"hidden1": machine(1, D, F), "hidden2": machine(2, F, 3), "hidden3": machine(3, 3, 2)}
    graded = gradient_of(model, steps_per_layer=10)
    for done, active in [(0, 1), (9, 1), (10, 2), (20, 3), (1000, 3)]:
        found, (_, state, _) = graded(params, done)
        for name, layer in found.items():
            used = any(np.any(leaf) for leaf in layer.values())
            assert used == (name == f"hidden{active}"), (done, name)
        assert int(state["pretraining"]["steps"]) == done + 1
    state = {"pretraining": {"steps": jnp.int32(12)}}
    objective = jax.jit(objectives.contrastive_divergence(model, steps_per_layer=10))
    sums, after, _ = objective(params, state, batch())
    assert int(after["pretraining"]["steps"]) == 12, "evaluation counts nothing"
    alone = models.belief_net((F,), (3,))
    expected = objectives.contrastive_divergence(alone)(
        {"hidden1": params["hidden2"]}, {}, batch(code(params))
    )[0]
    assert metrics.compute(sums) == pytest.approx(metrics.compute(expected), rel=1e-4)
    found, _ = graded(params, 10)
    end = gibbs_chain(params["hidden2"], jnp.asarray(code(params)), CHAIN_KEY, 1)
    of_data, of_model = (
        statistics(params["hidden2"], rows) for rows in (code(params), end.probabilities)
    )
    assert_allclose(
        found["hidden2"]["kernel"], of_model["kernel"] - of_data["kernel"], rtol=1e-4, atol=1e-6
    )


def test_evaluation_draws_the_same_places_each_time_and_leaves_out_what_is_masked() -> None:
    model, params = models.belief_net((D,), (F,)), {"hidden1": machine(1, D, F)}
    evaluate = partial(jax.jit(objectives.contrastive_divergence(model)), params, {})
    sums, _, _ = evaluate(batch())
    assert metrics.compute(sums) == metrics.compute(evaluate(batch())[0])
    mask = np.array([1, 1, 1, 0, 0])
    some = metrics.compute(evaluate(batch(mask=mask))[0])
    assert some == pytest.approx(metrics.compute(evaluate(batch(PIXELS[:3]))[0]), rel=1e-5)
    kernel, bias, visible_bias = (np.asarray(params["hidden1"][name]) for name in params["hidden1"])
    inputs = PIXELS @ kernel + bias
    free = -PIXELS @ visible_bias - np.logaddexp(0, inputs).sum(axis=1)
    mean_field = expit(expit(inputs) @ kernel.T + visible_bias)
    got = metrics.compute(sums)
    assert got["free_energy"] == pytest.approx(free.mean(), rel=1e-5)
    error = np.square(mean_field - PIXELS).sum(axis=1).mean()
    assert got["squared_error"] == pytest.approx(error, rel=1e-4)


def log_likelihood(params: Any, data: np.ndarray) -> float:
    """The exact mean of log p(v), by the sum over all states."""
    kernel, bias, visible_bias = (
        np.asarray(params[name], np.float64) for name in ("kernel", "bias", "visible_bias")
    )

    def free(v: np.ndarray) -> np.ndarray:
        return -v @ visible_bias - np.logaddexp(0, v @ kernel + bias).sum(axis=1)

    states = np.array(list(product((0.0, 1.0), repeat=data.shape[1])))
    return float(np.mean(-free(data)) - np.asarray(logsumexp(-free(states))))


@pytest.mark.parametrize("persistent", [pytest.param(False, marks=pytest.mark.slow), True])
def test_learning_raises_the_exact_likelihood_towards_its_bound(persistent: bool) -> None:
    """No distribution gives data more than minus their entropy."""
    rng = np.random.default_rng(0)
    patterns = np.array([[0, 0, 1, 1], [1, 1, 0, 0]])[rng.integers(0, 2, 200)]
    data = np.where(rng.random(patterns.shape) < 0.15, 1 - patterns, patterns).astype(np.float32)
    shares = np.unique(data, axis=0, return_counts=True)[1] / len(data)
    bound = float(shares @ np.log(shares))
    model = models.belief_net((4,), (3,), persistent=persistent)
    optimizer = dl.optimizers.momentum(0.05, schedule=dl.optimizers.cosine(steps=600))
    carried_rows = len(data) if persistent else 0
    state = dl.init_state(model, optimizer, data, seed=0, carried_rows=carried_rows)
    assert log_likelihood(state.params["hidden1"], data) == pytest.approx(4 * np.log(0.5), abs=0.01)
    step = dl.make_train_step(objectives.contrastive_divergence(model, draw=True), optimizer)
    batches = {
        name: jnp.broadcast_to(leaf, (600, *leaf.shape)) for name, leaf in batch(data).items()
    }
    after, _ = jax.jit(dl.scan_steps(step))(state, batches)
    assert bound - 0.05 < log_likelihood(after.params["hidden1"], data) < bound


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: objectives.contrastive_divergence(models.mlp(2)), "is no Boltzmann machine"),
        (
            lambda: objectives.contrastive_divergence(models.belief_net((2,), (2, 2))),
            "2 machines.*steps_per_layer",
        ),
        (
            lambda: objectives.contrastive_divergence(models.belief_net((2,), (2,)), steps=0),
            "steps is 0",
        ),
        (lambda: models.belief_net((2,), ()), "at least one layer"),
        (lambda: models.belief_net((2,), (3, 0)), r"\(3, 0\).*at least 1 unit"),
        (
            lambda: objectives.contrastive_divergence(models.belief_net((D,), (F,)))(
                {"hidden1": machine(1, D, F)}, {}, batch(), train=True
            ),
            "give key=",
        ),
        (
            lambda: gradient_of(models.belief_net((D,), (F,), persistent=True))(
                {"hidden1": machine(1, D, F)}
            ),
            "chains of the step before: give carry=",
        ),
    ],
)
def test_what_cannot_be_trained_is_said(call: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        call()


@pytest.mark.slow
def test_persistent_training_gets_as_far_as_scikit_learn_s() -> None:
    """Both follow Tieleman 2008 on digits of 8×8 pixels; a machine of zeros has 64 log ½ = −44."""
    from sklearn.datasets import load_digits
    from sklearn.neural_network import BernoulliRBM

    pixels = (load_digits().data / 16.0).astype(np.float32)[:1750]
    reference = BernoulliRBM(32, learning_rate=0.05, batch_size=50, n_iter=20, random_state=0)
    reference.fit(pixels)
    model = models.belief_net((64,), (32,), persistent=True)
    sgd = dl.optimizers.sgd(0.05)
    state = dl.init_state(model, sgd, pixels, seed=0, carried_rows=50)
    step = dl.make_train_step(objectives.contrastive_divergence(model), sgd)
    rows = np.tile(pixels.reshape(35, 50, 64), (20, 1, 1))
    batches = {"inputs": rows, "mask": np.ones(rows.shape[:2], np.float32)}
    after, _ = jax.jit(dl.scan_steps(step))(state, batches)
    machine = after.params["hidden1"]
    ours = BernoulliRBM(32, random_state=1)
    ours.components_ = np.asarray(machine["kernel"]).T
    ours.intercept_hidden_ = np.asarray(machine["bias"])
    ours.intercept_visible_ = np.asarray(machine["visible_bias"])
    reference.random_state = 1
    scores = [rbm.score_samples(pixels).mean() for rbm in (ours, reference)]
    assert scores[0] == pytest.approx(scores[1], rel=0.05)
    assert max(scores) > -27
