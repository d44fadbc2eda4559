"""Metrics of a part of the data: every example counts once; a stream is read as one sequence."""

from collections.abc import Callable, Iterable
from functools import cache, partial
from typing import Any, Protocol

import jax
import numpy as np
from jax.sharding import SingleDeviceSharding

from dl import metrics
from dl.data.dataset import Dataset
from dl.data.gather import make_gather
from dl.data.sources.batching import IndexedBatch
from dl.data.sources.source import Source, cut_calls
from dl.layers.precision import computing_in
from dl.train.ahead import Ahead, begin_compiling
from dl.train.layout import Layout, Resident
from dl.train.options import TrainOptions
from dl.train.processes import as_first_has
from dl.train.reading import evaluation_calls_here
from dl.train.recipe import Recipe
from dl.train.state import TrainState
from dl.train.step import make_eval_step, run_call
from dl.types import Array, Batch, Metrics, Model, ModelState, Objective, Params

_NOTHING = Resident({}, {})
"""Most batches hold their examples."""

Gather = Callable[[Any, IndexedBatch], Batch]


class _Part(Protocol):
    """The evaluation of one part of the data."""

    def evaluate(self, state: TrainState) -> Metrics:
        """The sums over all examples."""
        ...

    def begin(self, state: TrainState) -> None:
        """Start to compile for a state of these shapes before it is laid out."""
        ...


class Evaluation:
    """The function `evaluation(state, part) -> metrics`; a part is opened at its first use.

    All parts of a data set are of one kind, so that one compiled program serves them all.
    """

    def __init__(
        self, recipe: Recipe, data: Dataset, options: TrainOptions, layout: Layout, *, loops: bool
    ) -> None:
        gather = make_gather(data.train.evaluated(), data.spec)
        if data.train.evaluated().carries:
            one = partial(
                evaluate_carried,
                recipe.model,
                recipe.objective,
                gather,
                precision=options.precision,
            )
            each = one if layout.members == 1 else jax.vmap(one, in_axes=(0, 0, None, None))
            compiled = Ahead(jax.jit(each))
        else:
            step = make_eval_step(
                recipe.objective, axis_name=layout.axis_name, precision=options.precision
            )
            compiled = _compile(step, gather, layout, loops=loops)

        @cache
        def open_part(name: str) -> _Part:
            source = data.part(name).evaluated()
            if source.carries:
                return _Stream(compiled, source, layout)
            return _Examples(compiled, source, options.batch_size, layout, loops=loops)

        self._open_part = open_part

    def __call__(self, state: TrainState, part: str) -> dict[str, float]:
        """The metrics of the part with this name."""
        return metrics.compute(self.sums(state, part))

    def sums(self, state: TrainState, part: str) -> Metrics:
        """The sums and counts of the part with this name, for each member of a population."""
        return self._open_part(part).evaluate(state)

    def begin(self, state: TrainState, part: str) -> None:
        """Start to compile in the background, for a state of these shapes before it is laid out."""
        self._open_part(part).begin(state)


def evaluate_carried(
    model: Model,
    objective: Objective,
    gather: Gather,
    params: Params,
    model_state: ModelState,
    arrays: dict[str, Array],
    indexed: IndexedBatch,
    *,
    precision: str = "float32",
) -> Metrics:
    """Sums of each of N batches [N, B]; each starts with the recurrent state of the one before.

    The first starts with the zero state. The sums stay separate [N], so that the caller can add
    them up in float64.
    """
    carry = model.zero_carry(indexed.index.shape[1])

    def evaluate_batch(carry: Any, batch: IndexedBatch) -> tuple[Any, Metrics]:
        with computing_in(precision):
            sums, _, carry = objective(params, model_state, gather(arrays, batch), carry=carry)
        return carry, sums

    return jax.lax.scan(evaluate_batch, carry, indexed)[1]


class _Stream:
    """Evaluates a stream as a single row, on one device because one row cannot be split."""

    def __init__(self, compiled: Callable[..., Metrics], source: Source, layout: Layout) -> None:
        self._compiled, self._layout = compiled, layout
        (indexed,) = source.evaluation_calls(batch_size=1)()
        self._data = jax.device_put((source.evaluation_arrays(), indexed), layout.device_here)

    def evaluate(self, state: TrainState) -> Metrics:
        params, model_state = jax.device_put(
            self._layout.fetch_here((state.evaluated_params, state.evaluated_state)),
            self._layout.device_here,
        )
        sums = as_first_has(jax.device_get(self._compiled(params, model_state, *self._data)))
        return jax.tree.map(lambda leaf: np.sum(leaf, axis=-1, dtype=np.float64), sums)

    def begin(self, state: TrainState) -> None:
        place = SingleDeviceSharding(self._layout.device_here)
        shapes = jax.tree.map(
            lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=place),
            (state.evaluated_params, state.evaluated_state),
        )
        begin_compiling(self._compiled, *shapes, *self._data)


def _compile(
    step: Callable[[TrainState, Batch], Metrics], gather: Gather, layout: Layout, *, loops: bool
) -> Callable[..., Metrics]:
    def evaluate_call(state: TrainState, resident: Resident, indexed: IndexedBatch) -> Metrics:
        def evaluate_batch(state: TrainState, batch: IndexedBatch) -> tuple[TrainState, Metrics]:
            return state, step(state, gather(resident.data, batch))

        return run_call(evaluate_batch, state, indexed, loops=loops)[1]

    return layout.compile(evaluate_call, donate=False)


class _Examples:
    """Evaluates examples in batches, whose sums are added up in float64.

    Batches of a part in memory stay on the devices from one evaluation to the next.
    """

    def __init__(
        self,
        compiled: Callable[..., Metrics],
        source: Source,
        batch_size: int,
        layout: Layout,
        *,
        loops: bool,
    ) -> None:
        self._compiled, self._source, self._layout, self._loops = compiled, source, layout, loops
        self._read = evaluation_calls_here(source, batch_size=batch_size)
        arrays = source.evaluation_arrays()
        self._resident = layout.put(Resident(arrays, {})) if arrays else _NOTHING
        self._kept: list[IndexedBatch] = list(self._put()) if source.in_memory else []

    def evaluate(self, state: TrainState) -> Metrics:
        sums: list[Metrics] = []
        for call in self._kept or self._put():
            sums.append(self._layout.fetch(self._compiled(state, self._resident, call)))
            jax.block_until_ready(sums[-2:-1])  # no more than two batches wait in memory
        return jax.tree.map(
            lambda *leaves: np.sum(leaves, axis=0, dtype=np.float64), *jax.device_get(sums)
        )

    def begin(self, state: TrainState) -> None:
        if self._kept:
            begin_compiling(
                self._compiled, self._layout.shapes(state), self._resident, self._kept[0]
            )

    def _put(self) -> Iterable[IndexedBatch]:
        for group in self._read():
            room = self._source.batches_per_call
            for call in cut_calls(group, room=room, loops=self._loops):
                yield self._layout.put_batches(call)
