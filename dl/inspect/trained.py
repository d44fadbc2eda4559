"""A trained network as this package takes it, and how it is applied to many inputs in blocks.

This package computes in float32, whatever the precision of the training was.
"""

from collections.abc import Callable
from functools import partial
from typing import Protocol

import jax
import jax.numpy as jnp
import numpy as np

from dl.data.dataset import DataSpec
from dl.data.gather import normalize
from dl.data.raw_inputs import as_raw
from dl.data.sources.batching import evaluation_batches
from dl.errors import InputError
from dl.types import Array, Model, ModelState, Params


class Trained(Protocol):
    """A model with its parameters: what `dl.load` returns, or a `dl.Network`."""

    @property
    def model(self) -> Model: ...
    @property
    def params(self) -> Params: ...
    @property
    def model_state(self) -> ModelState: ...
    @property
    def spec(self) -> DataSpec | None:
        """Shape and normalisation of raw inputs; None when inputs are already normalised."""
        ...


def outputs(trained: Trained, inputs: Array | np.ndarray, *, batch_size: int = 256) -> np.ndarray:
    """Raw outputs (logits) [N, K] for raw inputs [N, ...], `batch_size` inputs at a time."""

    def apply(index: np.ndarray) -> Array:
        return _apply(
            trained.model, trained.params, trained.model_state, prepare(trained, inputs[index])
        )

    return in_blocks(apply, len(inputs), batch_size=batch_size)


def prepare(trained: Trained, inputs: Array | np.ndarray) -> Array:
    """Raw inputs [B, ...] as the model takes them: normalised as in training, float32.

    Raises:
        InputError: when the inputs differ in shape or type from those of the training.
    """
    if trained.spec is None:
        return jnp.asarray(inputs, jnp.float32)
    checked = as_raw(inputs, trained.spec)
    return normalize(jax.tree.map(jnp.asarray, checked), trained.spec)


def prepare_pictures(trained: Trained, pictures: Array | np.ndarray) -> Array:
    """`prepare` for pictures [B, H, W, C], refusing other inputs: the same shape, float32.

    Raises:
        InputError: as `prepare`, and when the inputs do not have four axes.
    """
    if pictures.ndim != 4:
        raise InputError(
            f"pictures are [B, H, W, C], not of shape {pictures.shape}: "
            "a map needs rows and columns to show"
        )
    return prepare(trained, pictures)


def in_blocks(
    function: Callable[[np.ndarray], Array], count: int, *, batch_size: int
) -> np.ndarray:
    """`function` of the indices 0 to `count` − 1, in blocks: [B] -> [B, ...] gives [count, ...].

    All blocks have the same size, so that `function` is compiled once. The last block is padded
    with index 0, and the padding's results are dropped.

    >>> in_blocks(lambda index: jnp.asarray(index) ** 2, 5, batch_size=2).tolist()
    [0, 1, 4, 9, 16]

    Raises:
        InputError: without inputs, and for blocks without places.
    """
    if count < 1 or batch_size < 1:
        raise InputError(
            f"{count} inputs in blocks of {batch_size}: "
            "give at least one input and a batch_size of at least 1"
        )
    blocks = evaluation_batches(count, min(batch_size, count)).index
    return np.concatenate([np.asarray(function(index)) for index in blocks])[:count]


@partial(jax.jit, static_argnames="model")
def _apply(model: Model, params: Params, model_state: ModelState, inputs: Array) -> Array:
    return model.apply(params, model_state, inputs)[0]
