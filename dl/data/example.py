"""The shape of a batch, known from the description of the data alone."""

from typing import Any

import jax
import numpy as np

from dl.data.dataset import DataSpec
from dl.data.gather import make_gather
from dl.data.sources.arrays import ArraySource
from dl.data.sources.batching import IndexedBatch
from dl.data.sources.captions import CaptionSource
from dl.data.sources.histories import HistorySource
from dl.data.sources.pairs import PairSource
from dl.data.sources.ragged import RaggedSource
from dl.data.sources.source import Source
from dl.data.sources.tokens import TokenSource
from dl.types import Batch


def example_batch(spec: DataSpec) -> Batch:
    """The shapes of a batch of one example, as objectives see it: leaves are [1, ...].

    >>> spec = DataSpec("digits", "classification", (28, 28, 1), "uint8", ("0", "1"), 100)
    >>> batch = example_batch(spec)
    >>> batch["inputs"]
    ShapeDtypeStruct(shape=(1, 28, 28, 1), dtype=float32)
    >>> batch["targets"]
    ShapeDtypeStruct(shape=(1,), dtype=int32)
    """
    source = blank_source(spec)
    indexed = IndexedBatch(np.zeros(1, np.int32), np.ones(1, np.float32))
    return jax.eval_shape(make_gather(source, spec), source.resident()[0], indexed)


def example_inputs(spec: DataSpec) -> Any:
    """The shape of the inputs [1, ...] of one example, as models see them."""
    return example_batch(spec)["inputs"]


def raw_example(spec: DataSpec) -> Any:
    """The shapes of the raw inputs [1, ...] of one example: as data hold them, not normalised.

    >>> spec = DataSpec("digits", "classification", (28, 28, 1), "uint8", ("0", "1"), 100)
    >>> raw_example(spec)
    ShapeDtypeStruct(shape=(1, 28, 28, 1), dtype=uint8)
    """
    source = blank_source(spec)
    indexed = IndexedBatch(np.zeros(1, np.int32), np.ones(1, np.float32))
    return jax.eval_shape(source.batch, source.resident()[0], indexed)["inputs"]


def traced_inputs(spec: DataSpec) -> Any:
    """What `dl.summarize` takes: the shape of one example, or of an encoder-decoder its `Pair`."""
    teaches = spec.kind.target_sequences and spec.kind.predicts_symbols
    return example_inputs(spec) if teaches else spec.input_shape


def blank_source(spec: DataSpec) -> Source:
    """A source with one example of zeros, of the kind that the description asks for."""
    inputs = np.zeros((1, *spec.input_shape), spec.input_dtype)
    if spec.kind.target_sequences:
        if not spec.ragged:
            return _blank_captions(spec, inputs)
        return _blank_pairs(spec, inputs)
    shape, dtype = spec.kind.target(spec.input_shape, spec.classes)
    targets = np.zeros((1, *shape), dtype)
    if spec.ragged:
        (steps,) = spec.input_shape[:1]
        lengths = np.array([steps], np.int32)
        return RaggedSource(inputs, lengths, targets, (steps,), spec.has_step_targets)
    if spec.task == "retrieval":
        return HistorySource(inputs.astype(np.uint8), np.zeros(1, np.int32), targets)
    if spec.kind.predicts_symbols:
        return TokenSource(np.zeros(2, spec.input_dtype), spec.input_shape[0])
    return ArraySource(inputs, targets)


def _blank_pairs(spec: DataSpec, inputs: np.ndarray) -> Source:
    targets = np.zeros((1, spec.longest_target), np.int32)
    end = spec.text.end if spec.kind.predicts_symbols else None
    steps = np.array([spec.input_shape[0]], np.int32)
    lengths = np.array([spec.longest_target], np.int32)
    widths = ((int(steps[0]), spec.longest_target),)
    return PairSource(inputs, steps, targets, lengths, widths, end)


def _blank_captions(spec: DataSpec, pictures: np.ndarray) -> Source:
    targets = np.zeros((1, spec.longest_target), np.int32)
    lengths = np.array([spec.longest_target], np.int32)
    widths, only = (spec.longest_target,), np.zeros(1, np.int32)
    return CaptionSource(pictures, only, targets, lengths, widths, spec.text.end)
