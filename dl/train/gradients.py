"""The gradient of a batch's summed loss, in one piece or micro-batch by micro-batch."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from dl import metrics
from dl.errors import InputError
from dl.layers.row_keys import for_rows
from dl.train.state import TrainState
from dl.types import Array, Batch, Carry, Key, Metrics, ModelState, Objective, Params, PyTree


class Gradients(NamedTuple):
    """∂ Σ loss / ∂ params, and what the objective gave beside the loss."""

    params: PyTree
    sums: Metrics
    model_state: ModelState
    carry: Carry


def summed_gradients(
    objective: Objective,
    state: TrainState,
    batch: Batch,
    key: Key,
    *,
    parts: int = 1,
    first_row: int | Array = 0,
) -> Gradients:
    """The gradient and the metrics of `batch`, summed over `parts` micro-batches.

    Batch statistics go from one micro-batch to the next; a row's recurrent state stays with the
    row. A row's random numbers follow from `key` and from its number in the batch of all devices,
    in which this batch begins at `first_row`.

    Raises:
        InputError: when `parts` does not divide the rows of the batch.
    """
    rows = len(batch["mask"])
    if parts == 1:
        is_whole = isinstance(first_row, int)
        own_key = key if is_whole else for_rows(key, first_row, rows)
        return _gradients(objective, state, batch, own_key)
    if rows % parts:
        raise InputError(f"accumulate is {parts}; it must divide the {rows} examples of a batch")
    size = rows // parts
    batches, carries = _split(dict(batch), parts), _split(state.carry, parts)

    def body(before: tuple, part: tuple[Array, Batch, Carry]) -> tuple[tuple, Carry]:
        number, micro_batch, carry = part
        gradients, sums, model_state = before
        own = _gradients(
            objective,
            state.with_model_state(model_state, carry),
            micro_batch,
            for_rows(key, first_row + number * size, size),
        )
        added = jax.tree.map(jnp.add, gradients, own.params)
        return (added, metrics.merge(sums, own.sums), own.model_state), own.carry

    first, carry = jax.tree.map(lambda leaf: leaf[0], (batches, carries))
    begin = state.with_model_state(state.model_state, carry)
    shapes = jax.eval_shape(lambda: _gradients(objective, begin, first, key))
    zeros = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)
    start = (zeros.params, zeros.sums, state.model_state)
    (gradients, sums, model_state), carries = jax.lax.scan(
        body, start, (jnp.arange(parts), batches, carries)
    )
    carry = jax.tree.map(lambda leaf: leaf.reshape(-1, *leaf.shape[2:]), carries)
    return Gradients(gradients, sums, model_state, carry)


def _gradients(objective: Objective, state: TrainState, batch: Batch, key: Key) -> Gradients:
    def summed_loss(params: Params) -> tuple[Array, tuple[Metrics, ModelState, Carry]]:
        sums, model_state, carry = objective(
            params, state.model_state, batch, train=True, key=key, carry=state.carry
        )
        return sums["loss"].sum, (sums, model_state, carry)

    gradients, others = jax.grad(summed_loss, has_aux=True)(state.params)
    return Gradients(gradients, *others)


def _split(tree: PyTree, parts: int) -> PyTree:
    """Leaves [B, ...] as [parts, B / parts, ...]."""
    return jax.tree.map(lambda leaf: leaf.reshape(parts, -1, *leaf.shape[1:]), tree)
