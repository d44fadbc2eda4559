"""Metrics of a part of the data: every example counts once; a stream is read as one sequence."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import jax
import numpy as np

from dl import metrics
from dl.data.dataset import Dataset
from dl.data.gather import make_gather
from dl.data.sources.batching import IndexedBatch
from dl.data.sources.source import Source, cut_calls
from dl.train.layout import Layout
from dl.train.options import TrainOptions
from dl.train.recipe import Recipe
from dl.train.state import TrainState
from dl.train.step import make_eval_step, scan_steps
from dl.types import Array, Batch, Metrics, Model, ModelState, Objective, Params

Gather = Callable[[dict[str, Array], IndexedBatch], Batch]
Evaluate = Callable[[TrainState], Metrics]


def make_evaluate(
    recipe: Recipe, data: Dataset, options: TrainOptions, layout: Layout, *, loops: bool
) -> Callable[[TrainState, str], dict[str, float]]:
    """The function `evaluate(state, part) -> metrics`; a part is opened at its first use."""
    # All parts of a data set are of one kind, so one compiled function serves them all.
    gather = make_gather(data.train.evaluated(), data.spec)
    compiled = _compile(recipe.objective, gather, layout, loops=loops)

    @cache
    def open_part(name: str) -> Evaluate:
        source = data.part(name).evaluated()
        if source.carries:
            return _with_carry(recipe, gather, source, layout)
        return _example_by_example(compiled, source, options, layout, loops=loops)

    return lambda state, part: metrics.compute(open_part(part)(state))


def evaluate_carried(
    model: Model,
    objective: Objective,
    gather: Gather,
    params: Params,
    model_state: ModelState,
    arrays: dict[str, Array],
    indexed: IndexedBatch,
) -> Metrics:
    """Sums of each of N batches [N, B]; each starts with the recurrent state of the one before.

    The first starts with the zero state. The sums stay separate [N], so that the caller can add
    them up in float64.
    """
    carry = model.zero_carry(indexed.index.shape[1])

    def evaluate_batch(carry: Any, batch: IndexedBatch) -> tuple[Any, Metrics]:
        sums, _, carry = objective(params, model_state, gather(arrays, batch), carry=carry)
        return carry, sums

    return jax.lax.scan(evaluate_batch, carry, indexed)[1]


def _with_carry(recipe: Recipe, gather: Gather, source: Source, layout: Layout) -> Evaluate:
    """Evaluate a stream as a single row, on one device because one row cannot be split."""
    device = layout.devices[0]
    (indexed,) = source.evaluation_calls(batch_size=1)()
    arrays, indexed = jax.device_put((source.evaluation_arrays(), indexed), device)
    compiled = jax.jit(partial(evaluate_carried, recipe.model, recipe.objective, gather))

    def evaluate(state: TrainState) -> Metrics:
        params, model_state = jax.device_put(
            layout.fetch((state.params, state.model_state)), device
        )
        sums = jax.device_get(compiled(params, model_state, arrays, indexed))
        return jax.tree.map(lambda leaf: np.sum(leaf, axis=0, dtype=np.float64), sums)

    return evaluate


def _compile(
    objective: Objective, gather: Gather, layout: Layout, *, loops: bool
) -> Callable[..., Metrics]:
    step = make_eval_step(objective, axis_name=layout.axis_name)

    def evaluate_call(
        state: TrainState, arrays: dict[str, Array], indexed: IndexedBatch
    ) -> Metrics:
        def evaluate_batch(state: TrainState, batch: IndexedBatch) -> tuple[TrainState, Metrics]:
            return state, step(state, gather(arrays, batch))

        if loops:
            return scan_steps(evaluate_batch)(state, indexed)[1]
        return evaluate_batch(state, jax.tree.map(lambda leaf: leaf[0], indexed))[1]

    return layout.compile(evaluate_call, donate=False)


def _example_by_example(
    compiled: Callable[..., Metrics],
    source: Source,
    options: TrainOptions,
    layout: Layout,
    *,
    loops: bool,
) -> Evaluate:
    calls = source.evaluation_calls(batch_size=options.batch_size)
    arrays = layout.put(source.evaluation_arrays()) if source.evaluation_arrays() else {}

    def evaluate(state: TrainState) -> Metrics:
        sums: list[Metrics] = []
        for group in calls():
            rows = len(group.index)
            for call in cut_calls(group, steps_per_call=rows, loops=loops):
                sums.append(layout.fetch(compiled(state, arrays, layout.split(call))))
                jax.block_until_ready(sums[-2:-1])  # no more than two batches wait in memory
        return jax.tree.map(lambda *leaves: np.sum(leaves, axis=0), *jax.device_get(sums))

    return evaluate
