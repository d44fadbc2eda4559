"""How far a sequence of labels is from another: substitutions, insertions and deletions, in JAX."""

import jax
import jax.numpy as jnp

from dl.types import Array, Ragged


def collapsed(classes: Array) -> tuple[Array, Array]:
    """What CTC reads in the classes of successive steps: repetitions merged, then blanks dropped.

    From classes [B, F], of which 0 is the blank, to labels [B, F], class − 1, and which of them
    are read [B, F]. Source: Graves et al. 2006, equation 1.

    >>> labels, read = collapsed(jnp.array([[1, 1, 0, 1, 2, 2, 0]]))
    >>> labels[read].tolist()
    [0, 0, 1]
    """
    before = jnp.pad(classes[:, :-1], ((0, 0), (1, 0)))
    return classes - 1, (classes != 0) & (classes != before)


def edit_distances(labels: Array, read: Array, targets: Ragged) -> Array:
    """The fewest labels to change, insert or delete until what is read is the target: [B] int32.

    `labels` [B, F] count where `read` [B, F]; `targets` are `Ragged` [B, L]. Row f of the table is
    d_fj = min(d_{f−1,j} + 1, d_{f−1,j−1} + [label_f ≠ target_j], d_{f,j−1} + 1). The last term is a
    running minimum of d − j, so that a row is computed at once. Source: Levenshtein 1966; Wagner &
    Fischer 1974.

    >>> targets = Ragged(jnp.array([[5, 6, 7]]), jnp.array([3]))
    >>> edit_distances(jnp.array([[5, 9, 7, 7]]), jnp.ones((1, 4), bool), targets).tolist()
    [2]
    """
    place = jnp.arange(targets.values.shape[1] + 1)

    def next_row(row: Array, step: tuple[Array, Array]) -> tuple[Array, None]:
        label, is_read = step
        wrong = (label[:, None] != targets.values).astype(row.dtype)
        from_above = jnp.minimum(row[:, 1:] + 1, row[:, :-1] + wrong)
        candidates = jnp.concatenate([row[:, :1] + 1, from_above], axis=1)
        after = jax.lax.cummin(candidates - place, axis=1) + place
        return jnp.where(is_read[:, None], after, row), None

    # From the inputs, so that the row varies over the devices of a mapped axis as they do.
    start = place + 0 * targets.values[:, :1]
    last, _ = jax.lax.scan(next_row, start, (labels.T, read.T))
    return jnp.take_along_axis(last, targets.lengths[:, None], axis=1)[:, 0]
