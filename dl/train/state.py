"""The state of a training run: one frozen pytree."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from dl.data.dataset import DataSpec
from dl.data.example import example_inputs
from dl.errors import InputError
from dl.models.given import require_model
from dl.promotion import promoting
from dl.ranges import is_zero
from dl.train.options import TrainOptions
from dl.train.quick import jit_quickly
from dl.train.recipe import Recipe
from dl.train.transfer import transfer
from dl.types import OF_TRAINING, Array, Carry, Key, Model, ModelState, Params, PyTree


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class TrainState:
    """Everything that a step reads and writes.

    `key` never changes: a step's randomness is `fold_in(key, step)`, so a restored state draws the
    same numbers as an uninterrupted one. `model_state` holds batch statistics, `carry` the
    recurrent state of truncated back-propagation through time, or persistent Markov chains (empty
    otherwise). `average` is a mean of the parameters, if one is kept, and `average_state` that of
    the model state. `skipped` is how many steps in a row were not finite, where such steps are
    skipped.
    """

    step: Array
    key: Key
    params: Params
    model_state: ModelState
    opt_state: PyTree
    carry: Carry = ()
    average: Params = ()
    average_state: ModelState = ()
    skipped: Array | tuple[()] = ()

    @property
    def steps_made(self) -> int:
        """How many steps were made, by each member if this is a population."""
        return int(np.ravel(self.step)[0])

    @property
    def evaluated_params(self) -> Params:
        """The parameters to evaluate and to predict with: their mean, if one is kept."""
        return self.average if jax.tree.leaves(self.average) else self.params

    @property
    def evaluated_state(self) -> ModelState:
        """The model state that belongs to the `evaluated_params`."""
        if not jax.tree.leaves(self.average_state):
            return self.model_state
        if not isinstance(self.model_state, Mapping):
            return self.average_state
        return {**self.model_state, **self.average_state}

    def with_model_state(self, model_state: ModelState, carry: Carry) -> "TrainState":
        """The state with these batch statistics and this recurrent state."""
        return replace(self, model_state=model_state, carry=carry)


def init_state(
    model: Model,
    optimizer: optax.GradientTransformation,
    inputs: Any,
    *,
    seed: int | Array,
    carried_rows: int = 0,
    averaged: bool = False,
    averaged_state: bool = False,
    skips: bool = False,
) -> TrainState:
    """The state before the first step, for inputs of the shape of `inputs` [B, ...].

    `carried_rows` is the batch size of training that carries a recurrent state from step to step,
    else 0. An `averaged` state keeps a mean of its parameters (the step's `ema` or
    `average_after`), one with an `averaged_state` also that of its model state, and one that
    `skips` counts steps that are not finite (the step's `most_skipped`).

    Everything random comes from `seed`. Pure: jit it with `out_shardings` to create a large state
    where it will live.

    >>> import dl
    >>> state = init_state(dl.models.mlp(10), dl.optimizers.sgd(0.1), jnp.zeros((1, 784)), seed=0)
    >>> state.params["output"]["kernel"].shape
    (128, 10)
    """
    require_model(model, by="init_state")
    key = jax.random.key(seed)
    init_key, train_key = jax.random.split(key)
    params, model_state = model.init(
        init_key, jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), inputs)
    )
    return TrainState(
        step=jnp.zeros((), jnp.int32),
        key=train_key,
        params=params,
        model_state=model_state,
        opt_state=promoting(optimizer.init)(params),
        carry=model.zero_carry(carried_rows) if carried_rows else (),
        average=jax.tree.map(jnp.copy, params) if averaged else (),
        average_state=jax.tree.map(jnp.copy, state_of_net(model_state)) if averaged_state else (),
        skipped=jnp.zeros((), jnp.int32) if skips else (),
    )


def first_state(
    recipe: Recipe,
    spec: DataSpec,
    options: TrainOptions,
    *,
    init: tuple[Params, ModelState] | None = None,
) -> TrainState:
    """The state that training of `recipe` begins with, on the default device.

    `init` holds parameters and model state to use in place of new ones.

    Raises:
        InputError: when an array of `init` does not fit the model.
    """
    state = jit_init_state(recipe, spec, options)(*first_arguments(recipe, options))
    if init is None:
        return state
    params, model_state = transfer(init, into=(state.params, state.model_state)).tree
    return with_parameters(state, recipe.optimizer, params, model_state)


def jit_init_state(recipe: Recipe, spec: DataSpec, options: TrainOptions) -> Any:
    """The jitted function from a seed and `hyperparams` to the first state; see `first_arguments`.

    Its `eval_shape` gives the shapes. One program serves all seeds and hyper-parameters. With
    several `members` the arguments and every array of the state have a first axis of members.
    """
    carries = spec.carried or recipe.model.always_carries
    averaged_state = options.average_from > 0
    inputs, rows = example_inputs(spec), options.batch_size if carries else 0

    def first(seed: Array, hyperparams: Mapping[str, Any]) -> TrainState:
        own = recipe.at(hyperparams)
        return init_state(
            own.model,
            own.optimizer,
            inputs,
            seed=seed,
            carried_rows=rows,
            averaged="ema" in hyperparams or not is_zero(options.ema) or averaged_state,
            averaged_state=averaged_state,
            skips=options.nonfinite == "skip",
        )

    return jit_quickly(first if options.members == 1 else jax.vmap(first))


def first_arguments(recipe: Recipe, options: TrainOptions) -> tuple[Any, dict[str, Array]]:
    """The seed and the hyper-parameters of a training, or arrays [K] of those of K members.

    Seeds count up, but members whose hyper-parameters differ share one seed, so that nothing else
    differs. A member's seed decides its initial parameters, its dropout and its augmentation. The
    order of the data is that of the first seed for all, because they see the same batches.

    Raises:
        InputError: for another number of values than of members.

    >>> import dl
    >>> recipe = Recipe(dl.models.mlp(2), lambda *args: None, dl.optimizers.sgd(0.1))
    >>> first_arguments(recipe, TrainOptions(seed=3, members=2))[0]
    array([3, 4], dtype=int32)
    """
    numbers = recipe.numbers
    for name, leaf in numbers.items():
        if leaf.ndim and len(leaf) != options.members:
            raise InputError(
                f"{name} has {len(leaf)} values and members is {options.members}: give members "
                f"{len(leaf)}"
            )
    if options.members == 1:
        return options.seed, numbers
    counted = np.zeros if recipe.is_varied else np.arange
    seeds = options.seed + counted(options.members, dtype=np.int32)
    return seeds, {name: jnp.broadcast_to(leaf, options.members) for name, leaf in numbers.items()}


def with_parameters(
    state: TrainState,
    optimizer: optax.GradientTransformation,
    params: Params,
    model_state: ModelState,
) -> TrainState:
    """`state` with other parameters and model state, and a newly initialised optimizer.

    Steps of greedy pre-training and earlier selves stay those of `state`: they belong to a
    training, not to a net.

    >>> import dl
    >>> sgd = dl.optimizers.sgd(0.1)
    >>> state = init_state(dl.models.mlp(10), sgd, jnp.zeros((1, 784)), seed=0)
    >>> with_parameters(state, sgd, {"w": jnp.zeros(2)}, {}).params
    {'w': Array([0., 0.], dtype=float32)}
    """
    model_state = _with_counters_of(state, model_state)
    return replace(
        state,
        params=params,
        model_state=model_state,
        opt_state=optimizer.init(params),
        average=jax.tree.map(jnp.copy, params) if jax.tree.leaves(state.average) else (),
        average_state=jax.tree.map(jnp.copy, state_of_net(model_state))
        if jax.tree.leaves(state.average_state)
        else (),
    )


def state_of_net(model_state: ModelState) -> ModelState:
    """The model state without what belongs to a training and not to a net.

    >>> state_of_net({"batch_stats": 1, "earlier": 2})
    {'batch_stats': 1}
    """
    if not isinstance(model_state, Mapping):
        return model_state
    return {name: entry for name, entry in model_state.items() if name not in OF_TRAINING}


def _with_counters_of(state: TrainState, model_state: ModelState) -> ModelState:
    own = state.model_state
    if not isinstance(own, Mapping):
        return model_state
    return {**model_state, **{name: own[name] for name in OF_TRAINING if name in own}}


def count_parameters(params: Params) -> int:
    """How many numbers are trained.

    >>> count_parameters({"w": jnp.zeros((3, 4)), "b": jnp.zeros(4)})
    16
    """
    return sum(leaf.size for leaf in jax.tree.leaves(params))
