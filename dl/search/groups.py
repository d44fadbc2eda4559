"""Which candidates are trained side by side: those that differ in traced numbers only."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, get_type_hints

from dl.errors import InputError, did_you_mean
from dl.ranges import is_zero, traced_options
from dl.search.space import Dimension, Space, Value, parse_dimension
from dl.search.trials import Candidate
from dl.train.learning import LearningFields
from dl.train.options import DataOptions
from dl.train.text_options import TextFields

_OF_DATA = {each.name for kind in (DataOptions, TextFields) for each in fields(kind)} - {"seed"}
"""Options that decide what is learned; figures of other data cannot be compared."""
_OF_RUNNING = {
    "members",
    "parallel",
    "devices",
    "steps_per_call",
    "log_every",
    "evaluate_every",
    "checkpoint_every",
    "checkpoint_minutes",
    "keep",
    "keep_every",
    "prefetch",
    "patience",
    "stop_below",
}
"""Options that change no figure of a training, and those that end it early."""
_DECIDING = ("optimizer", "schedule", "weight_decay", "l1", "nonfinite")
"""Options that decide whether others have an effect."""
_OTHERS = [each.name for each in fields(LearningFields) if each.name not in _DECIDING]
_MOST_CORNERS = 256
"""How many combinations of the ends of all ranges are tried, before a search begins."""
_LARGER_IS_BETTER = {"agreement", "score"}
"""Metrics of `dl.objectives` that are better when they are larger, besides all accuracies."""


@dataclass(frozen=True)
class Group:
    """Candidates `numbers` with the same options but for the `varied` ones, one value for each."""

    options: Any
    varied: Mapping[str, tuple[float, ...]]
    numbers: tuple[int, ...]


def parse_space(options: Any, words: Mapping[str, str]) -> dict[str, Dimension]:
    """The space that `words` describe, by option; see `parse_dimension`.

    Raises:
        InputError: for an option that does not exist or cannot be searched, and for a range that
            the option does not take.

    >>> import dl
    >>> parse_space(dl.TrainOptions(), {"batch_size": "16,32"})
    {'batch_size': Choice(values=(16, 32))}
    """
    space = {name: _parse_option(options, name, text) for name, text in words.items()}
    if not space.keys() & {*_DECIDING}:
        for name in space.keys() & options.idle:
            replace(options, **{name: _another(space[name], getattr(options, name))})  # says why
    _check_corners(options, space)
    return space


def _parse_option(options: Any, name: str, text: str) -> Dimension:
    """The dimension of one option, each end of which the option takes by itself."""
    kinds = get_type_hints(type(options))
    if name in _OF_RUNNING | _OF_DATA:
        raise InputError(f"{name} cannot be searched: it is the same for all trials")
    names = [each.name for each in fields(options) if each.name not in _OF_RUNNING | _OF_DATA]
    if name not in names:
        raise InputError(f"there is no option {name}: {did_you_mean(name, names)}")
    try:
        dimension = parse_dimension(text, kinds[name] if kinds[name] in (int, float, bool) else str)
        for value in dimension.grid(2):
            options_of(options, Candidate({name: value}))
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    return dimension


def _another(dimension: Dimension, value: Value) -> Value:
    return next((each for each in dimension.grid(2) if each != value), value)


def _check_corners(options: Any, space: Space) -> None:
    """Refuse options that take their ends one by one but not together, or never have an effect."""
    # Deciding options come last, and so change fastest: the first corners have all their values.
    names = sorted(space, key=lambda name: name in _DECIDING)
    corners = itertools.product(*(space[name].grid(2) for name in names))
    some = [
        options_of(options, Candidate(dict(zip(names, values, strict=True))))
        for values in itertools.islice(corners, _MOST_CORNERS)
    ]
    for name in space:
        if all(name in each.idle for each in some):
            raise InputError(f"{name} has no effect beside any of the options that are searched")


def options_of(options: Any, candidate: Candidate) -> Any:
    """The options of a candidate; a value that has no effect beside the others is left out.

    >>> import dl
    >>> candidate = Candidate({"momentum": 0.5, "optimizer": "adam"}, epochs=3)
    >>> chosen = options_of(dl.TrainOptions(), candidate)
    >>> chosen.optimizer, chosen.momentum, chosen.epochs
    ('adam', 0.9, 3)
    """
    values = dict(candidate.values)
    if candidate.epochs:
        values["epochs"] = candidate.epochs
    deciding = {name: values.pop(name) for name in _DECIDING if name in values}
    defaults = type(options).__dataclass_fields__
    bare = replace(options, **{name: defaults[name].default for name in _OTHERS}, **deciding)
    own = {name: getattr(options, name) for name in _OTHERS} | values
    return replace(bare, **{name: x for name, x in own.items() if name not in bare.idle})


def group_candidates(
    options: Any, candidates: Sequence[Candidate], *, most: int, devices: int = 1
) -> list[Group]:
    """Groups of at most `most` candidates whose options differ in traced numbers only.

    A group is filled up to a multiple of the `devices`, as far as it has work for them, with copies
    of its last candidate, whose results nobody reads.

    >>> import dl
    >>> candidates = [Candidate({"learning_rate": 10.0**-n, "batch_size": 8 * n}) for n in (1, 2)]
    >>> len(group_candidates(dl.TrainOptions(), candidates, most=16))
    2
    """
    by_program: dict[tuple, list[int]] = {}
    chosen = [options_of(options, candidate) for candidate in candidates]
    for number, own in enumerate(chosen):
        by_program.setdefault(_program_of(own), []).append(number)
    return [
        _group([chosen[number] for number in part], part, devices)
        for numbers in by_program.values()
        for part in _parts(numbers, most)
    ]


def _program_of(options: Any) -> tuple:
    """What must be equal for two options to be trained in one program.

    Of a traced option that is whether it is 0, because its feature is left out then.
    """
    traced = set(traced_options(type(options)))
    values = ((each.name, getattr(options, each.name)) for each in fields(options))
    return tuple(is_zero(value) if name in traced else value for name, value in values)


def _parts(numbers: Sequence[int], most: int) -> Iterator[Sequence[int]]:
    return (numbers[start : start + most] for start in range(0, len(numbers), most))


def _group(members: Sequence[Any], numbers: Sequence[int], devices: int) -> Group:
    varied = _varied(members)
    if not varied:
        return Group(members[0], {}, tuple(numbers))
    # Where the options ask for devices, each of them needs a member.
    missing = -len(members) % (members[0].devices or min(devices, len(members)))
    return Group(
        replace(members[0], members=len(members) + missing),
        {name: each + each[-1:] * missing for name, each in varied.items()},
        tuple(numbers),
    )


def _varied(members: Sequence[Any]) -> dict[str, tuple[float, ...]]:
    """The traced options that differ, with the value of each member."""
    values = {
        name: tuple(getattr(own, name) for own in members)
        for name in traced_options(type(members[0]))
    }
    return {name: each for name, each in values.items() if len(set(each)) > 1}


def check_metric(values: Mapping[str, Any], metric: str) -> str:
    """The metric to search by: `metric`, or where it is empty accuracy if there is one, else loss.

    Raises:
        InputError: for a metric that is not reported.
    """
    if not metric:
        return "accuracy" if "accuracy" in values else "loss"
    if metric not in values:
        raise InputError(f"there is no metric {metric}: {did_you_mean(metric, values)}")
    return metric


def sign_of(metric: str) -> float:
    """−1 for a metric that is better when it is larger.

    >>> sign_of("top5_accuracy"), sign_of("agreement"), sign_of("loss")
    (-1.0, -1.0, 1.0)
    """
    return -1.0 if "accuracy" in metric or metric in _LARGER_IS_BETTER else 1.0
