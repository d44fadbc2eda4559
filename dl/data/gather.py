"""From indices to a batch: examples are gathered and normalised inside the compiled step."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from dl.data.dataset import DataSpec
from dl.data.sources.batching import IndexedBatch
from dl.data.sources.source import Source
from dl.types import Array, Batch, Pair, Ragged


def make_gather(source: Source, spec: DataSpec) -> Callable[..., Batch]:
    """The pure function `gather(arrays, indexed) -> batch`, traced inside the compiled step.

    `arrays` is one of the sets that the source keeps on the devices. Pictures are normalised.
    """

    def gather(arrays: dict[str, Array], indexed: IndexedBatch) -> Batch:
        batch = source.batch(arrays, indexed)
        return {**batch, "inputs": normalize(batch["inputs"], spec)}

    return gather


def normalize(inputs: Any, spec: DataSpec) -> Any:
    """Pictures (uint8 [B, H, W, C]) with mean 0 and variance 1 in each channel, as float32.

    x̂ = (x/255 − μ_c) / σ_c with the moments of the training part (`DataSpec.mean`,
    `DataSpec.std`). Samples of sound (int16) are scaled to [−1, 1). Symbols stay as they are; all
    other inputs become float32. Of `Ragged`
    sequences the values are converted, of a `Pair` the source.
    """
    if isinstance(inputs, Pair):
        return inputs._replace(source=normalize(inputs.source, spec))
    if isinstance(inputs, Ragged):
        return inputs._replace(values=normalize(inputs.values, spec))
    if spec.has_symbols:
        return inputs
    if spec.sample_rate:
        return jnp.asarray(inputs, jnp.float32) / 2**15
    if inputs.dtype != jnp.uint8 or spec.input_dtype != "uint8":
        return jnp.asarray(inputs, jnp.float32)
    mean, std = jnp.asarray(spec.mean, jnp.float32), jnp.asarray(spec.std, jnp.float32)
    axes = tuple(range(inputs.ndim - 1))
    mean, std = jnp.expand_dims(mean, axes), jnp.expand_dims(std, axes)
    return (inputs.astype(jnp.float32) / 255.0 - mean) / std
