"""A good recipe on small data, and what is wrong with its broken sisters."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp

import dl
from dl.checks import Subject
from dl.train.layout import make_layout
from dl.types import Model

OPTIONS = dl.TrainOptions(
    dataset="moons", epochs=2, batch_size=50, validation=0.0, devices=1, parallel="jit"
)
MOONS = dl.load_data("moons")
MLP = dl.models.mlp(1, hidden_sizes=(6,))


def recipe_of(model: Model, *, learning_rate: float = 0.1) -> dl.Recipe:
    return dl.Recipe(model, dl.objectives.binary(model), dl.optimizers.momentum(learning_rate))


def subject_of(recipe: dl.Recipe, data: Any = MOONS, options: Any = OPTIONS) -> Subject:
    return Subject(recipe, data, options, make_layout("jit", devices=1, batch_size=50))


def applied(model: Model, change: Any) -> Model:
    """`model` with its outputs changed."""

    def apply(*args: Any, **options: Any) -> Any:
        outputs, state, carry = model.apply(*args, **options)
        return change(outputs), state, carry

    return replace(model, apply=apply)


def begun(model: Model, change: Any) -> Model:
    """`model` with its first parameters changed."""

    def init(*args: Any) -> Any:
        params, state = model.init(*args)
        return change(params), state

    return replace(model, init=init)


@jax.custom_vjp
def one_percent_off(x: jax.Array) -> jax.Array:
    """The same numbers, with a backward pass that is 1 % too large."""
    return jnp.asarray(x)


one_percent_off.defvjp(lambda x: (x, None), lambda _, g: (1.01 * g,))


def with_dead_units(params: Any) -> Any:
    hidden = {**params["hidden1"], "bias": params["hidden1"]["bias"] - 100.0}
    return {**params, "hidden1": hidden}
