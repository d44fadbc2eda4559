"""Raw inputs of a trained model: what people give to `predict`, as arrays that fit its data."""

from typing import Any, TypeAlias

import jax
import numpy as np
from jax.core import Tracer

from dl.data.arrays_of import to_array
from dl.data.dataset import DataSpec
from dl.data.naming import shown
from dl.data.own_pictures import are_bytes
from dl.data.ratings.catalogue import Catalogue
from dl.errors import InputError
from dl.types import Array, Ragged

Raw: TypeAlias = Array | np.ndarray | Ragged
"""Inputs [B, ...], or sequences of several lengths."""


def as_raw(inputs: Any, spec: DataSpec) -> Raw:
    """Inputs [B, ...] that fit `spec`: arrays as they are; lists and data frames as arrays.

    Sequences with a target for every step may have another number of steps. Sequences of several
    lengths must come as `Ragged`.

    Raises:
        InputError: for what is no array of numbers, has no example, or another shape, type or
            scale than the data of the model.

    >>> spec = DataSpec("points", "regression", (2,), "float32", ("y",), train_size=10)
    >>> as_raw([[0.5, 1.5]], spec).shape
    (1, 2)
    """
    if spec.ragged != isinstance(inputs, Ragged):
        raise InputError(f"the model reads {_kind(spec)}")
    given = inputs.values if isinstance(inputs, Ragged) else inputs
    values = _as_numbers(given, spec)
    _check_shape(tuple(values.shape), spec)
    if not isinstance(values, Tracer):
        _check_values(np.asarray(values), spec)
    if not isinstance(inputs, Ragged):
        return values
    _check_lengths(inputs)
    return inputs._replace(values=values)


def _kind(spec: DataSpec) -> str:
    if not spec.ragged:
        return "sequences of one length: give an array"
    if spec.sample_rate:
        return "recordings of several lengths: give Ragged(samples, lengths)"
    if spec.vocabulary is not None:
        return "texts: give a list of them, or Ragged(values, lengths)"
    return "sequences of several lengths: give Ragged(values, lengths)"


def _as_numbers(given: Any, spec: DataSpec) -> Any:
    if isinstance(given, jax.Array):
        return given
    several = f"the examples of {{}} have several shapes: all are {spec.input_shape}"
    array = to_array(given, "inputs", several=several)
    if array.dtype.kind in "OSUTMmc" or array.dtype.names:
        what = f"are {shown(given)}" if array.ndim == 0 else f"have the type {array.dtype}"
        raise InputError(
            f"inputs {what}: give numbers [B, {', '.join(map(str, spec.input_shape))}]"
        )
    return array


def _check_shape(shape: tuple[int, ...], spec: DataSpec) -> None:
    given, expected = shape[1:], spec.input_shape
    if spec.ragged or spec.has_step_targets:
        expected = (*given[:1], *expected[1:])
    if not shape or given != expected:
        one = ": of one example give x[None]" if shape == spec.input_shape else ""
        raise InputError(f"inputs are {given or shape}, the model takes {spec.input_shape}{one}")
    if not shape[0]:
        raise InputError(f"inputs are {shape}, no example: give at least one")


def _check_values(values: np.ndarray, spec: DataSpec) -> None:
    if spec.input_dtype == "uint8" and values.dtype != np.uint8:
        raise InputError(f"inputs are {values.dtype}; give pictures as uint8, 0 to 255")
    if spec.sample_rate and values.dtype != np.int16:
        raise InputError(f"inputs are {values.dtype}; give samples of sound as int16")
    if spec.input_dtype == "float32":
        pictures = values.ndim > 2 and values.dtype == np.uint8
        if pictures or are_bytes(values):  # nobody can have trained on these
            raise InputError(
                f"inputs are {values.dtype} up to {values.max():g}, the model was trained on "
                "float32 of a smaller scale: scale them as its data were, such as x / 255"
            )
    if spec.has_symbols:
        _check_symbols(values, spec)
    if values.dtype.kind in "fV":
        _check_finite(values)


def _check_symbols(values: np.ndarray, spec: DataSpec) -> None:
    """Refuse what names no symbol, which a model would read as another one."""
    if values.dtype.kind not in "iu":
        raise InputError(f"inputs are {values.dtype}, the model reads whole numbers: give these")
    if spec.catalogue is not None:
        _check_pairs(values, spec.catalogue)
    if spec.vocabulary is None:
        return
    known = len(spec.vocabulary)
    wrong = (values < 0) | (values >= known)
    if wrong.any():
        raise InputError(
            f"inputs have the symbol {values[wrong][0]}, the model knows 0 to {known - 1}: encode "
            "texts with spec.text.encode"
        )


def _check_pairs(values: np.ndarray, catalogue: Catalogue) -> None:
    """Refuse numbers of users and items that the model has no row for."""
    many = len(catalogue.users), len(catalogue.items)
    wrong = (values < 0) | (values >= many)
    if wrong.any():
        raise InputError(
            f"inputs have the pair {values[wrong.any(axis=1)][0].tolist()}, the model knows "
            f"{many[0]:,} users and {many[1]:,} items, counted from 0: see spec.ratings"
        )


def _check_finite(values: np.ndarray) -> None:
    """Refuse numbers that float32 cannot hold, of which a model would make arbitrary answers."""
    with np.errstate(over="ignore"):
        finite = np.isfinite(values.astype(np.float32))
    if not finite.all():
        place = [int(axis[0]) for axis in np.nonzero(~finite)]
        raise InputError(
            f"inputs{place} is {values[tuple(place)]}: give finite numbers, or leave that example "
            "out"
        )


def _check_lengths(inputs: Ragged) -> None:
    lengths, (rows, steps) = np.asarray(inputs.lengths), np.shape(inputs.values)[:2]
    if (
        lengths.shape != (rows,)
        or lengths.dtype.kind not in "iu"
        or lengths.min(initial=1) < 1
        or lengths.max(initial=1) > steps
    ):
        raise InputError(
            f"lengths are {shown(lengths)}: give one for each sequence, from 1 to its {steps} steps"
        )
