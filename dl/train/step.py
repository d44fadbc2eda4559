"""The train step and the evaluation step: pure functions, compiled by `dl.train.layout`."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jax.sharding import Mesh

from dl import metrics
from dl.data.sources.batching import IndexedBatch
from dl.data.sources.source import NO_STEP
from dl.data.with_targets import AugmentWithTargets
from dl.layers.precision import computing_in
from dl.layers.real_rows import over_real_rows
from dl.layers.remat import blocks_again
from dl.layers.synchronised import synchronised
from dl.promotion import usual_promotion
from dl.ranges import Range, check_number
from dl.train.gradients import Gradients, summed_gradients
from dl.train.parallel import AXIS
from dl.train.shards import over_shards
from dl.train.skipping import only_if_finite
from dl.train.state import TrainState, state_of_net
from dl.train.step_inputs import check_step_inputs, named_entries
from dl.types import Array, Augment, Batch, Metrics, ModelState, Objective, Pair, Params, PyTree


def make_train_step(
    objective: Objective,
    optimizer: optax.GradientTransformation,
    *,
    axis_name: str | None = None,
    mesh: Mesh | None = None,
    accumulate: int = 1,
    padded: bool = True,
    ema: float | Array = 0.0,
    average_after: int | None = None,
    precision: str = "float32",
    remat: bool = False,
    most_skipped: int | None = None,
) -> Callable[[TrainState, Batch], tuple[TrainState, Metrics]]:
    """The pure function `train_step(state, batch) -> (state, metrics)`.

    w ← w + update(∇ Σ loss / Σ count): the gradient of the summed loss is summed over micro-batches
    and devices and divided once by the summed count, so masked and uneven batches are exact.

    Args:
        objective: what is minimised (`dl.objectives`).
        optimizer: an Optax transformation (`dl.optimizers`).
        axis_name: the mapped axis when the step runs under `pmap`; batch norm is synchronised
            over it.
        mesh: the mesh over which the parameters are split, under `fsdp` (`dl.train.shards`).
        accumulate: how many micro-batches a batch is computed in, one after the other; it divides
            the batch size.
        padded: whether batches may hold rows whose mask is 0. Batch norm then takes its statistics
            over the others (`dl.layers.real_rows`), within each micro-batch.
        ema: the share d that a running mean of the parameters keeps at each step, for a state that
            has one: w̄ ← d w̄ + (1 − d) w. At step t, counted from 1, d is at most
            (1 + t) / (10 + t), so that the mean soon forgets the initial parameters.
        average_after: the step after which the average, for a state that has one, is the mean of
            the parameters of all later steps; until then it is the parameters themselves. The
            average of the model state is taken likewise. It replaces `ema`.
        precision: the type of the numbers that layers compute with (`dl.layers.precision`).
        remat: whether the blocks of the net are computed again in the backward pass
            (`dl.layers.remat`).
        most_skipped: skip a step whose loss or gradient is not finite (`dl.train.skipping`), up to
            this many in a row, for a state that counts them; None takes every step.

    Raises:
        InputError: for an `accumulate` below 1, and when the step is traced, for one that does not
            divide the batch.
    """
    check_number("accumulate", accumulate, Range(at_least=1), whole=True)
    objective = _over_real_rows(objective) if padded else objective
    optimizer = optax.with_extra_args_support(optimizer)
    axis = axis_name if mesh is None else AXIS

    def on_device(objective: Objective, state: TrainState, batch: Batch) -> Gradients:
        """The gradient of the rows of this device, and the metrics of all."""
        key = jax.random.fold_in(state.key, state.step)
        first_row = 0 if axis is None else len(batch["mask"]) * jax.lax.axis_index(axis)
        with (
            synchronised(axis),
            named_entries(batch),
            computing_in(precision),
            blocks_again(remat),
        ):
            found = summed_gradients(
                objective, state, batch, key, parts=accumulate, first_row=first_row
            )
        return found if axis is None else found._replace(sums=jax.lax.psum(found.sums, axis))

    def on_all_devices(state: TrainState, batch: Batch) -> Gradients:
        """The gradient of the whole batch."""
        if mesh is not None:
            return over_shards(on_device, objective, mesh)(state, batch)
        found = on_device(objective, state, batch)
        if axis_name is None:
            return found
        return found._replace(params=jax.lax.psum(found.params, axis_name))

    def train_step(state: TrainState, batch: Batch) -> tuple[TrainState, Metrics]:
        check_step_inputs(state, batch)
        gradients, sums, model_state, carry = on_all_devices(state, batch)
        count = jnp.maximum(sums["loss"].count, 1.0)  # an empty batch has gradient zero, not nan
        gradients = jax.tree.map(lambda gradient: gradient / count, gradients)
        with usual_promotion():
            updates, opt_state = optimizer.update(
                gradients, state.opt_state, state.params, value=sums["loss"].sum / count
            )
            params = optax.apply_updates(state.params, updates)
        kept = _kept(state.step, ema, average_after)
        after = replace(
            state,
            step=state.step + 1,
            params=params,
            model_state=model_state,
            opt_state=opt_state,
            carry=carry,
            average=_averaged(state.average, params, kept),
            average_state=_averaged(state.average_state, state_of_net(model_state), kept),
        )
        if most_skipped is None:
            return after, sums
        return only_if_finite(state, after, gradients, sums, most=most_skipped)

    return train_step


def make_eval_step(
    objective: Objective, *, axis_name: str | None = None, precision: str = "float32"
) -> Callable[[TrainState, Batch], Metrics]:
    """The pure function `eval_step(state, batch) -> metrics`, which updates nothing.

    It has no dropout, and batch norm uses its running statistics. Every row starts with a zero
    recurrent state, because the state's carry belongs to the rows of training.
    """

    def eval_step(state: TrainState, batch: Batch) -> Metrics:
        check_step_inputs(state, batch)
        with named_entries(batch), computing_in(precision):
            sums, _, _ = objective(state.evaluated_params, state.evaluated_state, batch)
        return sums if axis_name is None else jax.lax.psum(sums, axis_name)

    return eval_step


def augmented(
    train_step: Callable[[TrainState, Batch], tuple[TrainState, Metrics]], augment: Augment
) -> Callable[[TrainState, Batch], tuple[TrainState, Metrics]]:
    """`train_step` on augmented inputs, with a key for each (seed, step, example).

    An `AugmentWithTargets` changes the targets too; mixup makes probabilities [B, K] of them.
    """

    def step(state: TrainState, batch: Batch) -> tuple[TrainState, Metrics]:
        check_step_inputs(state, batch, needs=("inputs", "index"))
        # No step has the number 2**32 - 1, so these keys differ from those of dropout.
        step_key = jax.random.fold_in(
            jax.random.fold_in(state.key, jnp.uint32(2**32 - 1)), state.step
        )
        keys = jax.vmap(lambda index: jax.random.fold_in(step_key, index))(batch["index"])
        changed = {**batch, "inputs": augment(keys, batch["inputs"], state.step)}
        if isinstance(augment, AugmentWithTargets):
            changed["targets"] = augment.targets(keys, batch["targets"], state.step)
        return train_step(state, changed)

    return step


def scan_steps(
    step: Callable[[Any, Any], tuple[Any, Metrics]],
) -> Callable[..., tuple[Any, Metrics]]:
    """A function that makes k steps on batches [k, ...], and merges their metrics.

    The function takes `(state, batches, count=None)`. With a traced `count` it makes only that many
    of the k steps, so that one compilation serves calls of all lengths. However the steps of a
    training are divided into calls, the bits of the state are the same.
    """

    def steps(state: Any, batches: PyTree, count: Array | None = None) -> tuple[Any, Metrics]:
        first = jax.tree.map(lambda leaf: leaf[0], batches)
        zeros = metrics.zeros_like(jax.eval_shape(step, state, first)[1])

        def body(number: Array, before: tuple[Any, Metrics]) -> tuple[Any, Metrics]:
            state, totals = before
            batch = jax.tree.map(
                lambda leaf: jax.lax.dynamic_index_in_dim(leaf, number, keepdims=False), batches
            )
            state, sums = step(state, batch)
            return state, metrics.merge(totals, sums)

        # XLA unrolls a loop that it knows to have one step, which rounds differently. The barrier
        # hides the number from it.
        hidden = jax.lax.optimization_barrier(jnp.int32(len(jax.tree.leaves(batches)[0])))
        return jax.lax.fori_loop(0, hidden if count is None else count, body, (state, zeros))

    return steps


def run_call(
    step: Callable[[Any, IndexedBatch], tuple[Any, Metrics]],
    state: Any,
    indexed: IndexedBatch,
    *,
    loops: bool,
) -> tuple[Any, Metrics]:
    """The steps of one compiled call on the batches `indexed` [k, B]: a loop, or a single step.

    The loop leaves out the rows `NO_STEP`, which fill a call up to its length.
    """
    if not loops:
        return step(state, jax.tree.map(lambda leaf: leaf[0], indexed))
    count = jnp.sum(indexed.index[:, 0] != NO_STEP)
    return scan_steps(step)(state, indexed, count)


def _kept(step: Array, ema: float | Array, average_after: int | None) -> Array:
    """The share that the average of the parameters keeps at this step, which is counted from 0."""
    made = step.astype(jnp.float32) + 1.0
    if average_after is None:
        return jnp.minimum(jnp.asarray(ema, jnp.float32), (1.0 + made) / (10.0 + made))
    averaged = jnp.maximum(made - average_after, 1.0)
    return (averaged - 1.0) / averaged


def _averaged(average: PyTree, new: PyTree, kept: Array) -> PyTree:
    """The average with what is `new`; () for a state that keeps none. Counters are not averaged."""

    def mean(old: Array, new: Array) -> Array:
        if not jnp.issubdtype(old.dtype, jnp.inexact):
            return new
        return (kept * old + (1.0 - kept) * new).astype(old.dtype)

    return jax.tree.map(mean, average, new) if jax.tree.leaves(average) else average


def _over_real_rows(objective: Objective) -> Objective:
    """`objective` with batch norm over the rows of the batch that are no padding.

    The mask of a pair [B, T] is that of the symbols it writes, which are not what batch norm sees.
    """

    def real(params: Params, model_state: ModelState, batch: Batch, **options: Any) -> Any:
        mask = batch["mask"]
        if isinstance(batch["inputs"], Pair) and mask.ndim > 1:
            mask = mask.max(axis=1)
        with over_real_rows(mask):
            return objective(params, model_state, batch, **options)

    return real
