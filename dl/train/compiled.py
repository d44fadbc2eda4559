"""A recipe compiled for one data set and one layout: what the training loop calls."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from dl import metrics
from dl.data.augment import Stages
from dl.data.dataset import Dataset, reading_ahead
from dl.data.example import example_inputs
from dl.data.gather import make_gather
from dl.data.sources.batching import IndexedBatch, steps_per_epoch
from dl.data.sources.source import Call, Source, cut_calls, distinct_arrays
from dl.errors import InputError
from dl.train.ahead import begin_compiling
from dl.train.evaluation import Evaluation
from dl.train.fits import (
    check_answers,
    check_layers,
    check_recipe_fits,
    stages_of,
    zero_training_totals,
)
from dl.train.guard import CompilationGuard
from dl.train.layout import Layout, Resident
from dl.train.options import TrainOptions
from dl.train.plan import Plan, make_plan
from dl.train.reading import train_calls_here
from dl.train.recipe import Recipe, numbers_unknown
from dl.train.state import first_arguments, jit_init_state
from dl.train.step import augmented, make_train_step, run_call
from dl.train.traced import has_slow_loops
from dl.train.training import First, Training
from dl.train.waiting import WaitingClock
from dl.types import Array, Metrics

MOST_STEPS_PER_CALL = 100


@dataclass(frozen=True)
class Compiled:
    """The compiled functions of a run, the data on its devices, and the plan that they follow."""

    layout: Layout
    plan: Plan
    guard: CompilationGuard
    arrays: list[Resident]
    """What stays on the devices, for each set of arrays of the data."""
    evaluate: Evaluation
    """`evaluate(state, part)`: metrics of the part of the data with this name."""
    waiting: WaitingClock
    """How long training waits for data that are read while they are used."""
    _data: Dataset
    _first: First
    _zeros: Metrics
    _stages: Stages
    _train_calls: list[Callable]
    _calls: Callable[[int, int], Iterator[Call]]

    def start(self, training: Training | None) -> Training:
        """Copies the given training to the devices; None means the first state."""
        return self.layout.put(training) if training else self._first.make(self.layout)

    def expected(self) -> Training:
        """The shapes of a training that is stored; except under `pmap` also its layout."""
        first = self._first.shapes()
        return first if self.layout.mode == "pmap" else self.layout.shapes(first)

    def compile_ahead(self) -> None:
        """Begins to compile in the background; the first calls wait for it."""
        if not self._data.train.in_memory:
            return
        first = self._first.shapes()
        shapes = self.layout.shapes(first)
        for number, call in self._calls(0, 1):
            batches = self.layout.put_batches(call)
            begin_compiling(self._train_calls[0], shapes, self.arrays[number], batches)
        self.evaluate.begin(first.state, "test" if self._data.validation is None else "validation")

    def advance(self, training: Training, start: int, end: int) -> tuple[Training, Array]:
        """Trains from step `start` to step `end`.

        Also returns an array to wait for: it is ready when the last step has been computed.
        """
        ticket: Any = None
        while start < end:
            stage = self._stages.end_at(start, end)
            train_call = self._train_calls[self._stages.number_at(start)]
            for number, call in self.waiting.reading(self._calls(start, stage)):
                # Explicitly, so that `jax.transfer_guard` can refuse every other transfer.
                batches = self.layout.put_batches(call)
                training, ticket = train_call(training, self.arrays[number], batches)
                self.waiting.computing(ticket)
            start = stage
        return training, ticket

    def memory(self) -> Any:
        """What one compiled call needs on a device, as XLA counts it (`argument_size_in_bytes`,
        `temp_size_in_bytes`, ...); it is compiled for that.
        """
        number, call = next(self._calls(0, 1))
        shapes, batches = self.layout.shapes(self._first.shapes()), self.layout.put_batches(call)
        lowered = self._train_calls[0].lower(shapes, self.arrays[number], batches)
        return lowered.compile().memory_analysis()

    def step_of(self, training: Training) -> int:
        """How many steps `training` has made."""
        return int(np.ravel(self.layout.fetch(training.state.step))[0])

    def reset(self, training: Training) -> Training:
        """The same training, with the sums of its metrics set to zero."""
        return Training(training.state, jax.tree.map(jnp.copy, self._zeros))


def compile_recipe(
    recipe: Recipe, data: Dataset, options: TrainOptions, layout: Layout, *, steps_per_call: int = 0
) -> Compiled:
    """Compile `recipe` for training on `data`; the step is traced at its first call.

    `steps_per_call` limits the steps of a compiled call. If it is 0, `options.steps_per_call` is
    used. If that is 0 too, a call makes as many steps as the program has room for, and
    `dl.train.steps_per_call` can measure a better number. The program itself does not depend on
    this number, so that every number gives the same bits.

    Raises:
        InputError: when the recipe does not fit the data.
    """
    _check(recipe, data, options, layout)
    data = reading_ahead(data, batches=options.prefetch)
    totals = zero_training_totals(recipe, data.spec, options)
    first = First(
        jit_init_state(recipe, data.spec, options), first_arguments(recipe, options), totals
    )
    with numbers_unknown():
        first.shapes()  # builds the recipe for traced numbers
    loops = can_loop(recipe, data, options, layout)
    room = _room_for_steps(data.train, options, loops=loops)
    asked = steps_per_call or options.steps_per_call or room
    plan = make_plan(
        options,
        train_size=data.spec.train_size,
        steps_per_call=min(asked, room) if loops else asked,
    )
    sets, stages = data.train.resident(), stages_of(recipe)
    guard = CompilationGuard("train step", declared=len(sets) * len(stages.augments))
    train_calls = [
        _make_train_call(recipe, stage, data, options, layout, loops=loops)
        for stage in range(len(stages.augments))
    ]
    return Compiled(
        layout=layout,
        plan=plan,
        guard=guard,
        arrays=_put_sets(layout, sets, first.arguments[1]),
        evaluate=Evaluation(recipe, data, options, layout, loops=loops),
        waiting=WaitingClock(counts=not data.train.in_memory),
        _data=data,
        _first=first,
        _zeros=layout.put(totals),
        _stages=stages,
        _train_calls=[layout.compile(guard.watch(call)) for call in train_calls],
        _calls=_cut(data.train, options, plan, room=room, loops=loops),
    )


def _put_sets(
    layout: Layout, sets: list[dict[str, np.ndarray]], hyperparams: dict[str, Array]
) -> list[Resident]:
    """The sets of arrays on the devices; an array that several of them hold is copied once."""
    distinct = distinct_arrays(sets)
    # As a `Resident`, because a layout of members puts data and hyper-parameters differently.
    named = {str(key): array for key, array in distinct.items()}
    placed, numbers = layout.put(Resident(named, hyperparams))
    return [
        Resident({name: placed[str(id(array))] for name, array in arrays.items()}, numbers)
        for arrays in sets
    ]


def _check(recipe: Recipe, data: Dataset, options: TrainOptions, layout: Layout) -> None:
    """Refuse a recipe that does not fit data, options and devices."""
    device = layout.device_here
    # The devices of a CPU share one memory.
    memories = 1 if device.platform == "cpu" else len(layout.devices)
    check_recipe_fits(
        recipe,
        data.spec,
        device=device,
        members=options.members // (memories if layout.mode == "members" else 1),
        split_over=memories if layout.mode == "fsdp" else 1,
    )
    check_answers(recipe, data)
    check_layers(recipe, data.spec, options)
    by_device = layout.mode in ("pmap", "fsdp")
    rows = layout.rows_of(options.batch_size) if by_device else options.batch_size
    if rows % options.accumulate:
        raise InputError(
            f"accumulate is {options.accumulate}; it must divide the {rows} examples of a batch"
            f"{' on each device' if by_device else ''}"
        )


def can_loop(recipe: Recipe, data: Dataset, options: TrainOptions, layout: Layout) -> bool:
    """Whether one compiled program can loop over several steps, and is not slower for it."""
    example = example_inputs(data.spec)
    return data.train.in_memory and not has_slow_loops(
        recipe.model, example, layout.devices[0], rows=layout.rows_of(options.batch_size)
    )


def _room_for_steps(source: Source, options: TrainOptions, *, loops: bool) -> int:
    """How many steps a call of the compiled program can make; it may make fewer."""
    if not loops:
        return 1
    in_epoch = steps_per_epoch(len(source), options.batch_size)
    return source.steps_per_call or min(MOST_STEPS_PER_CALL, in_epoch)


def _cut(
    source: Source, options: TrainOptions, plan: Plan, *, room: int, loops: bool
) -> Callable[[int, int], Iterator[Call]]:
    """The function from two steps to the compiled calls between them."""
    groups = train_calls_here(
        source, seed=options.seed, batch_size=options.batch_size, total_steps=plan.total_steps
    )

    def calls(start: int, end: int) -> Iterator[Call]:
        for number, group in groups(start, end):
            for call in cut_calls(group, room=room, loops=loops):
                yield number, call

    return calls


def _make_train_call(
    recipe: Recipe, stage: int, data: Dataset, options: TrainOptions, layout: Layout, *, loops: bool
) -> Callable:
    """The steps of one call: each gathers a batch, trains on it, and adds up its metrics."""
    gather = make_gather(data.train, data.spec)

    def train_call(
        training: Training, resident: Resident, indexed: IndexedBatch
    ) -> tuple[Training, Array]:
        step = _make_step(recipe, stage, data, options, layout, resident.hyperparams)

        def step_once(training: Training, indexed: IndexedBatch) -> tuple[Training, Metrics]:
            with numbers_unknown():
                state, sums = step(training.state, gather(resident.data, indexed))
            # Added to the sums of all calls, in the order of the steps: so a record has the same
            # bits however its steps are divided into calls.
            return Training(state, metrics.merge(training.totals, sums)), {}

        training, _ = run_call(step_once, training, indexed, loops=loops)
        # The sum has a buffer of its own, which stays valid after the state is donated.
        return training, training.state.step + 0

    return train_call


def _make_step(
    recipe: Recipe,
    stage: int,
    data: Dataset,
    options: TrainOptions,
    layout: Layout,
    hyperparams: dict[str, Array],
) -> Callable:
    """The step of a stage of augmentation, for hyper-parameters that are traced."""
    own = recipe.at(hyperparams)
    step = make_train_step(
        own.objective,
        own.optimizer,
        axis_name=layout.axis_name,
        mesh=layout.mesh,
        padded=data.train.pads,
        ema=hyperparams.get("ema", options.ema),
        average_after=options.averages_after(data.spec),
        **options.of_step,
    )
    augment = stages_of(own).augments[stage]
    return step if augment is None else augmented(step, augment)
