"""Mixup: pictures that are mixed with their neighbours in the batch, and so are their targets."""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp

from dl.errors import InputError
from dl.ranges import Range, check_number
from dl.types import Array, Augment


@dataclass(frozen=True)
class Mixing:
    """An augmentation after which a picture belongs to two classes.

    It is called as every augmentation. `share(keys, step)` is the part [B] that each picture has of
    itself; the rest is of its neighbour. `targets` are the probabilities of the classes.
    """

    pictures: Augment
    share: Callable[[Array, Array], Array]
    classes: int

    def __call__(self, keys: Array, pictures: Array, step: Array) -> Array:
        """The changed pictures [B, H, W, C]."""
        return self.pictures(keys, pictures, step)

    def targets(self, keys: Array, targets: Array, step: Array) -> Array:
        """Class numbers [B] -> probabilities [B, classes], with the same keys as the pictures.

        Raises:
            InputError: for targets that are no class numbers.
        """
        if targets.ndim != 1 or not jnp.issubdtype(targets.dtype, jnp.integer):
            raise InputError(
                f"mixup needs class numbers, integers [B], as targets, not "
                f"{targets.dtype}{list(targets.shape)}: leave it out"
            )
        own = jax.nn.one_hot(targets, self.classes, dtype=jnp.float32)
        return mixed(own, self.share(keys, step))


def mixup(alpha: float, *, classes: int) -> Mixing:
    """Mix each picture and its target with those of another one of the batch.

    x̃ = λ x + (1 − λ) x' and t̃ = λ t + (1 − λ) t', where λ = max(u, 1 − u) with u from Beta(α, α),
    drawn for each picture, and x' is the neighbour: rows 0 and 1 of a batch are mixed with each
    other, 2 and 3, and so on; batches are drawn at random. A last row without a neighbour stays as
    it is. So the result does not depend on the number of devices, if each has an even number of
    rows. Batches must not hold padding. An `alpha` of 0 changes nothing.

    Pictures [B, H, W, C] -> [B, H, W, C]; class numbers [B] -> probabilities [B, `classes`], which
    `objectives.classification` takes in training. Source: Zhang et al. 2018, arXiv:1710.09412,
    which draws one λ for the whole batch, from Beta itself: mixing x with x' by λ is mixing x' with
    x by 1 − λ, so the larger part may belong to x.

    Raises:
        InputError: for a negative `alpha`, and fewer than 1 class.

    >>> keys, step = jax.random.split(jax.random.key(0), 2), jnp.zeros((), int)
    >>> soft = mixup(1.0, classes=3).targets(keys, jnp.array([0, 2]), step)
    >>> soft.sum(axis=1).tolist(), soft[:, 1].tolist()
    ([1.0, 1.0], [0.0, 0.0])
    """
    check_number("alpha", alpha, Range(at_least=0))
    check_number("classes", classes, Range(at_least=1), whole=True)

    def share(keys: Array, step: Array) -> Array:
        del step
        if alpha == 0:
            return jnp.ones(len(keys))
        drawn = jax.vmap(lambda key: jax.random.beta(key, alpha, alpha))(keys)
        return jnp.maximum(drawn, 1.0 - drawn)

    def pictures(keys: Array, pictures: Array, step: Array) -> Array:
        return mixed(pictures, share(keys, step))

    return Mixing(pictures, share, classes)


def mixed(rows: Array, share: Array) -> Array:
    """λ x + (1 − λ) x' of rows x [B, ...] and their neighbours x', with the `share` λ [B].

    >>> mixed(jnp.array([0.0, 1.0, 5.0]), jnp.array([0.75, 1.0, 0.5])).tolist()
    [0.25, 1.0, 5.0]
    """
    share = share.reshape(-1, *[1] * (rows.ndim - 1))
    return share * rows + (1.0 - share) * _neighbours(rows)


def _neighbours(rows: Array) -> Array:
    """The rows [B, ...] in the order 1, 0, 3, 2, ..."""
    even = len(rows) - len(rows) % 2
    pairs = rows[:even].reshape(-1, 2, *rows.shape[1:])[:, ::-1]
    return jnp.concatenate([pairs.reshape(even, *rows.shape[1:]), rows[even:]])
