"""A recipe compiled for one data set and one layout: what the training loop calls."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from dl import metrics
from dl.data.dataset import Dataset, DataSpec
from dl.data.example import example_inputs
from dl.data.gather import make_gather
from dl.data.sources.batching import IndexedBatch
from dl.data.sources.source import NO_STEP, Source, cut_calls
from dl.train.evaluation import make_evaluate
from dl.train.fits import check_answers, check_recipe_fits, stages_of, zero_totals
from dl.train.guard import CompilationGuard
from dl.train.layout import Layout
from dl.train.options import TrainOptions
from dl.train.plan import Plan, make_plan
from dl.train.recipe import Recipe
from dl.train.state import TrainState, first_state
from dl.train.step import augmented, make_train_step, scan_steps
from dl.train.traced import has_slow_loops
from dl.types import Array, Augment, Metrics, PyTree

MOST_STEPS_PER_CALL = 100


class Training(NamedTuple):
    """The state, and the metrics summed since the last record."""

    state: TrainState
    totals: Metrics


class Compiled(NamedTuple):
    """The compiled functions of a run, the data on its devices, and the plan that they follow."""

    layout: Layout
    plan: Plan
    guard: CompilationGuard
    arrays: list[PyTree]
    """The sets of arrays that stay on the devices during the whole run."""
    start: Callable[[Training | None], Training]
    """Copies the given training to the devices; None means the first state."""
    advance: Callable[[Training, list[PyTree], int, int], tuple[Training, Array]]
    """`(training, arrays, start, end) -> (training, ticket)`: trains from step start to step end.

    The ticket is an array that is ready when the steps are done.
    """
    reset: Callable[[Training], Training]
    """The same training, with the sums of its metrics set to zero."""
    evaluate: Callable[[TrainState, str], dict[str, float]]
    """Metrics of the part of the data with this name."""


def compile_recipe(
    recipe: Recipe, data: Dataset, options: TrainOptions, layout: Layout, *, steps_per_call: int = 0
) -> Compiled:
    """Compile `recipe` for training on `data`; nothing is traced before the first call.

    `steps_per_call` is the largest number of steps in a compiled call. 0 takes the number in
    `options`; if that is 0 too, a limit is chosen here, and
    `dl.train.steps_per_call` measures how many steps up to it are fastest.

    Raises:
        InputError: when the recipe does not fit the data.
    """
    spec, source = data.spec, data.train
    totals = check_recipe_fits(recipe, spec, device=layout.devices[0])
    check_answers(recipe, data)
    loops = can_loop(recipe, data, options, layout)
    asked = steps_per_call or options.steps_per_call
    most = _most_steps_per_call(source, asked=asked, loops=loops)
    plan = make_plan(options, train_size=spec.train_size, steps_per_call=most)
    arrays = [layout.put(resident) if resident else {} for resident in source.resident()]
    stages = stages_of(recipe)
    guard = CompilationGuard("train step", declared=len(arrays) * len(stages.augments))
    train_calls = [
        layout.compile(guard.watch(_make_train_call(recipe, augment, data, layout, loops=loops)))
        for augment in stages.augments
    ]
    batches = source.train_calls(
        seed=options.seed, batch_size=options.batch_size, total_steps=plan.total_steps
    )
    zeros = layout.put(totals)

    def start(training: Training | None) -> Training:
        return layout.put(training or Training(first_state(recipe, spec, options), totals))

    def advance(
        training: Training, arrays: list[PyTree], start: int, end: int
    ) -> tuple[Training, Array]:
        ticket: Any = None
        while start < end:
            stage = stages.end_at(start, end)
            train_call = train_calls[stages.number_at(start)]
            for number, group in batches(start, stage):
                for call in cut_calls(group, steps_per_call=plan.steps_per_call, loops=loops):
                    training, ticket = train_call(training, arrays[number], layout.split(call))
            start = stage
        return training, ticket

    def reset(training: Training) -> Training:
        return Training(training.state, jax.tree.map(jnp.copy, zeros))

    evaluate = make_evaluate(recipe, data, options, layout, loops=loops)
    return Compiled(layout, plan, guard, arrays, start, advance, reset, evaluate)


def start_training(recipe: Recipe, spec: DataSpec, options: TrainOptions) -> Training:
    """The first state, with metrics of zero, on the default device."""
    return Training(first_state(recipe, spec, options), zero_totals(recipe, spec))


def can_loop(recipe: Recipe, data: Dataset, options: TrainOptions, layout: Layout) -> bool:
    """Whether one compiled program can loop over several steps, and is not slower for it."""
    example = example_inputs(data.spec)
    return data.train.in_memory and not has_slow_loops(
        recipe.model, example, layout.devices, batch_size=options.batch_size
    )


def _most_steps_per_call(source: Source, *, asked: int, loops: bool) -> int:
    """The number `asked` for, or a default; 1 where the host reads each batch."""
    if not source.in_memory:
        return 1
    return asked or source.steps_per_call or (MOST_STEPS_PER_CALL if loops else 1)


def _make_train_call(
    recipe: Recipe, augment: Augment | None, data: Dataset, layout: Layout, *, loops: bool
) -> Callable:
    """The steps of one call: each gathers a batch, trains on it, and adds up its metrics."""
    step = make_train_step(
        recipe.objective, recipe.optimizer, axis_name=layout.axis_name, padded=data.train.carries
    )
    if augment is not None:
        step = augmented(step, augment)
    gather = make_gather(data.train, data.spec)

    def train_call(
        training: Training, arrays: dict[str, Array], indexed: IndexedBatch
    ) -> tuple[Training, Array]:
        def step_once(training: Training, indexed: IndexedBatch) -> tuple[Training, Metrics]:
            state, sums = step(training.state, gather(arrays, indexed))
            return Training(state, metrics.merge(training.totals, sums)), {}

        if loops:
            count = jnp.sum(indexed.index[:, 0] != NO_STEP)
            training, _ = scan_steps(step_once)(training, indexed, count)
        else:
            training, _ = step_once(training, jax.tree.map(lambda leaf: leaf[0], indexed))
        # The sum has a buffer of its own, which stays valid after the state is donated.
        return training, training.state.step + 0

    return train_call
