"""Do the parts of a data set hold what its description says? Looked at once, on the values."""

from typing import Any

import numpy as np

from dl.data.naming import shown, some_of
from dl.data.sources.arrays import ArraySource
from dl.data.sources.captions import CaptionSource
from dl.data.sources.ragged import RaggedSource
from dl.errors import InputError

_REMEDY = "dl.make_dataset(x, y) reads labels of most kinds"


def check_part(source: Any, spec: Any, part: str) -> None:
    """Raise an `InputError` for examples in memory that do not fit the description of the data.

    `spec` is a `dl.DataSpec`. Whatever runs over the examples later is compiled, and reads a class
    that does not exist as another one.

    >>> from dl.data.dataset import DataSpec
    >>> spec = DataSpec("two", "classification", (1,), "float32", ("a", "b"), train_size=2)
    >>> check_part(ArraySource(np.zeros((2, 1), np.float32), np.array([0, -1])), spec, "train")
    Traceback (most recent call last):
    dl.errors.InputError: train part of two: target 1 is -1; its 2 classes are numbered from 0 to 1
    """
    where = f"{part} part of {spec.name}"
    if isinstance(source, CaptionSource):
        _check_inputs(source.pictures, spec, slice(1, None), where)
    if not isinstance(source, ArraySource | RaggedSource):
        return
    axes = slice(2 if isinstance(source, RaggedSource) else 1, None)
    _check_inputs(source.inputs, spec, axes, where)
    _check_targets(np.asarray(source.targets), spec, axes, where)
    if part == "train" and len(source) != spec.train_size:
        raise InputError(f"{where}: it has {len(source)} examples, train_size is {spec.train_size}")


def _check_inputs(inputs: Any, spec: Any, axes: slice, where: str) -> None:
    shape, expected = tuple(inputs.shape[axes]), tuple(spec.input_shape[axes.start - 1 :])
    kind = np.dtype(inputs.dtype).kind
    if shape != expected or not _is_read_as(kind, inputs.dtype, np.dtype(spec.input_dtype)):
        raise InputError(
            f"{where}: its examples are {inputs.dtype} {shape}, the data set has "
            f"{spec.input_dtype} {expected}: give all parts the same shape and type"
        )
    if spec.catalogue is not None and kind in "iu":
        many = len(spec.catalogue.users), len(spec.catalogue.items)
        rule = f"its users are numbered from 0 to {many[0] - 1}, its items to {many[1] - 1}"
        _require((inputs >= 0) & (inputs < many), inputs, where, "input", rule)
    if kind == "f":
        _require(np.isfinite(inputs), inputs, where, "input", "replace it, or drop that example")


def _is_read_as(kind: str, given: Any, needed: np.dtype) -> bool:
    """Whether inputs of the type `given` are what a model of `needed` ones takes."""
    if needed == np.uint8:
        return given == needed
    return kind in {"f": "fiub", "i": "iu"}.get(needed.kind, needed.kind)


def _check_targets(targets: np.ndarray, spec: Any, axes: slice, where: str) -> None:
    shape, dtype = spec.kind.target(spec.input_shape, spec.classes)
    steps = axes.start - 1 if spec.has_step_targets else 0
    whole = np.issubdtype(dtype, np.integer)
    kinds = "iu" if whole else "fiu"
    if targets.shape[1 + steps :] != tuple(shape)[steps:] or targets.dtype.kind not in kinds:
        raise InputError(
            f"{where}: its targets are {targets.dtype} {list(targets.shape)}, the task {spec.task} "
            f"needs {np.dtype(dtype)} {['N', *shape]}: {_REMEDY}"
        )
    if whole:
        classes = "symbols" if spec.kind.predicts_symbols else "classes"
        rule = f"its {spec.classes} {classes} are numbered from 0 to {spec.classes - 1}"
        _require((targets >= 0) & (targets < spec.classes), targets, where, "target", rule)
    elif spec.kind.probabilities is not None:
        rule = "yes-or-no targets are 0 and 1"
        _require((targets >= 0) & (targets <= 1), targets, where, "target", rule)
    else:
        _require(np.isfinite(targets), targets, where, "target", "replace it, or drop that example")


def _require(right: Any, values: np.ndarray, where: str, what: str, rule: str) -> None:
    if right.all():
        return
    place = tuple(int(axis[0]) for axis in np.nonzero(~np.asarray(right)))
    raise InputError(f"{where}: {what} {some_of(place)} is {shown(values[place])}; {rule}")
