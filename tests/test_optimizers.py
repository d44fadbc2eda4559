"""Every optimizer and schedule against its textbook equation; rates are traced, one a member under
vmap.
"""

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from dl import optimizers
from dl.errors import InputError
from dl.train.guard import CompilationGuard
from dl.train.loop import check_finite

STEPS = 20
SHAPES = {"w": (3, 2), "b": (2,)}
Tree = dict[str, np.ndarray]
Rule = Callable[[np.ndarray, dict[str, Any], float, int], np.ndarray]


def start() -> Tree:
    rng = np.random.default_rng(0)
    return {name: rng.normal(size=shape) for name, shape in SHAPES.items()}


NOISE = {
    name: np.random.default_rng(1).normal(size=(STEPS, *shape)) for name, shape in SHAPES.items()
}


def gradients(params: Any, step: Any, numpy: Any) -> Any:
    """∇ of a tilted quadratic bowl that moves a little every step."""
    return {name: 0.5 * params[name] + numpy.asarray(NOISE[name])[step] for name in SHAPES}


# The textbook rules in NumPy, each (g, memory, α, t) -> Δw for one array, t counted from 1.


def sgd_rule(g: np.ndarray, m: dict[str, Any], rate: float, t: int) -> np.ndarray:
    return -rate * g


def momentum_rule(g: np.ndarray, m: dict[str, Any], rate: float, t: int) -> np.ndarray:
    m["v"] = 0.8 * m.get("v", 0.0) - rate * g
    return m["v"]


def nesterov_rule(g: np.ndarray, m: dict[str, Any], rate: float, t: int) -> np.ndarray:
    m["v"] = 0.8 * m.get("v", 0.0) - rate * g
    return 0.8 * m["v"] - rate * g


def adagrad_rule(g: np.ndarray, m: dict[str, Any], rate: float, t: int) -> np.ndarray:
    m["s"] = m.get("s", 0.0) + g**2
    return -rate * g / np.sqrt(m["s"] + 1e-10)


def rmsprop_rule(g: np.ndarray, m: dict[str, Any], rate: float, t: int) -> np.ndarray:
    m["s"] = 0.9 * m.get("s", 0.0) + 0.1 * g**2
    return -rate * g / np.sqrt(m["s"] + 1e-8)


def adadelta_rule(g: np.ndarray, m: dict[str, Any], rate: float, t: int) -> np.ndarray:
    m["s"] = 0.95 * m.get("s", 0.0) + 0.05 * g**2
    delta = -np.sqrt(m.get("u", 0.0) + 1e-6) / np.sqrt(m["s"] + 1e-6) * g
    m["u"] = 0.95 * m.get("u", 0.0) + 0.05 * delta**2
    return rate * delta


def adam_rule(g: np.ndarray, m: dict[str, Any], rate: float, t: int) -> np.ndarray:
    m["m"] = 0.9 * m.get("m", 0.0) + 0.1 * g
    m["s"] = 0.999 * m.get("s", 0.0) + 0.001 * g**2
    return -rate * (m["m"] / (1 - 0.9**t)) / (np.sqrt(m["s"] / (1 - 0.999**t)) + 1e-8)


def adamax_rule(g: np.ndarray, m: dict[str, Any], rate: float, t: int) -> np.ndarray:
    m["m"] = 0.9 * m.get("m", 0.0) + 0.1 * g
    m["u"] = np.maximum(0.999 * m.get("u", 0.0), np.abs(g))
    return -rate / (1 - 0.9**t) * m["m"] / m["u"]


def momentum_08(learning_rate: float, **options: Any) -> optax.GradientTransformation:
    return optimizers.momentum(learning_rate, momentum=0.8, **options)


def nesterov_08(learning_rate: float, **options: Any) -> optax.GradientTransformation:
    return optimizers.momentum(learning_rate, momentum=0.8, nesterov=True, **options)


TABLE = [
    pytest.param(optimizers.sgd, sgd_rule, id="sgd"),
    pytest.param(momentum_08, momentum_rule, id="momentum"),
    pytest.param(nesterov_08, nesterov_rule, id="nesterov"),
    pytest.param(optimizers.adagrad, adagrad_rule, id="adagrad"),
    pytest.param(optimizers.rmsprop, rmsprop_rule, id="rmsprop"),
    pytest.param(optimizers.adadelta, adadelta_rule, id="adadelta"),
    pytest.param(optimizers.adam, adam_rule, id="adam"),
    pytest.param(optimizers.adamax, adamax_rule, id="adamax"),
]
every_optimizer = pytest.mark.parametrize(("build", "rule"), TABLE)


def reference(
    rule: Rule,
    *,
    rate: float,
    factor: Callable[[int], float] = lambda t: 1.0,
    decay: float = 0.0,
    l1: float = 0.0,
) -> list[Tree]:
    """The parameters after each step; penalties add λ₂W + λ₁ sign(W) to the gradient of W alone."""
    params, memory, path = start(), {name: {} for name in SHAPES}, []
    for step in range(STEPS):
        g = gradients(params, step, np)
        g["w"] = g["w"] + decay * params["w"] + l1 * np.sign(params["w"])
        params = {
            name: params[name] + rule(g[name], memory[name], rate * factor(step), step + 1)
            for name in SHAPES
        }
        path.append(params)
    return path


def follow(optimizer: optax.GradientTransformation, opt_state: Any = None) -> Any:
    """The parameters after each of the steps, stacked [STEPS, ...], in one compiled scan."""
    params = jax.tree.map(jnp.float32, start())

    def step(carry: Any, number: jax.Array) -> Any:
        params, opt_state = carry
        updates, opt_state = optimizer.update(gradients(params, number, jnp), opt_state, params)
        params = optax.apply_updates(params, updates)
        return (params, opt_state), params

    opt_state = optimizer.init(params) if opt_state is None else opt_state
    return jax.lax.scan(step, (params, opt_state), jnp.arange(STEPS))[1]


def assert_same_path(got: Any, expected: list[Tree]) -> None:
    for name in SHAPES:
        wanted = np.stack([params[name] for params in expected])
        np.testing.assert_allclose(got[name], wanted, rtol=2e-4, atol=2e-5, err_msg=name)


@every_optimizer
def test_twenty_steps_follow_the_textbook(build: Any, rule: Rule) -> None:
    assert_same_path(jax.jit(lambda: follow(build(0.1)))(), reference(rule, rate=0.1))


@every_optimizer
def test_weight_decay_pulls_on_weights_and_not_on_biases(build: Any, rule: Rule) -> None:
    decayed = jax.jit(lambda: follow(build(0.1, weight_decay=0.3)))()
    assert_same_path(decayed, reference(rule, rate=0.1, decay=0.3))
    plain = reference(rule, rate=0.1)
    assert np.abs(decayed["w"][-1] - plain[-1]["w"]).max() > 1e-4
    np.testing.assert_allclose(decayed["b"][-1], plain[-1]["b"], rtol=2e-4, atol=2e-5)


def reference_beside(rule: Rule, *, decay: float, l1: float) -> list[Tree]:
    """Decoupled penalties: the step is that of the bare gradient, and W shrinks beside it."""
    params, memory, path = start(), {name: {} for name in SHAPES}, []
    for step in range(STEPS):
        g, rate = gradients(params, step, np), 0.1 * 0.5 ** (step // 4)
        shrinking = {"w": decay * params["w"] + l1 * np.sign(params["w"]), "b": 0.0}
        params = {
            name: params[name]
            + rule(g[name], memory[name], rate, step + 1)
            - rate * shrinking[name]
            for name in SHAPES
        }
        path.append(params)
    return path


@every_optimizer
def test_l1_pulls_on_weights_by_their_sign(build: Any, rule: Rule) -> None:
    got = jax.jit(lambda: follow(build(0.1, weight_decay=0.1, l1=0.2)))()
    assert_same_path(got, reference(rule, rate=0.1, decay=0.1, l1=0.2))


@every_optimizer
def test_decoupled_penalties_do_not_pass_through_the_optimizer(build: Any, rule: Rule) -> None:
    halving = optimizers.step_decay(every=4, factor=0.5)
    options = {"weight_decay": 0.3, "l1": 0.1, "decoupled": True, "schedule": halving}
    got = jax.jit(lambda: follow(build(0.1, **options)))()
    assert_same_path(got, reference_beside(rule, decay=0.3, l1=0.1))


def test_decoupled_adam_is_the_adamw_of_optax() -> None:
    ours = jax.jit(lambda: follow(optimizers.adam(0.1, weight_decay=0.3, decoupled=True)))()
    mask = {"w": True, "b": False}
    theirs = jax.jit(lambda: follow(optax.adamw(0.1, weight_decay=0.3, mask=mask)))()
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), ours, theirs)


def test_adam_forgets_how_strong_a_penalty_in_the_gradient_is_and_adamw_does_not() -> None:
    """One step from w = 2 with ∇L = 1, λ = 0.5, α = 0.1, by hand: Adam takes α sign(g + λw)."""
    params, gradient = {"w": jnp.full((1, 1), 2.0)}, {"w": jnp.ones((1, 1))}
    steps = {}
    for decoupled in (False, True):
        optimizer = optimizers.adam(0.1, weight_decay=0.5, decoupled=decoupled)
        updates: Any = optimizer.update(gradient, optimizer.init(params), params)[0]
        steps[decoupled] = round(float(updates["w"][0, 0]), 5)
    assert steps == {False: -0.1, True: -0.2}  # −α, and −α − α λ w


def test_sgd_does_the_same_with_penalties_in_the_gradient_and_beside_it() -> None:
    paths = [
        jax.jit(lambda d=d: follow(optimizers.sgd(0.1, weight_decay=0.3, l1=0.1, decoupled=d)))()
        for d in (False, True)
    ]
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), *paths)


def slowed(losses: list[float], **options: Any) -> list[float]:
    """The size of each update at rate 1 and gradient 1, when training has these losses."""
    optimizer: Any = optimizers.slowed_on_plateau(optimizers.sgd(1.0), **options)
    params = {"w": jnp.float32(0.0)}
    state, sizes = optimizer.init(params), []
    for loss in losses:
        updates, state = optimizer.update(params | {"w": jnp.float32(1)}, state, params, value=loss)
        sizes.append(round(-float(updates["w"]), 6))
    return sizes


def test_updates_shrink_when_the_mean_loss_has_stalled() -> None:
    """Means of two steps: 3, 2 (better), 2.5 and 2 (not better): the second ends the patience."""
    losses = [4.0, 2.0, 1.0, 3.0, 2.0, 3.0, 1.0, 3.0, 1.0, 1.0]
    sizes = slowed(losses, every=2, patience=2, factor=0.5)
    assert sizes == [1, 1, 1, 1, 1, 1, 1, 0.5, 0.5, 0.5]


def test_updates_shrink_once_more_at_every_further_stall() -> None:
    assert slowed([1.0] * 6, every=1, patience=2, factor=0.1) == [1, 1, 0.1, 0.1, 0.01, 0.01]


def test_a_loss_that_is_lower_by_less_than_a_ten_thousandth_is_not_better() -> None:
    assert slowed([1.0, 0.99995], every=1, patience=1, factor=0.5) == [1, 0.5]
    assert slowed([1.0, 0.9998], every=1, patience=1, factor=0.5) == [1, 1]


def test_a_loss_below_0_stalls_like_one_above() -> None:
    assert slowed([-1.0] * 6, every=1, patience=2, factor=0.1) == [1, 1, 0.1, 0.1, 0.01, 0.01]
    assert slowed([-1.0, -1.00005], every=1, patience=1, factor=0.5) == [1, 0.5]
    assert slowed([-1.0, -1.0002], every=1, patience=1, factor=0.5) == [1, 1]
    assert slowed([1e-3, 0.0, -1e-3], every=1, patience=1, factor=0.5) == [1, 1, 1]


@pytest.mark.parametrize("every", [1, 3])
def test_a_loss_above_0_slows_the_updates_as_optax_does(every: int) -> None:
    """Also where a loss is not finite."""
    losses = 1 + np.random.default_rng(0).random(60, np.float32)
    losses[20] = math.inf
    own = optimizers.slowed_on_plateau(optax.identity(), every=every, patience=2, factor=0.5)
    other = optax.contrib.reduce_on_plateau(factor=0.5, patience=2, accumulation_size=every)
    paths = [steps_of(each, losses) for each in (own, optax.chain(optax.identity(), other))]
    np.testing.assert_array_equal(*paths)
    assert paths[0][-1] < 0.1


def steps_of(optimizer: Any, losses: np.ndarray) -> np.ndarray:
    """The size of each update of gradient 1, when training has these losses."""
    params = {"w": jnp.float32(1)}

    def step(state: Any, loss: jax.Array) -> Any:
        updates, state = optimizer.update(params, state, params, value=loss)
        return state, updates["w"]

    return np.asarray(jax.lax.scan(step, optimizer.init(params), losses)[1])


def test_the_state_of_a_plateau_is_finite_before_the_first_mean_so_that_it_can_be_saved() -> None:
    optimizer: Any = optimizers.slowed_on_plateau(optimizers.sgd(1.0), every=2, patience=1)
    params = {"w": jnp.float32(1)}
    begun = optimizer.init(params)
    after = optimizer.update(params, begun, params, value=jnp.float32(2.0))[1]
    for state in (begun, after):
        check_finite(state, 1)


@every_optimizer
def test_a_schedule_scales_the_rate_of_each_step(build: Any, rule: Rule) -> None:
    got = jax.jit(lambda: follow(build(0.1, schedule=optimizers.step_decay(every=4, factor=0.5))))()
    assert_same_path(got, reference(rule, rate=0.1, factor=lambda t: 0.5 ** (t // 4)))


@every_optimizer
def test_another_rate_through_the_state_equals_building_with_it_and_compiles_nothing(
    build: Any, rule: Rule
) -> None:
    optimizer = build(0.1, weight_decay=0.2)
    opt_state = optimizer.init(jax.tree.map(jnp.float32, start()))
    guard = CompilationGuard("follow", declared=1)
    run = jax.jit(guard.watch(lambda opt_state: follow(optimizer, opt_state)))
    first = run(opt_state)
    other = run(optimizers.with_hyperparams(opt_state, learning_rate=0.03, weight_decay=0.05))
    assert guard.count == 1
    assert_same_path(first, reference(rule, rate=0.1, decay=0.2))
    assert_same_path(other, reference(rule, rate=0.03, decay=0.05))


@every_optimizer
def test_a_population_of_rates_under_one_vmap(build: Any, rule: Rule) -> None:
    optimizer, rates = build(0.1), [0.01, 0.05, 0.2]

    def member(rate: jax.Array) -> Any:
        opt_state = optimizer.init(jax.tree.map(jnp.float32, start()))
        return follow(optimizer, optimizers.with_hyperparams(opt_state, learning_rate=rate))

    population = jax.jit(jax.vmap(member))(jnp.array(rates))
    for number, rate in enumerate(rates):
        one = jax.tree.map(lambda leaf, number=number: leaf[number], population)
        assert_same_path(one, reference(rule, rate=rate))


def test_with_hyperparams_changes_what_it_names_and_nothing_else() -> None:
    opt_state = optimizers.momentum(0.1, momentum=0.8, weight_decay=0.2).init(
        {"w": jnp.zeros((2, 2))}
    )
    changed = optimizers.with_hyperparams(opt_state, momentum=0.5)
    values = {name: round(float(value), 6) for name, value in changed.hyperparams.items()}
    assert values == {"learning_rate": 0.1, "weight_decay": 0.2, "momentum": 0.5}
    assert round(float(opt_state.hyperparams["momentum"]), 6) == 0.8
    shapes = [jax.tree.map(jax.typeof, tree) for tree in (opt_state, changed)]
    assert shapes[0] == shapes[1]


def test_with_hyperparams_reaches_into_a_clipped_optimizer() -> None:
    opt_state = optimizers.clipped(optimizers.adam(0.1), norm=1.0).init({"w": jnp.zeros(2)})
    changed = optimizers.with_hyperparams(opt_state, learning_rate=0.25)
    assert float(optax.tree_utils.tree_get(changed, "learning_rate")) == 0.25


def test_with_hyperparams_refuses_a_name_that_the_optimizer_does_not_have() -> None:
    opt_state = optimizers.sgd(0.1).init({"w": jnp.zeros(2)})
    with pytest.raises(KeyError, match="momentum"):
        optimizers.with_hyperparams(opt_state, momentum=0.5)


def test_momentum_equals_optax_at_a_constant_rate() -> None:
    ours = jax.jit(lambda: follow(optimizers.momentum(0.1, momentum=0.8)))()
    theirs = jax.jit(lambda: follow(optax.sgd(0.1, momentum=0.8)))()
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), ours, theirs)


def test_momentum_keeps_its_velocity_when_the_rate_falls_and_optax_does_not() -> None:
    fall = optimizers.step_decay(every=10, factor=0.1)
    ours = jax.jit(lambda: follow(optimizers.momentum(0.1, momentum=0.8, schedule=fall)))()
    theirs = jax.jit(lambda: follow(optax.sgd(lambda step: 0.1 * fall(step), momentum=0.8)))()
    gap = np.abs(ours["w"] - theirs["w"]).max(axis=(1, 2))
    assert gap[:10].max() < 1e-5
    assert gap[10:].min() > 1e-2


GRADIENT_SIZES = [1e-3, 0.5, 3.0, 1e4]


@pytest.mark.parametrize("size", GRADIENT_SIZES)
def test_clipped_bounds_the_global_norm_and_keeps_the_direction(size: float) -> None:
    direction = start()
    length = math.sqrt(sum(float((leaf**2).sum()) for leaf in direction.values()))
    gradient = {name: jnp.float32(size * leaf / length) for name, leaf in direction.items()}
    optimizer = optimizers.clipped(optimizers.sgd(1.0), norm=1.5)
    updates, _ = optimizer.update(gradient, optimizer.init(gradient), gradient)
    norm = math.sqrt(sum(float((leaf**2).sum()) for leaf in jax.tree.leaves(updates)))
    assert norm == pytest.approx(min(size, 1.5), rel=1e-5)
    scale = min(1.0, 1.5 / size)
    jax.tree.map(
        lambda u, g: np.testing.assert_allclose(u, -scale * g, rtol=1e-5), updates, gradient
    )


# Schedules: name, the schedule, its formula in plain Python.


def cosine_formula(t: int, *, steps: int, final: float) -> float:
    return final + (1 - final) * 0.5 * (1 + math.cos(math.pi * min(t, steps) / steps))


def one_cycle_formula(t: int, *, steps: int, rise: float, start: float, final: float) -> float:
    top = rise * steps
    if t < top:
        return start + (1 - start) * 0.5 * (1 - math.cos(math.pi * t / top))
    part = min((t - top) / (steps - top), 1.0)
    return final + (1 - final) * 0.5 * (1 + math.cos(math.pi * part))


def warmed_formula(t: int) -> float:
    return (t + 1) / 10 if t < 10 else cosine_formula(t - 10, steps=50, final=0.1)


SCHEDULES = [
    pytest.param(optimizers.constant(), lambda t: 1.0, id="constant"),
    pytest.param(optimizers.step_decay(every=7), lambda t: 0.1 ** (t // 7), id="step_decay"),
    pytest.param(
        optimizers.step_decay(every=30, factor=0.5),
        lambda t: 0.5 ** (t // 30),
        id="step_decay_half",
    ),
    pytest.param(
        optimizers.cosine(steps=60), lambda t: cosine_formula(t, steps=60, final=0.0), id="cosine"
    ),
    pytest.param(
        optimizers.cosine(steps=33, final=0.2),
        lambda t: cosine_formula(t, steps=33, final=0.2),
        id="cosine_final",
    ),
    pytest.param(
        optimizers.warm_up(optimizers.cosine(steps=50, final=0.1), steps=10),
        warmed_formula,
        id="warm_up_cosine",
    ),
    pytest.param(optimizers.warm_up(optimizers.constant(), steps=1), lambda t: 1.0, id="warm_up_1"),
    pytest.param(optimizers.warm_up(optimizers.constant(), steps=0), lambda t: 1.0, id="warm_up_0"),
    pytest.param(
        optimizers.one_cycle(steps=100),
        lambda t: one_cycle_formula(t, steps=100, rise=0.3, start=0.04, final=1e-4),
        id="one_cycle",
    ),
    pytest.param(
        optimizers.one_cycle(steps=77, rise=0.5, start=0.1, final=0.0),
        lambda t: one_cycle_formula(t, steps=77, rise=0.5, start=0.1, final=0.0),
        id="one_cycle_to_zero",
    ),
]


@pytest.mark.parametrize(("schedule", "formula"), SCHEDULES)
def test_schedule_follows_its_formula_and_is_never_negative(
    schedule: Any, formula: Callable[[int], float]
) -> None:
    steps = jnp.arange(150, dtype=jnp.int32)
    factors = np.asarray(jax.jit(jax.vmap(schedule))(steps))
    np.testing.assert_allclose(factors, [formula(t) for t in range(150)], rtol=1e-5, atol=2e-7)
    assert factors.min() >= 0.0
    assert factors.max() <= 1.0 + 1e-6


@pytest.mark.parametrize(("schedule", "formula"), SCHEDULES)
def test_schedule_is_the_same_without_jit(schedule: Any, formula: Callable[[int], float]) -> None:
    for t in (0, 1, 7, 10, 30, 59, 60, 1000, 10**6):
        assert float(schedule(jnp.int32(t))) == pytest.approx(formula(t), rel=1e-5, abs=2e-7)


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_schedules_of_very_short_runs_are_finite(steps: int) -> None:
    for schedule in (optimizers.one_cycle(steps=steps), optimizers.cosine(steps=steps)):
        factors = jax.vmap(schedule)(jnp.arange(5))
        assert bool(jnp.isfinite(factors).all())
        assert float(factors.min()) >= 0.0


def test_warm_up_never_starts_at_zero() -> None:
    schedule = optimizers.warm_up(optimizers.constant(), steps=1000)
    assert float(schedule(jnp.int32(0))) == pytest.approx(1e-3)


NEVER_AN_OPTION = [
    (lambda: optimizers.sgd(-0.1), "learning_rate is -0.1; it must be at least 0"),
    (lambda: optimizers.sgd(float("nan")), "learning_rate is nan; it must be a finite number"),
    (lambda: optimizers.sgd("0.1"), "learning_rate is '0.1'; it must be a number"),
    (lambda: optimizers.sgd(0.1, weight_decay=-1.0), "weight_decay is -1.0; it must be at least 0"),
    (lambda: optimizers.adam(0.1, l1=-1.0), "l1 is -1.0; it must be at least 0"),
    (
        lambda: optimizers.slowed_on_plateau(optimizers.sgd(0.1), every=0, patience=1),
        "every is 0; it must be at least 1",
    ),
    (
        lambda: optimizers.slowed_on_plateau(optimizers.sgd(0.1), every=1, patience=1, factor=1.0),
        "factor is 1.0; it must be above 0 and below 1",
    ),
    (lambda: optimizers.momentum(0.1, momentum=1.5), "momentum is 1.5; .* below 1"),
    (lambda: optimizers.momentum(0.1, momentum=1), "momentum is 1; .* below 1"),
    (lambda: optimizers.momentum(-1.0), "learning_rate is -1.0"),
    (lambda: optimizers.adam(0.1, b1=1.0), "b1 is 1.0; it must be at least 0 and below 1"),
    (lambda: optimizers.adam(0.1, b2=1.5), "b2 is 1.5; it must be at least 0 and below 1"),
    (lambda: optimizers.adamax(0.1, b1=-0.1), "b1 is -0.1"),
    (lambda: optimizers.adamax(0.1, eps=0), "eps is 0; it must be above 0"),
    (lambda: optimizers.rmsprop(0.1, decay=1), "decay is 1"),
    (lambda: optimizers.adadelta(decay=2.0), "decay is 2.0"),
    (lambda: optimizers.adagrad(0.1, eps=-1.0), "eps is -1.0; it must be above 0"),
    (lambda: optimizers.clipped(optimizers.sgd(0.1), norm=0.0), "norm is 0.0; it must be above 0"),
    (lambda: optimizers.step_decay(every=0), "every is 0; it must be at least 1"),
    (lambda: optimizers.step_decay(every=2.5), "every is 2.5; it must be a whole number"),
    (lambda: optimizers.step_decay(every=3, factor=0.0), "factor is 0.0; it must be above 0"),
    (lambda: optimizers.cosine(steps=0), "steps is 0; it must be at least 1"),
    (lambda: optimizers.cosine(steps=9, final=-0.5), "final is -0.5; it must be at least 0"),
    (lambda: optimizers.one_cycle(steps=-3), "steps is -3; it must be at least 1"),
    (lambda: optimizers.one_cycle(steps=9, rise=1.2), "rise is 1.2; it must be .* at most 1"),
    (lambda: optimizers.warm_up(optimizers.constant(), steps=-1), "steps is -1"),
]


@pytest.mark.parametrize(("build", "says"), NEVER_AN_OPTION)
def test_options_out_of_range_are_refused(build: Callable[[], Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        build()


def test_numbers_that_are_traced_are_not_looked_at() -> None:
    rates = jnp.array([0.1, 0.2])
    states = jax.vmap(lambda rate: optimizers.sgd(rate).init({"w": jnp.zeros(1)}))(rates)
    np.testing.assert_allclose(states.hyperparams["learning_rate"], rates)
