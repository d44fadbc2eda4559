"""The score that a map of a picture explains: the raw output (logit) of one class."""

import jax.numpy as jnp
import numpy as np

from dl.errors import InputError
from dl.inspect.trained import Trained, outputs
from dl.types import Array

Classes = int | np.ndarray | None
"""One class for all pictures, one for each [N], or None for the class that scores highest."""


def class_scores(
    trained: Trained,
    pictures: Array | np.ndarray,
    *,
    classes: Classes = None,
    batch_size: int = 256,
) -> tuple[np.ndarray, np.ndarray]:
    """The class of every picture and its logit: [N, H, W, C] -> int32 [N] and [N].

    Raises:
        InputError: for a class that the model does not have, or more classes than pictures.
    """
    logits = outputs(trained, pictures, batch_size=batch_size)
    if logits.ndim != 2:
        raise InputError(
            f"{trained.model.name} gives outputs of shape {logits.shape[1:]} for a picture: "
            "a map needs one score for each class"
        )
    chosen = np.asarray(logits.argmax(-1) if classes is None else classes, np.int32)
    if chosen.shape not in ((), (len(logits),)):
        raise InputError(
            f"{len(logits)} pictures need one class, or one each, "
            f"not classes of shape {chosen.shape}"
        )
    if chosen.min() < 0 or chosen.max() >= logits.shape[1]:
        raise InputError(
            f"classes {chosen.tolist()} are not all between 0 and {logits.shape[1] - 1}"
        )
    chosen = np.broadcast_to(chosen, len(logits))
    return chosen, np.asarray(score_of(logits, chosen))


def score_of(logits: Array | np.ndarray, classes: Array | np.ndarray) -> Array:
    """The logits [B, K] of `classes` [B]: [B].

    >>> score_of(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1, 0])).tolist()
    [2.0, 3.0]
    """
    return jnp.take_along_axis(jnp.asarray(logits), jnp.asarray(classes)[:, None], axis=1)[:, 0]
