"""What clipping does to a stream of gradients: how often, how much, in which direction (G2)."""

from collections.abc import Iterable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.flatten_util import ravel_pytree

from dl.errors import InputError
from dl.inspect.recurrence.gradients import vector_norm
from dl.types import Array, PyTree


class ClippingEffect(NamedTuple):
    """The share of clipped gradients, in [0, 1]; norms `before` and `after` and `cosine`, [N] each.

    `cosine` is that of the angle between a gradient and its clipped form: 1 where the direction is
    kept, and nan where one of the two is 0.
    """

    share: float
    before: np.ndarray
    after: np.ndarray
    cosine: np.ndarray


def clipping_effect(
    gradients: Iterable[PyTree], clip: optax.GradientTransformation
) -> ClippingEffect:
    """What `clip` does to each of `gradients`, an iterable of trees of arrays that is read once.

    `optax.clip_by_global_norm(c)`, as `dl.optimizers.clipped` uses it, is g min(1, c / ‖g‖): g gets
    shorter and keeps its direction; if the sum of squares overflows, ‖g‖ is infinite and the result
    is 0. `optax.clip(c)` clips each element, which changes the direction. A gradient counts as
    clipped if it changes at all. Source: G2; Pascanu et al. (2013), arXiv:1211.5063.

    >>> stream = [{"w": jnp.array([0.3, 0.4])}, {"w": jnp.array([30.0, 40.0])}]
    >>> effect = clipping_effect(stream, optax.clip_by_global_norm(5.0))
    >>> effect.share, effect.before.tolist(), effect.after.round(5).tolist()
    (0.5, [0.5, 50.0], [0.5, 5.0])
    >>> effect.cosine.round(5).tolist()
    [1.0, 1.0]

    Raises:
        InputError: without gradients.
    """
    rows = [jax.device_get(_compare(gradient, clip)) for gradient in gradients]
    if not rows:
        raise InputError("there is no gradient to clip: give at least one, a tree of arrays")
    changed, before, after, cosine = (np.array(column) for column in zip(*rows, strict=True))
    return ClippingEffect(float(changed.mean()), before, after, cosine)


def _compare(
    gradient: PyTree, clip: optax.GradientTransformation
) -> tuple[Array, Array, Array, Array]:
    """Whether it changes, its norm before and after, and the cosine between the two."""
    clipped, _ = clip.update(gradient, clip.init(gradient))
    old, new = (ravel_pytree(tree)[0] for tree in (gradient, clipped))
    before, after = vector_norm(old), vector_norm(new)
    return (old != new).any(), before, after, jnp.vdot(old / before, new / after)
