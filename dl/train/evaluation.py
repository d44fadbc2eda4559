"""Metrics of a part of the data: every example exactly once, of a stream every symbol with all that
came before it.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from dl import metrics
from dl.data.batching import IndexedBatch
from dl.data.dataset import Dataset, Part
from dl.data.gather import gather_segments, make_gather
from dl.data.ragged import RaggedSource
from dl.data.tokens import TokenSource
from dl.train.feed import make_evaluation_feed, resident_arrays
from dl.train.options import TrainOptions
from dl.train.parallel import Layout, scan_steps
from dl.train.state import TrainState
from dl.train.step import make_eval_step
from dl.types import Array, Metrics, Model, ModelState, Objective, Params

_STEPS = 256
"""Symbols of a stream that a pass of the compiled loop reads; no result depends on it."""

Evaluate = Callable[[TrainState], Metrics]


def make_evaluate(
    recipe: Any, data: Dataset, options: TrainOptions, layout: Layout, *, loops: bool
) -> Callable[[TrainState, str], dict[str, float]]:
    """The function `evaluate(state, part) -> metrics`, for the model and objective in `recipe` on
    `data`.
    """
    compiled = _compile(recipe.objective, data, layout, loops=loops)
    opened: dict[str, Evaluate] = {}

    def evaluate(state: TrainState, part: str) -> dict[str, float]:
        if part not in opened:
            source = data.part(part)
            if isinstance(source, TokenSource):
                opened[part] = _of_stream(recipe.model, recipe.objective, source, layout)
            else:
                opened[part] = _of_examples(compiled, source, options, layout, loops=loops)
        return metrics.compute(opened[part](state))

    return evaluate


def put_arrays(layout: Layout, part: Part) -> list[dict[str, Array]]:
    """What lies on the devices of a part, by buckets if it has some."""
    return [layout.put(arrays) if arrays else {} for arrays in resident_arrays(part)]


def evaluate_stream(
    model: Model,
    objective: Objective,
    params: Params,
    model_state: ModelState,
    tokens: Array,
    *,
    steps: int = _STEPS,
) -> Metrics:
    """Sums over every symbol of a stream [N] but the first, predicted from all before it, the state
    carried along.

    The stream is read `steps` symbols at a time; the result has the sums of each of these segments
    [⌈(N − 1) / steps⌉], to be added up with more digits than float32 has.
    """
    starts = jnp.arange(0, len(tokens) - 1, steps, dtype=jnp.int32)
    counts = jnp.minimum(steps, len(tokens) - 1 - starts).astype(jnp.float32)
    carry = model.zero_carry(1)

    def segment(carry: Any, now: tuple[Array, Array]) -> tuple[Any, Metrics]:
        start, count = (value[None] for value in now)
        batch = gather_segments(tokens, IndexedBatch(start, count), steps=steps)  # type: ignore[arg-type]
        sums, _, carry = objective(params, model_state, batch, carry=carry)
        return carry, sums

    return jax.lax.scan(segment, carry, (starts, counts))[1]


def _of_stream(model: Model, objective: Objective, source: TokenSource, layout: Layout) -> Evaluate:
    """On one device: a single row cannot be split."""
    device = layout.devices[0]
    tokens = jax.device_put(source.tokens, device)
    compiled = jax.jit(partial(evaluate_stream, model, objective))

    def evaluate(state: TrainState) -> Metrics:
        params, model_state = jax.device_put(
            layout.fetch((state.params, state.model_state)), device
        )
        by_segment = jax.device_get(compiled(params, model_state, tokens))
        return jax.tree.map(lambda leaf: np.sum(leaf, axis=0, dtype=np.float64), by_segment)

    return evaluate


def _compile(
    objective: Objective, data: Dataset, layout: Layout, *, loops: bool
) -> Callable[..., Metrics]:
    step = make_eval_step(objective, axis_name=layout.axis_name)
    gather = make_gather(data.spec)

    def evaluate_chunk(
        state: TrainState, arrays: dict[str, Array], indexed: IndexedBatch
    ) -> Metrics:
        if not loops:
            return step(state, gather(arrays, jax.tree.map(lambda leaf: leaf[0], indexed)))
        return scan_steps(lambda state, one: (state, step(state, gather(arrays, one))))(
            state, indexed
        )[1]

    return layout.compile(evaluate_chunk, donate=False)


def _of_examples(
    compiled: Callable[..., Metrics],
    source: Part,
    options: TrainOptions,
    layout: Layout,
    *,
    loops: bool,
) -> Evaluate:
    feed = make_evaluation_feed(source, batch_size=options.batch_size, loops=loops)
    arrays = {} if isinstance(source, RaggedSource) else put_arrays(layout, source)[0]

    def evaluate(state: TrainState) -> Metrics:
        sums: list[Metrics] = []
        for _, rows in feed():
            sums.append(layout.fetch(compiled(state, arrays, layout.split(rows))))
            jax.block_until_ready(sums[-2:-1])  # no more than two batches wait in memory
        return jax.tree.map(lambda *leaves: np.sum(leaves, axis=0), *jax.device_get(sums))

    return evaluate
