"""A model, an objective and an optimizer compiled for one data set and one device layout."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from dl import metrics
from dl.data.augment import Stages
from dl.data.batching import IndexedBatch
from dl.data.dataset import Dataset, DataSpec
from dl.data.gather import make_gather
from dl.data.ragged import RaggedSource
from dl.data.stream import StreamedSource
from dl.errors import InputError
from dl.train.chunk_steps import MOST_CHUNK_STEPS
from dl.train.evaluation import make_evaluate, put_arrays
from dl.train.feed import NO_STEP, make_train_feed
from dl.train.guard import CompilationGuard
from dl.train.options import TrainOptions
from dl.train.parallel import Layout, scan_steps
from dl.train.plan import Plan, make_plan
from dl.train.recipe import Recipe
from dl.train.state import TrainState, init_state, with_parameters
from dl.train.step import augmented, make_train_step
from dl.train.traced import has_slow_loops
from dl.train.transfer import transfer
from dl.types import (
    Array,
    Augment,
    Autoencoder,
    Metrics,
    ModelState,
    Params,
    PyTree,
    Ragged,
)


class Training(NamedTuple):
    """What goes through the loop: the state, and the metrics summed since the last record."""

    state: TrainState
    totals: Metrics


class Compiled(NamedTuple):
    """The compiled functions of a run, with the data on its devices and the plan that they follow."""

    layout: Layout
    plan: Plan
    guard: CompilationGuard
    start: Callable[[Training | None], Training]
    """A copy on the devices of what is given, or of the first state."""
    advance: Callable[[Training, int, int], tuple[Training, Array]]
    """From a step to another, at most the plan's `chunk_steps` on; the second result is ready when
    it is done.
    """
    reset: Callable[[Training], Training]
    """The same training with nothing summed."""
    evaluate: Callable[[TrainState, str], dict[str, float]]


def compile_recipe(
    recipe: Recipe, data: Dataset, options: TrainOptions, layout: Layout, *, chunk_steps: int = 0
) -> Compiled:
    """Compile `recipe` for training on `data`; nothing is traced before the first call.

    `chunk_steps` is the most steps a compiled call makes; 0 takes `options.steps_per_call`, and if that
    is 0 too, as many as may pay (`dl.train.chunk_steps` measures how many do), or one where
    neighbouring steps have other lengths.
    """
    check_recipe_fits(recipe, data.spec)
    example = example_inputs(data.spec)
    streamed = isinstance(data.train, StreamedSource)
    loops = not streamed and not has_slow_loops(
        recipe.model, example, layout.devices, batch_size=options.batch_size
    )
    one_shape = not isinstance(data.train, RaggedSource)
    most = (
        1
        if streamed
        else chunk_steps or options.steps_per_call or (MOST_CHUNK_STEPS if loops and one_shape else 1)
    )
    plan = make_plan(options, train_size=data.spec.train_size, chunk_steps=most)
    arrays = put_arrays(layout, data.train)
    stages = _stages(recipe)
    guard = CompilationGuard("train step", declared=len(arrays) * len(stages.augments))
    train_chunks = [
        layout.compile(
            guard.watch(_make_train_chunk(recipe, augment, data.spec, layout, loops=loops))
        )
        for augment in stages.augments
    ]
    feed = make_train_feed(
        data.train, options, rows=plan.chunk_steps, loops=loops, end=plan.total_steps
    )
    zeros = layout.put(_zero_totals(recipe, data.spec))

    def start(training: Training | None) -> Training:
        return layout.put(training or start_training(recipe, data.spec, options))

    def advance(training: Training, start: int, end: int) -> tuple[Training, Array]:
        ticket: Any = None
        while start < end:
            stage, train_chunk = stages.end_at(start, end), train_chunks[stages.number_at(start)]
            for bucket, rows in feed(start, stage):
                training, ticket = train_chunk(training, arrays[bucket], layout.split(rows))
            start = stage
        return training, ticket

    def reset(training: Training) -> Training:
        return Training(training.state, jax.tree.map(jnp.copy, zeros))

    evaluate = make_evaluate(recipe, data, options, layout, loops=loops)
    return Compiled(layout, plan, guard, start, advance, reset, evaluate)


def start_training(
    recipe: Recipe,
    spec: DataSpec,
    options: TrainOptions,
    *,
    init: tuple[Params, ModelState] | None = None,
) -> Training:
    """What the loop starts from, on the default device: the first state, with the parameters of
    `init` where given.

    Raises:
        InputError: when an array of `init` does not fit the model.
    """
    # One compilation, the same for every seed, instead of one for each operation of each
    # initialiser.
    rows = options.batch_size if spec.carried else 0
    inputs = example_inputs(spec)
    first_state = jax.jit(
        lambda seed: init_state(
            recipe.model, recipe.optimizer, inputs, seed=seed, carried_rows=rows
        )
    )
    state = first_state(options.seed)
    if init is not None:
        params, model_state = transfer(init, into=(state.params, state.model_state)).tree
        state = with_parameters(state, recipe.optimizer, params, model_state)
    return Training(state, _zero_totals(recipe, spec))


def example_inputs(spec: DataSpec) -> Any:
    """The shape of a batch of one example as models see it."""
    values = jax.ShapeDtypeStruct(
        (1, *spec.input_shape), jnp.int32 if spec.has_symbols else jnp.float32
    )
    return Ragged(values, jax.ShapeDtypeStruct((1,), jnp.int32)) if spec.ragged else values


def check_recipe_fits(recipe: Recipe, spec: DataSpec) -> None:
    """Trace model and objective on the data's shapes: what does not fit raises here, before
    anything is written.

    Raises: InputError: for inputs that the model does not take, a wrong number of outputs, targets
        of another task,
            an optimizer that does not take the parameters, an augmentation whose pictures the model
            does not take.
    """
    outputs, _ = jax.eval_shape(lambda: _apply_once(recipe, spec))
    if outputs.shape[-1] != spec.classes and not isinstance(recipe.model, Autoencoder):
        raise InputError(
            f"{recipe.model.name} has {outputs.shape[-1]} outputs, {spec.name} has {spec.classes} classes: "
            f"make them equal"
        )
    try:
        _zero_totals(recipe, spec)
    except ValueError as error:
        raise InputError(
            f"the objective does not take the targets of {spec.name} (task: {spec.task}): {error}; "
            f"choose another data set or objective"
        ) from None
    for augment in filter(None, _stages(recipe).augments):
        _check_augmented_fit(recipe, spec, augment)


def _stages(recipe: Recipe) -> Stages:
    return recipe.augment if isinstance(recipe.augment, Stages) else Stages((recipe.augment,))


def _check_augmented_fit(recipe: Recipe, spec: DataSpec, augment: Augment) -> None:
    """The model has to take what `augment` gives, with the parameters that it has for the data."""
    inputs, key, step = (
        _zeros(example_inputs(spec)),
        jax.random.split(jax.random.key(0), 1),
        jnp.zeros((), jnp.int32),
    )
    changed = jax.eval_shape(augment, key, inputs, step)
    if changed.shape == inputs.shape:
        return
    try:
        jax.eval_shape(lambda: _apply_once(recipe, spec, _zeros(changed)))
    except (InputError, ValueError, TypeError):
        raise InputError(
            f"{recipe.model.name} does not take what the augmentation gives: {changed.shape[1:]} in the place of "
            f"{inputs.shape[1:]}; keep the size, or take a net that ends in a mean over its maps"
        ) from None


def _apply_once(
    recipe: Recipe, spec: DataSpec, changed: Array | None = None
) -> tuple[Array, PyTree]:
    inputs = _zeros(example_inputs(spec))
    params, model_state = recipe.model.init(jax.random.key(0), inputs)
    outputs = recipe.model.apply(params, model_state, inputs if changed is None else changed)[0]
    return outputs, recipe.optimizer.init(params)


def _zeros(shapes: PyTree) -> PyTree:
    return jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)


def _make_train_chunk(
    recipe: Recipe, augment: Augment | None, spec: DataSpec, layout: Layout, *, loops: bool
) -> Callable:
    step = make_train_step(recipe.objective, recipe.optimizer, axis_name=layout.axis_name)
    if augment is not None:
        step = augmented(step, augment)
    gather = make_gather(spec)

    def train_chunk(
        training: Training, arrays: dict[str, Array], indexed: IndexedBatch
    ) -> tuple[Training, Array]:
        def one(training: Training, indexed: IndexedBatch) -> tuple[Training, Metrics]:
            state, sums = step(training.state, gather(arrays, indexed))
            return Training(state, metrics.merge(training.totals, sums)), {}

        if loops:
            training, _ = scan_steps(one)(
                training, indexed, jnp.sum(indexed.index[:, 0] != NO_STEP)
            )
        else:
            training, _ = one(training, jax.tree.map(lambda leaf: leaf[0], indexed))
        return (
            training,
            training.state.step + 0,
        )  # its own buffer: it outlives the donation of the state

    return train_chunk


def _zero_totals(recipe: Recipe, spec: DataSpec) -> Metrics:
    """Nothing summed yet, in the structure that the objective reports."""

    def report() -> Metrics:
        inputs = _zeros(example_inputs(spec))
        params, model_state = recipe.model.init(jax.random.key(0), inputs)
        shape, dtype = _target(spec)
        mask = jnp.ones((1, *shape[:1]) if spec.has_step_targets else 1)
        batch = {
            "inputs": inputs,
            "targets": jnp.zeros((1, *shape), dtype),
            "mask": mask,
            "index": jnp.zeros(1, int),
        }
        return recipe.objective(params, model_state, batch)[0]

    return metrics.zeros_like(jax.eval_shape(report))


def _target(spec: DataSpec) -> tuple[tuple[int, ...], Any]:
    """The shape and type of one example's target."""
    if spec.task == "classification":
        return (), jnp.int32
    if spec.task == "language":
        return spec.input_shape, jnp.int32
    return (
        (spec.input_shape[0], spec.classes) if spec.task == "frames" else (spec.classes,)
    ), jnp.float32
