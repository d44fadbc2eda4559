"""Which places of a picture a class needs: its score while a patch is covered."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from dl.errors import InputError
from dl.inspect.maps.scores import Classes, class_scores, score_of
from dl.inspect.trained import Trained, in_blocks, prepare_pictures
from dl.types import Array, Model, ModelState, Params


def occlusion(
    trained: Trained,
    pictures: Array | np.ndarray,
    *,
    patch: int = 8,
    stride: int = 2,
    classes: Classes = None,
    fill: float = 0.0,
    batch_size: int = 256,
) -> np.ndarray:
    """S_pq, the logit of the class with the patch at (stride · p, stride · q) covered.

    [N, H, W, C] -> [N, P, Q] with P = ⌊(H − patch) / stride⌋ + 1. Where S_pq is low, the net needs
    that place to see the class; compare with `class_scores`, the score of the whole picture. The
    patch is filled with `fill` in normalised units, in which 0 is the training pictures' mean.
    `classes` is one class for all pictures, one for each [N], or None for those that score highest.
    `batch_size` covered pictures are in memory at a time. Source: Zeiler and Fergus 2014,
    arXiv:1311.2901, section 4.2; they show the probability and not the logit.

    >>> import dl
    >>> from dl.train.network import Network
    >>> params = {"output": {"kernel": jnp.array([[1.0], [2.0], [4.0]]), "bias": jnp.zeros(1)}}
    >>> network = Network(dl.models.softmax_regression(1), params)
    >>> occlusion(network, np.ones((1, 1, 3, 1)), patch=1, stride=1).tolist()
    [[[6.0, 5.0, 3.0]]]
    """
    x = prepare_pictures(trained, pictures)
    rows, columns = (_places(side, patch, stride) for side in x.shape[1:3])
    chosen, _ = class_scores(trained, pictures, classes=classes, batch_size=batch_size)

    def block(index: np.ndarray) -> Array:
        number, place = np.divmod(index, rows * columns)
        corners = stride * np.stack(np.divmod(place, columns), axis=-1)
        state = (trained.params, trained.model_state)
        return _covered_scores(
            trained.model, *state, x[number], corners, chosen[number], fill, patch=patch
        )

    return in_blocks(block, len(x) * rows * columns, batch_size=batch_size).reshape(
        len(x), rows, columns
    )


@partial(jax.jit, static_argnames=("model", "patch"))
def _covered_scores(
    model: Model,
    params: Params,
    model_state: ModelState,
    x: Array,
    corners: Array,
    classes: Array,
    fill: float,
    *,
    patch: int,
) -> Array:
    """The scores [B] of pictures [B, H, W, C] that are covered at `corners` (top, left) [B, 2]."""
    rows, columns = (
        (jnp.arange(side) >= corner[:, None]) & (jnp.arange(side) < corner[:, None] + patch)
        for side, corner in zip(x.shape[1:3], corners.T, strict=True)
    )
    covered = rows[:, :, None, None] & columns[:, None, :, None]
    return score_of(model.apply(params, model_state, jnp.where(covered, fill, x))[0], classes)


def _places(side: int, patch: int, stride: int) -> int:
    if not 1 <= patch <= side or stride < 1:
        raise InputError(
            f"a patch of {patch} by steps of {stride} does not fit into a side of {side} pixels: "
            f"give a patch of 1 to {side} and a stride of at least 1"
        )
    return (side - patch) // stride + 1
