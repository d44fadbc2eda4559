"""What is put around an optimizer: clipping, and a rate that falls when training stalls."""

from typing import Any

import jax.numpy as jnp
import optax

from dl.promotion import promoting
from dl.ranges import Range, check_number
from dl.types import PyTree


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
    than the best so far by more than a ten-thousandth of it. When `patience` averages in a row are
    not better, all updates from that step on are multiplied by `factor` once more. The train step
    hands the loss over (`value`). The factor is part of the optimizer's state, so that it survives
    an interruption.
    """
    check_number("every", every, Range(at_least=1), whole=True)
    check_number("patience", patience, Range(at_least=1), whole=True)
    check_number("factor", factor, Range(above=0, below=1))
    slowing = optax.contrib.reduce_on_plateau(
        factor=factor, patience=patience, accumulation_size=every
    )
    chain = optax.chain(optimizer, slowing)
    return optax.GradientTransformationExtraArgs(promoting(chain.init), promoting(chain.update))


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
