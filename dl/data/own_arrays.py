"""Arrays that somebody has in memory, as a `Dataset`."""

from collections.abc import Sequence
from functools import partial
from numbers import Real
from typing import Any, TypeAlias

import numpy as np

from dl.data.arrays_of import unpacked
from dl.data.dataset import Dataset
from dl.data.naming import shown, tidy
from dl.data.own_inputs import as_inputs, has_several_lengths
from dl.data.own_items import dataset_of_items, is_items
from dl.data.own_scales import check_scales
from dl.data.own_targets import Encoding, infer_encoding
from dl.data.parts import dataset_of_parts, dataset_of_sequences
from dl.data.sources.arrays import ArraySource
from dl.data.sources.items import Items
from dl.data.sources.ragged import RaggedSource, ragged_source
from dl.data.split import check_every_class, permutation, split_validation, with_every_class
from dl.data.tasks import TASKS, TaskName
from dl.errors import InputError

Pair: TypeAlias = tuple[Any, Any]
"""Inputs and targets."""

_TEST_FRACTION = 0.1
_TEST_SEED = 10_80_12  # fixed for ever: the same examples are always the test


def make_dataset(
    x: Any,
    y: Any = None,
    *,
    name: str = "arrays",
    validation: float | Pair | Items = 0.0,
    test: float | Pair | Items = _TEST_FRACTION,
    class_names: tuple[str, ...] | None = None,
    task: TaskName | None = None,
    keys: tuple[str, str] | None = None,
) -> Dataset:
    """A `Dataset` of inputs `x` [N, ...] and targets `y`: NumPy or JAX arrays, or lists.

    The targets decide the task, unless `task` does:

    - whole numbers 0 to K - 1, -1 and 1, or strings, [N] or [N, 1]: "classification"; strings are
      sorted to be the class names, numbers name themselves;
    - truth values [N] or [N, K], and numbers [N, K] that are all 0 or 1: "binary", K answers;
    - other numbers [N, K], and floats [N]: "regression".

    With `task` "classification" truth values, whole floats and rows with a single 1 [N, K] are
    classes too.

    Inputs uint8 [N, H, W] or [N, H, W, C] are pictures, which are normalised in every batch. Floats
    become float32 and are not scaled. Other whole numbers are symbols, int32. A list of sequences
    [T_i, ...] of several lengths is read in batches of `Ragged` sequences.

    Without `y`, `x` is any object with a length and items, each a pair (input, target) or a
    dictionary. Threads read the items of a batch when it is needed, so that they need not fit into
    memory. Their inputs have one shape, and classes need `class_names`. The fingerprint holds the
    number of items and some of them. Pictures are normalised by the moments of these.

    Args:
        x: the inputs, one for each target, or an object with items.
        y: the targets.
        name: what the data set is called in records and errors.
        validation: a pair (x, y), or the fraction in [0, 1) of the training examples to hold out.
            Of objects with items another object, as for the test.
        test: a pair (x, y), or the fraction of all examples to cut off, a tenth by default. The
            permutation that chooses them depends on the number of examples alone.
        class_names: names of the K classes or outputs, in the order of their numbers.
        task: "classification", "binary" or "regression", where the targets do not tell.
        keys: those of input and target in items that are dictionaries, if they have others than
            ("image", "label"), ("x", "y") and the like.

    Raises:
        InputError: for different numbers of inputs and targets, no examples, values that are not
            finite, objects, labels that are not 0 to K - 1, a class without training examples,
            pictures with channels first or bytes as floats, parts of different scales.

    >>> x, y = np.linspace(0, 1, 40).reshape(20, 2), ["low"] * 10 + ["high"] * 10
    >>> data = make_dataset(x, y, validation=0.5)
    >>> data.spec.task, data.spec.class_names, data.spec.input_dtype
    ('classification', ('high', 'low'), 'float32')
    >>> len(data.train), len(data.validation), len(data.test)
    (9, 9, 2)
    >>> data = make_dataset([{"image": row, "label": 1} for row in x], class_names=("a", "b"))
    >>> len(data.train), data.train.gather(np.array([0]))["targets"].tolist()
    (18, [1])
    """
    if y is None:
        return _dataset_of_items(
            x,
            name=name,
            validation=validation,
            test=test,
            class_names=_names(class_names),
            task=task,
            keys=keys,
        )
    pairs = {"train": (x, y), "validation": _as_pair(validation), "test": _as_pair(test)}
    given = {part: (unpacked(pair[0]), pair[1]) for part, pair in pairs.items() if pair}
    ragged = any(has_several_lengths(inputs) for inputs, _ in given.values())
    names = _names(class_names)
    encoding = infer_encoding(y, task=task, class_names=names)
    parts = {part: _source(pair, encoding, part, ragged=ragged) for part, pair in given.items()}
    if "test" not in parts:
        parts["train"], parts["test"] = _cut_test(
            parts["train"], fraction=test, by_class=TASKS[encoding.task].chooses
        )
    _check_parts(parts, encoding)
    check_scales({part: source.inputs for part, source in parts.items()})
    held_out = parts.get("validation", validation)
    build = _dataset_of_sequences if ragged else dataset_of_parts
    data = build(name, parts["train"], parts["test"], validation=held_out, **encoding._asdict())
    if TASKS[encoding.task].chooses:
        given, kept = (
            [encoding.class_names[number] for number in set(source.targets.tolist())]
            for source in (parts["train"], data.train)
        )
        check_every_class(given, kept, name=name)
    return data


def as_dataset(
    data: Dataset | Pair | Items, *, validation: float = 0.0, task: TaskName | None = None
) -> Dataset:
    """A `Dataset` as it is, or a pair (x, y) through `make_dataset` with `validation` held out.

    `task` is what the targets are read for, where it is known.

    Any other object with a length and items goes through `make_dataset` too.

    >>> len(as_dataset((np.eye(10), np.arange(10) % 2), validation=0.0).train)
    9
    """
    if isinstance(data, Dataset):
        return data
    if is_items(data):
        return make_dataset(data, validation=validation, task=task)
    pair = _as_pair(data)
    if pair is None:
        raise InputError(f"data is {shown(data)}: give a Dataset or a pair (x, y)")
    return make_dataset(*pair, validation=validation, task=task)


def _dataset_of_items(items: Any, *, test: Any, **described: Any) -> Dataset:
    if not is_items(items):
        raise InputError(
            f"y is missing: give targets for x, or an object with items that are pairs (input, "
            f"target) in the place of {shown(items)}"
        )
    cut_test = partial(_cut_test, fraction=test, by_class=False)
    return dataset_of_items(items, test=test, cut_test=cut_test, **described)


def _as_pair(part: Any) -> Pair | None:
    """The pair, or None for a fraction."""
    if isinstance(part, Real):
        return None
    if isinstance(part, tuple) and len(part) == 2:
        return part
    raise InputError(f"{shown(part)} is not a part of data: give a pair (x, y) or a fraction")


def _names(class_names: Any) -> tuple[str, ...] | None:
    if class_names is None:
        return None
    given = class_names if isinstance(class_names, Sequence | np.ndarray) else ()
    names = () if isinstance(given, str) else tuple(tidy(str(name)) for name in given)
    if len(set(names)) != len(names) or not names:
        raise InputError(
            f"class_names is {shown(class_names)}: give a tuple of names that differ, one for each "
            "class"
        )
    return names


def _source(pair: Pair, encoding: Encoding, part: str, *, ragged: bool) -> Any:
    x_name, y_name = ("x", "y") if part == "train" else (f"x of {part}", f"y of {part}")
    inputs: Any = as_inputs(pair[0], ragged=ragged, name=x_name)
    targets = encoding.encode(pair[1], name=y_name)
    if len(inputs) != len(targets):
        raise InputError(
            f"{len(inputs)} inputs in {x_name} but {len(targets)} targets in {y_name}: "
            "give one target for each input"
        )
    return ragged_source(inputs, targets) if ragged else ArraySource(inputs, targets)


def _cut_test(everything: Any, *, fraction: Any, by_class: bool) -> tuple[Any, Any]:
    """Training and test examples, at least one of each, in the order of the data."""
    if not 0.0 < fraction < 1.0:
        raise InputError(f"test is {fraction}: give a fraction between 0 and 1, or a pair (x, y)")
    if len(everything) < 2:
        raise InputError("one example cannot be cut into training and test: give test=(x, y)")
    count = min(max(1, round(fraction * len(everything))), len(everything) - 1)
    order = permutation(_TEST_SEED, len(everything))
    if by_class:
        order = with_every_class(order, everything.targets, count)
    return everything.take(np.sort(order[count:])), everything.take(np.sort(order[:count]))


def _check_parts(parts: dict[str, Any], encoding: Encoding) -> None:
    """Raises InputError for inputs unlike the training inputs, and classes that are not trained."""
    train = parts["train"]
    for part, source in parts.items():
        axes = slice(2 if isinstance(source, RaggedSource) else 1, None)
        own, expected = ((each.inputs.shape[axes], each.inputs.dtype) for each in (source, train))
        if own != expected:
            raise InputError(
                f"x of {part} has examples {own[1]} {own[0]}, x has {expected[1]} {expected[0]}: "
                "give both the same shape and type"
            )
        if TASKS[encoding.task].chooses:
            untrained = np.setdiff1d(source.targets, train.targets)
            if len(untrained):
                raise InputError(
                    f"the class {encoding.class_names[untrained[0]]} is in the {part} part and not "
                    "in the training part: give more examples of it, or leave it out"
                )


def _dataset_of_sequences(
    name: str,
    train: RaggedSource,
    test: RaggedSource,
    *,
    validation: float | RaggedSource,
    **described: Any,
) -> Dataset:
    if isinstance(validation, RaggedSource):
        return dataset_of_sequences(name, train, validation, test, **described)
    classes = train.targets if TASKS[described["task"]].chooses else None
    kept, held_out = split_validation(train, fraction=validation, classes=classes)
    return dataset_of_sequences(name, kept, held_out, test, **described)
