"""From indices to a batch: examples are gathered and normalised inside the compiled step."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from dl.data.dataset import DataSpec
from dl.data.sources.batching import IndexedBatch
from dl.data.sources.source import Source
from dl.errors import InputError
from dl.types import Array, Batch, Ragged


def make_gather(source: Source, spec: DataSpec) -> Callable[..., Batch]:
    """The pure function `gather(arrays, indexed) -> batch`, traced inside the compiled step.

    `arrays` is one of the sets that the source keeps on the devices. Pictures are normalised.
    """

    def gather(arrays: dict[str, Array], indexed: IndexedBatch) -> Batch:
        batch = source.batch(arrays, indexed)
        return {**batch, "inputs": normalize(batch["inputs"], spec)}

    return gather


def check_inputs(inputs: Array | np.ndarray | Ragged, spec: DataSpec) -> None:
    """Raises InputError for raw inputs [B, ...] whose shape or type does not fit `spec`.

    Sequences with a target for every step may have another number of steps. Sequences of several
    lengths must come as `Ragged`.
    """
    if spec.ragged != isinstance(inputs, Ragged):
        needed = (
            "several lengths: give Ragged(values, lengths)"
            if spec.ragged
            else "one length: give an array"
        )
        raise InputError(f"the model reads sequences of {needed}")
    values = inputs.values if isinstance(inputs, Ragged) else inputs
    given, expected = tuple(values.shape[1:]), spec.input_shape
    if spec.ragged or spec.has_step_targets:
        expected = (*given[:1], *expected[1:])
    if given != expected:
        raise InputError(f"inputs are {given}, the model takes {spec.input_shape}")
    if spec.input_dtype == "uint8" and values.dtype != np.uint8:
        raise InputError(f"inputs are {values.dtype}; give pictures as uint8, 0 to 255")
    if spec.input_dtype == "float32" and values.ndim > 2 and values.dtype == np.uint8:
        raise InputError(
            "inputs are uint8, the model was trained on float32: scale them as its data were, "
            "such as x / 255"
        )
    _check_finite(values)
    if isinstance(inputs, Ragged):
        _check_lengths(inputs)


def _check_finite(values: Array | np.ndarray) -> None:
    """Refuse numbers that float32 cannot hold, of which a model would make arbitrary answers."""
    if isinstance(values, Tracer) or values.dtype.kind != "f":
        return
    with np.errstate(over="ignore"):
        finite = np.isfinite(np.asarray(values).astype(np.float32))
    if not finite.all():
        place = [int(axis[0]) for axis in np.nonzero(~finite)]
        raise InputError(
            f"inputs{place} is {np.asarray(values)[tuple(place)]}: give finite numbers, or leave "
            "that example out"
        )


def _check_lengths(inputs: Ragged) -> None:
    lengths, steps = np.asarray(inputs.lengths), inputs.values.shape[1]
    if (
        lengths.shape != inputs.values.shape[:1]
        or lengths.min(initial=1) < 1
        or lengths.max(initial=1) > steps
    ):
        raise InputError(
            f"lengths are {lengths}: give one for each sequence, from 1 to its {steps} steps"
        )


def normalize(inputs: Any, spec: DataSpec) -> Any:
    """Pictures (uint8 [B, H, W, C]) with mean 0 and variance 1 in each channel, as float32.

    x̂ = (x/255 − μ_c) / σ_c with the moments of the training part (`DataSpec.mean`,
    `DataSpec.std`). Symbols stay as they are; all other inputs become float32. Of `Ragged`
    sequences the values are converted.
    """
    if isinstance(inputs, Ragged):
        return inputs._replace(values=normalize(inputs.values, spec))
    if spec.has_symbols:
        return inputs
    if inputs.dtype != jnp.uint8 or spec.input_dtype != "uint8":
        return jnp.asarray(inputs, jnp.float32)
    mean, std = jnp.asarray(spec.mean, jnp.float32), jnp.asarray(spec.std, jnp.float32)
    axes = tuple(range(inputs.ndim - 1))
    mean, std = jnp.expand_dims(mean, axes), jnp.expand_dims(std, axes)
    return (inputs.astype(jnp.float32) / 255.0 - mean) / std
