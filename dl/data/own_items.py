"""Any object with a length and items, as a `Dataset` whose examples are read one by one."""

from collections.abc import Callable, Mapping
from functools import partial
from numbers import Real
from typing import Any

import numpy as np

from dl.data.dataset import Dataset
from dl.data.naming import listed, shown
from dl.data.own_inputs import as_inputs
from dl.data.own_scales import check_scales
from dl.data.own_targets import Encoding, infer_encoding
from dl.data.parts import channel_moments
from dl.data.sources.items import LOOKED_AT, ItemSource, read_item
from dl.data.spec import DataSpec
from dl.data.split import permutation, split_validation
from dl.data.tasks import TASKS, TaskName
from dl.errors import InputError, RunError

KEYS = (
    ("input", "target"),
    ("inputs", "targets"),
    ("x", "y"),
    ("image", "label"),
    ("img", "label"),
    ("features", "label"),
)
"""Keys of input and target that are known in items that are dictionaries."""
_SEED = 20_17_07  # fixed for ever: the same examples show what all are
Cut = Callable[[ItemSource], tuple[ItemSource, ItemSource]]


def is_items(data: Any) -> bool:
    """Whether `data` is an object with a length and items, and no array, table or text.

    Of a list the first item must be a pair or a dictionary.

    >>> is_items([(0.5, 1)]), is_items([0.5]), is_items(np.zeros((2, 2)))
    (True, False, False)
    """
    if (
        isinstance(data, str | bytes | tuple | Mapping)
        or hasattr(data, "dtype")
        or hasattr(data, "iloc")
    ):
        return False
    if isinstance(data, list):
        first = data[0] if data else None
        return isinstance(first, Mapping) or (isinstance(first, tuple) and len(first) == 2)
    return hasattr(data, "__len__") and hasattr(data, "__getitem__")


def dataset_of_items(
    train: Any,
    *,
    name: str,
    validation: Any,
    test: Any,
    cut_test: Cut,
    class_names: tuple[str, ...] | None,
    task: TaskName | None,
    keys: tuple[str, str] | None,
) -> Dataset:
    """A `Dataset` of objects with items; `validation` and `test` are such objects, or fractions.

    Raises:
        InputError: for items that are no examples, or classes that are not named.
    """
    keys = keys or _known_keys(train, name=name)
    encoding, whole = _first_look(train, keys, name=name, task=task, class_names=class_names)
    sources = {"train": whole}
    for part, given in {"validation": validation, "test": test}.items():
        if not isinstance(given, Real):
            sources[part] = _source(given, whole, name=f"{name}, {part}")
    if "test" not in sources:
        sources["train"], sources["test"] = cut_test(whole)
    kept, held_out = sources["train"], sources.get("validation")
    if held_out is None:
        kept, held_out = split_validation(kept, fraction=validation)
    few = {part: _few(source) for part, source in (sources | {"train": kept}).items()}
    check_scales(few)
    mean, std = channel_moments(few["train"])
    spec = DataSpec(
        name=name,
        task=encoding.task,
        input_shape=whole.shape,
        input_dtype=whole.dtype,
        class_names=encoding.class_names,
        train_size=len(kept),
        mean=mean,
        std=std,
    )
    return Dataset(spec, kept, held_out, sources["test"])


def _first_look(
    items: Any,
    keys: tuple[str, str],
    *,
    name: str,
    task: TaskName | None,
    class_names: tuple[str, ...] | None,
) -> tuple[Encoding, ItemSource]:
    """What some of the items tell about all, and all of them as a source."""
    _check_length(items, name)
    places = permutation(_SEED, len(items))[:LOOKED_AT].tolist()
    try:
        pairs = [read_item(items, place, keys, name=name) for place in places]
    except RunError as error:  # before a training begins it is wrong input
        raise InputError(str(error)) from error
    inputs: Any = as_inputs(_stacked([pair[0] for pair in pairs], name), ragged=False, name=name)
    targets = [pair[1] for pair in pairs]
    if class_names is None and _are_classes(targets, task):
        raise InputError(
            f"the classes of {name} are not known, since its items are read one by one: give "
            "class_names, such as ('cat', 'dog')"
        )
    encoding = infer_encoding(targets, task=task, class_names=class_names)
    encoding.encode(targets)  # refuses labels of other classes
    encode = partial(encoding.encode, name="targets")
    shape, dtype = tuple(inputs.shape[1:]), str(inputs.dtype)
    everything = np.arange(len(items))
    return encoding, ItemSource(items, name, keys, shape, dtype, encode, everything)


def _are_classes(targets: list[Any], task: TaskName | None) -> bool:
    """Whether targets are to be classes; with names for them any number of classes will do."""
    if task is not None:
        return task in TASKS and TASKS[task].chooses
    kind = np.asarray(targets).dtype.kind
    return kind in "iuUS" and np.ndim(targets) == 1


def _source(items: Any, like: ItemSource, *, name: str) -> ItemSource:
    if not is_items(items):
        raise InputError(f"{name}: {shown(items)} has no items: give an object like that of train")
    _check_length(items, name)
    described = (like.keys, like.shape, like.dtype, like.encode)
    return ItemSource(items, name, *described, np.arange(len(items)))


def _few(source: ItemSource) -> np.ndarray:
    """The inputs of some examples, which must be alike."""
    try:
        return source.gather(permutation(_SEED, len(source))[:LOOKED_AT])["inputs"]
    except RunError as error:
        raise InputError(str(error)) from error


def _stacked(inputs: list[Any], name: str) -> np.ndarray:
    arrays = [np.asarray(value) for value in inputs]
    shapes = sorted({array.shape for array in arrays})
    if len(shapes) > 1:
        raise InputError(
            f"items of {name} have inputs of several shapes, {shapes[0]} and {shapes[1]}: bring "
            "them to one"
        )
    return np.stack(arrays)


def _known_keys(items: Any, *, name: str) -> tuple[str, str]:
    """The keys of input and target, if the items are dictionaries that have known ones."""
    _check_length(items, name)
    try:
        first = items[0]
    except Exception as error:  # whatever somebody's object may raise
        raise InputError(
            f"item 0 of {name} cannot be read ({type(error).__name__}: {error})"
        ) from error
    if not isinstance(first, Mapping):
        return KEYS[0]
    for keys in KEYS:
        if set(keys) <= set(first):
            return keys
    raise InputError(
        f"items of {name} have the keys {listed([str(key) for key in first])}: say which are input "
        "and target, such as keys=('picture', 'class')"
    )


def _check_length(items: Any, name: str) -> None:
    if not len(items):
        raise InputError(f"{name} has no items: give at least one example")
