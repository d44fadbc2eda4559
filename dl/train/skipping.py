"""Steps whose loss or gradient is not finite are left out, inside the compiled program."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from dl import metrics
from dl.errors import DivergedError, InputError
from dl.train.state import TrainState
from dl.types import Array, Metrics, PyTree, Total

SKIPPED = "skipped"
"""The metric that counts the steps that were left out."""


def only_if_finite(
    before: TrainState, after: TrainState, gradients: PyTree, sums: Metrics, *, most: int
) -> tuple[TrainState, Metrics]:
    """The state `after` a step if its loss and `gradients` are finite, else that `before` it.

    A step that is left out changes neither parameters nor optimizer, model state or carry, and adds
    nothing to the metrics but to the number of skipped steps; only the step counter goes on. After
    more than `most` skipped steps in a row every later step is skipped too: the parameters stay
    those of the last good step until `check_skipped` ends the training at its next record. Loss and
    gradients are those of the whole batch, so that all devices decide the same.

    Raises:
        InputError: for a state that does not count skipped steps.
    """
    if isinstance(before.skipped, tuple):
        raise InputError("the state counts no skipped steps: make it with init_state(skips=True)")
    taken = _are_finite((sums["loss"].sum, gradients)) & (before.skipped <= most)
    row = jnp.where(taken, 0, before.skipped + 1).astype(jnp.int32)
    # Keys cannot be chosen from, and a step does not change them.
    state = _either(taken, replace(after, key=()), replace(before, key=()))
    state = replace(state, key=before.key, step=after.step, skipped=row)
    left_out = jnp.where(taken, 0.0, 1.0)
    kept = _either(taken, sums, metrics.zeros_like(sums))
    return state, {**kept, SKIPPED: Total(left_out, jnp.ones(()))}


def check_skipped(row: Array, step: int, *, most: int) -> None:
    """Raise a `DivergedError` when more than `most` steps in a `row` were left out.

    Of a population, with a number for each member, one must go on.
    """
    if np.all(np.asarray(row) > most):
        raise DivergedError(
            f"more than {most} steps in a row, up to step {step}, had a loss or a gradient that is "
            "not finite: lower --learning-rate, clip the gradient (--clip 1), or look for inputs "
            "that are not finite; --most-skipped allows more"
        )


def _are_finite(tree: PyTree) -> Array:
    return jnp.array([jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(tree)]).all()


def _either(first: Array, one: Any, other: Any) -> Any:
    return jax.tree.map(lambda x, y: jnp.where(first, x, y), one, other)
