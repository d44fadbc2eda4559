"""What is put around an optimizer: clipping, and a rate that falls when training stalls."""

from typing import Any

import jax
import jax.numpy as jnp
import optax

from dl.promotion import promoting
from dl.ranges import Range, check_number
from dl.types import Array, Params, PyTree

_BETTER = 1e-4
"""The share of the best loss by which a better one is lower."""


def clipped(
    optimizer: optax.GradientTransformation, *, norm: float
) -> optax.GradientTransformation:
    """`optimizer` on gradients scaled down to a global norm of at most `norm`. Source: G2."""
    check_number("norm", norm, Range(above=0))
    return optax.chain(optax.clip_by_global_norm(norm), optimizer)


def slowed_on_plateau(
    optimizer: optax.GradientTransformation, *, every: int, patience: int, factor: float = 0.1
) -> optax.GradientTransformation:
    """`optimizer` whose updates shrink by `factor` when the training loss stops falling.

    The loss is averaged over `every` steps, such as an epoch. An average is better if it is lower
    than the best so far by more than a ten-thousandth of its size. When `patience` averages in a
    row are not better, all updates from that step on are multiplied by `factor` once more. The
    train step hands the loss over (`value`). The factor is part of the optimizer's state, so that
    it survives an interruption.
    """
    check_number("every", every, Range(at_least=1), whole=True)
    check_number("patience", patience, Range(at_least=1), whole=True)
    check_number("factor", factor, Range(above=0, below=1))
    chain = optax.chain(optimizer, _slowing(every, patience, factor))
    return optax.GradientTransformationExtraArgs(promoting(chain.init), promoting(chain.update))


def _slowing(every: int, patience: int, factor: float) -> optax.GradientTransformationExtraArgs:
    """Optax's `reduce_on_plateau` with its state, for losses of either sign.

    In Optax's own, a loss below 0 that stays the same counts as better, and the best loss is
    infinite at first, which a checkpoint refuses.
    """
    start = optax.contrib.reduce_on_plateau(factor=factor, patience=patience).init

    def init(params: Params) -> PyTree:
        state: Any = start(params)
        largest = jnp.finfo(state.best_value.dtype).max
        return state._replace(best_value=jnp.full_like(state.best_value, largest))

    def update(
        updates: PyTree, state: PyTree, params: Params = None, *, value: Array, **others: Any
    ) -> tuple[PyTree, PyTree]:
        state = _after_loss(state, value, every=every, patience=patience, factor=factor)
        return jax.tree.map(lambda leaf: state.scale * leaf, updates), state

    return optax.GradientTransformationExtraArgs(init, update)  # type: ignore[arg-type]


def _after_loss(state: Any, loss: Array, *, every: int, patience: int, factor: float) -> Any:
    """The state of a plateau after the loss of one more step."""
    loss = jnp.astype(loss, state.avg_value.dtype)
    mean = (state.count * state.avg_value + loss) / (state.count + 1)
    due = state.count + 1 == every
    better = mean < jnp.where(state.best_value > 0, 1 - _BETTER, 1 + _BETTER) * state.best_value
    stalled = jnp.where(better, 0, state.plateau_count + 1)
    slower = due & (stalled == patience)
    return state._replace(
        best_value=jnp.where(due & better, mean, state.best_value),
        plateau_count=jnp.where(due, stalled % patience, state.plateau_count),
        scale=jnp.where(slower, state.scale * factor, state.scale),
        count=jnp.where(due, 0, state.count + 1),
        avg_value=jnp.where(due, 0.0, mean),
    )


def with_hyperparams(opt_state: PyTree, **values: Any) -> PyTree:
    """The optimizer state with another `learning_rate`, `weight_decay` or `momentum`.

    The compiled step stays the same.

    >>> import dl
    >>> opt_state = dl.optimizers.sgd(0.1).init({"w": jnp.zeros(2)})
    >>> float(with_hyperparams(opt_state, learning_rate=0.5).hyperparams["learning_rate"])
    0.5
    """
    return optax.tree_utils.tree_set(
        opt_state, **{name: jnp.float32(value) for name, value in values.items()}
    )
