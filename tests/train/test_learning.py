"""The options that say how a net learns: each gives the optimizer that one would write by hand, and
what contradicts itself or has no effect is refused in one line.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import linen as nn

import dl
from dl import optimizers
from dl.errors import InputError
from dl.runs.experiment import Experiment
from dl.train.fits import check_precision
from dl.train.learning import LearningFields, check_varied, make_optimizer
from dl.train.options import TrainOptions

STEPS, IN_EPOCH = 20, 4


def follow(optimizer: optax.GradientTransformation) -> np.ndarray:
    """The weights [STEPS, 2, 2] on a bowl whose loss stalls, under this optimizer."""
    full = optax.with_extra_args_support(optimizer)
    params = {"w": jnp.array([[1.0, -2.0], [0.5, 3.0]])}

    def step(carry: Any, number: jax.Array) -> Any:
        params, state = carry
        gradient = jax.tree.map(lambda w: 0.5 * w + jnp.sin(jnp.float32(number)), params)
        loss = jnp.maximum(1.0, 3.0 - number)  # falls for an epoch, then not any more
        updates, state = full.update(gradient, state, params, value=loss)
        params: Any = optax.apply_updates(params, updates)
        return (params, state), params["w"]

    def run() -> Any:
        return jax.lax.scan(step, (params, full.init(params)), jnp.arange(STEPS))[1]

    return np.asarray(jax.jit(run)())


@cache
def of_options(options: LearningFields) -> np.ndarray:
    return follow(make_optimizer(options, steps=STEPS, steps_per_epoch=IN_EPOCH))


def nesterov(rate: float, **options: Any) -> optax.GradientTransformation:
    return optimizers.momentum(rate, momentum=0.7, nesterov=True, **options)


BY_HAND: list[tuple[dict[str, Any], Callable[[], optax.GradientTransformation]]] = [
    ({}, lambda: optimizers.sgd(0.1)),
    ({"optimizer": "momentum", "momentum": 0.7}, lambda: optimizers.momentum(0.1, momentum=0.7)),
    ({"optimizer": "nesterov", "momentum": 0.7}, lambda: nesterov(0.1)),
    ({"optimizer": "adagrad"}, lambda: optimizers.adagrad(0.1)),
    ({"optimizer": "rmsprop"}, lambda: optimizers.rmsprop(0.1)),
    ({"optimizer": "adadelta"}, lambda: optimizers.adadelta(0.1)),
    ({"optimizer": "adam"}, lambda: optimizers.adam(0.1)),
    ({"optimizer": "adamax"}, lambda: optimizers.adamax(0.1)),
    (
        {"schedule": "step", "drop_every": 2, "drop_factor": 0.5},
        lambda: optimizers.sgd(0.1, schedule=optimizers.step_decay(every=8, factor=0.5)),
    ),
    (  # a third of 5 epochs is 1 epoch
        {"schedule": "step"},
        lambda: optimizers.sgd(0.1, schedule=optimizers.step_decay(every=4, factor=0.1)),
    ),
    (
        {"schedule": "cosine", "final_rate": 0.2},
        lambda: optimizers.sgd(0.1, schedule=optimizers.cosine(steps=20, final=0.2)),
    ),
    (
        {"schedule": "cosine", "warm_up": 5},
        lambda: optimizers.sgd(
            0.1, schedule=optimizers.warm_up(optimizers.cosine(steps=15), steps=5)
        ),
    ),
    (
        {"schedule": "one-cycle"},
        lambda: optimizers.sgd(0.1, schedule=optimizers.one_cycle(steps=20)),
    ),
    (  # a tenth of 20 steps
        {"schedule": "warm-up"},
        lambda: optimizers.sgd(0.1, schedule=optimizers.warm_up(optimizers.constant(), steps=2)),
    ),
    (
        {"warm_up": 7},
        lambda: optimizers.sgd(0.1, schedule=optimizers.warm_up(optimizers.constant(), steps=7)),
    ),
    (
        {"schedule": "plateau", "drop_every": 2, "drop_factor": 0.3},
        lambda: optimizers.slowed_on_plateau(optimizers.sgd(0.1), every=4, patience=2, factor=0.3),
    ),
    (
        {"weight_decay": 0.2, "l1": 0.1, "clip": 0.5},
        lambda: optimizers.clipped(optimizers.sgd(0.1, weight_decay=0.2, l1=0.1), norm=0.5),
    ),
    (
        {"optimizer": "adam", "weight_decay": 0.2, "decoupled": True},
        lambda: optimizers.adam(0.1, weight_decay=0.2, decoupled=True),
    ),
    (
        {"optimizer": "nesterov", "momentum": 0.7, "schedule": "plateau", "clip": 1.0},
        lambda: optimizers.clipped(
            optimizers.slowed_on_plateau(nesterov(0.1), every=4, patience=1), norm=1.0
        ),
    ),
]


@pytest.mark.parametrize(("options", "by_hand"), BY_HAND, ids=range(len(BY_HAND)))
def test_options_give_the_optimizer_that_one_writes_by_hand(options: Any, by_hand: Any) -> None:
    ours = of_options(LearningFields(**options))
    np.testing.assert_allclose(ours, follow(by_hand()), rtol=1e-6, atol=1e-7)
    if options:
        assert np.abs(ours - of_options(LearningFields())).max() > 1e-3


NO_EFFECT = [
    ({"momentum": 0.5}, "momentum has no effect here: it needs the optimizer momentum or nesterov"),
    (
        {"optimizer": "adam", "momentum": 0.5},
        "momentum has no effect here: it needs the optimizer momentum or nesterov",
    ),
    (
        {"schedule": "one-cycle", "warm_up": 5},
        "warm_up has no effect here: it needs another schedule than one-cycle, which rises by",
    ),
    ({"final_rate": 0.1}, "final_rate has no effect here: it needs the schedule cosine"),
    ({"drop_every": 3}, "drop_every has no effect here: it needs the schedule step or plateau"),
    (
        {"schedule": "cosine", "drop_factor": 0.5},
        "drop_factor has no effect here: it needs the schedule step or plateau",
    ),
    ({"decoupled": True}, "decoupled has no effect here: it needs a penalty: give weight_decay"),
]
OUT_OF_RANGE = [
    ({"optimizer": "adm"}, "optimizer is 'adm': did you mean adam?"),
    ({"schedule": "linear"}, "schedule is 'linear'"),
    ({"precision": "float16"}, "precision is 'float16'"),
    ({"learning_rate": 0.0}, "learning_rate is 0.0; it must be above 0"),
    ({"optimizer": "momentum", "momentum": 1.0}, "momentum is 1.0; it must be"),
    ({"l1": -0.1}, "l1 is -0.1; it must be at least 0"),
    ({"clip": -1.0}, "clip is -1.0; it must be at least 0"),
    ({"ema": 1.0}, "ema is 1.0; it must be at least 0 and below 1"),
    ({"label_smoothing": 1.0}, "label_smoothing is 1.0; it must be at least 0 and below 1"),
    ({"schedule": "step", "drop_factor": 1.0}, "drop_factor is 1.0; it must be above 0 and below"),
    ({"accumulate": 0}, "accumulate is 0; it must be at least 1"),
    ({"accumulate": 3, "batch_size": 128}, "accumulate is 3; it must divide the batch size, 128"),
    ({"members": 0}, "members is 0; it must be at least 1"),
    (
        {"members": 2, "seed": 2**31 - 1},
        "seed is 2147483647; with 2 members, .* at most 2147483646",
    ),
]


@pytest.mark.parametrize(("options", "says"), [*NO_EFFECT, *OUT_OF_RANGE])
def test_what_contradicts_itself_or_has_no_effect_is_refused(options: Any, says: str) -> None:
    with pytest.raises(InputError, match=says) as refused:
        TrainOptions(**options)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("options", "traced"),
    [
        ({}, {"learning_rate"}),
        ({"optimizer": "momentum"}, {"learning_rate", "momentum"}),
        ({"weight_decay": 0.1, "ema": 0.9}, {"learning_rate", "weight_decay", "ema"}),
        (
            {"l1": 0.1, "clip": 1.0, "label_smoothing": 0.1},
            {"learning_rate", "l1", "clip", "label_smoothing"},
        ),
    ],
)
def test_what_is_0_or_idle_is_no_argument_of_the_program(options: Any, traced: Any) -> None:
    assert TrainOptions(**options).traced.keys() == traced


@pytest.mark.parametrize(
    ("options", "varied", "says"),
    [
        ({}, {"batch_size": (1, 2)}, "batch_size cannot differ between the members"),
        ({}, {"learnin_rate": (1, 2)}, "did you mean learning_rate"),
        ({}, {"momentum": (0.1, 0.2)}, "momentum has no effect here"),
        ({}, {"learning_rate": (0.1, -0.2)}, "learning_rate is -0.2; it must be above 0"),
        ({"optimizer": "nesterov"}, {"momentum": (0.1, 1.0)}, "momentum is 1.0; it must be"),
    ],
)
def test_members_cannot_have_values_of_their_own_that_a_run_could_not(
    options: Any, varied: Any, says: str
) -> None:
    with pytest.raises(InputError, match=says):
        check_varied(TrainOptions(**options), varied)


def test_a_member_whose_clip_is_0_is_not_clipped() -> None:
    """A plain 0 leaves clipping out; a traced one must mean the same."""

    def last(clip: Any) -> Any:
        options = replace(LearningFields(), clip=clip)
        optimizer = make_optimizer(options, steps=STEPS, steps_per_epoch=IN_EPOCH)
        gradient = {"w": jnp.full((2, 2), 3.0)}  # of norm 6
        updates: Any = optimizer.update(gradient, optimizer.init(gradient), gradient)[0]
        return updates["w"][0, 0]

    got = jax.vmap(last)(jnp.array([0.0, 1.5, 9.0]))
    np.testing.assert_allclose(got, [-0.3, -0.075, -0.3], rtol=1e-6)


def fit(recipe: Any, **options: Any) -> dl.Trained:
    data = dl.load_data("moons")
    own = TrainOptions(**{"dataset": "moons", "epochs": 1, "batch_size": 100, **options})
    return dl.fit(recipe, data, own, progress=False)


MLP = dl.models.mlp(1, hidden_sizes=(3,))


def test_smoothing_that_the_objective_does_not_know_of_is_refused() -> None:
    with pytest.raises(InputError, match=r"label_smoothing is 0\.1, and the recipe has none: give"):
        fit(dl.Recipe(MLP, dl.objectives.binary(MLP)), label_smoothing=0.1)
    with pytest.raises(InputError, match=r"is 0\.1, and the targets of the recipe are no classes"):
        fit(dl.Recipe(MLP, dl.objectives.perceptron(MLP)), label_smoothing=0.1)


def test_a_precision_that_no_layer_computes_in_is_refused() -> None:
    def init(key: Any, inputs: Any) -> Any:
        return {"w": jnp.zeros((inputs.shape[-1], 1))}

    model = dl.from_functions(init, lambda params, inputs: inputs @ params["w"])
    recipe = dl.Recipe(model, dl.objectives.binary(model), dl.optimizers.sgd(0.1))
    with pytest.raises(InputError, match=r"precision is bfloat16, and no layer of .* computes in"):
        fit(recipe, precision="bfloat16")
    spec = dl.load_data("moons").spec
    check_precision(dl.Recipe(MLP, dl.objectives.binary(MLP), optimizers.sgd(0.1)), spec, "float32")


def test_options_of_an_optimizer_that_the_recipe_has_itself_are_said_to_have_no_effect() -> None:
    recipe = dl.Recipe(MLP, dl.objectives.binary(MLP), optimizers.sgd(0.1))
    with pytest.warns(UserWarning, match=r"no effect.* optimizer adam, clip 1\.0"):
        fit(recipe, optimizer="adam", clip=1.0)


@pytest.mark.slow
def test_a_recipe_without_optimizer_learns_as_the_options_say() -> None:
    objective = dl.objectives.binary(MLP)
    options = {"optimizer": "adam", "learning_rate": 0.05, "weight_decay": 0.01}
    ours = fit(dl.Recipe(MLP, objective), **options)
    by_hand = optimizers.adam(0.05, weight_decay=0.01)
    theirs = fit(dl.Recipe(MLP, objective, by_hand), learning_rate=0.05)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6),
        ours.params,
        theirs.params,
    )


class FlaxDropout(nn.Module):
    """A net that compares its rate with 0, as Flax's dropout does."""

    rate: float

    @nn.compact
    def __call__(self, x: Any, train: bool = False) -> Any:
        return nn.Dense(1)(nn.Dropout(self.rate, deterministic=not train)(x))


@dataclass(frozen=True)
class WithRate(TrainOptions):
    dropout: dl.Rate = 0.2


def asks_in_build(options: Any, spec: Any) -> dl.Recipe:
    model = dl.models.mlp(1, hidden_sizes=(3,) if options.dropout > 0 else ())
    return dl.Recipe(model, dl.objectives.binary(model))


def asks_in_training(options: Any, spec: Any) -> dl.Recipe:
    model = dl.from_linen(FlaxDropout(options.dropout))
    return dl.Recipe(model, dl.objectives.binary(model))


@pytest.mark.parametrize("build", [asks_in_build, asks_in_training])
def test_a_recipe_that_asks_how_large_a_traced_number_is_gets_one_line(build: Any) -> None:
    options = WithRate(dataset="moons", epochs=1, batch_size=100)
    data = dl.load_data("moons")
    recipe = Experiment("mine", __name__, WithRate, build).recipe(options, data.spec)
    with pytest.raises(InputError, match=r"use dl\.layers\.Dropout in the place of Flax's") as said:
        dl.fit(recipe, data, options, progress=False)
    assert "\n" not in str(said.value)
