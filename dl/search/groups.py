"""Which candidates are trained side by side: those that differ in traced numbers only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, get_type_hints

from dl.errors import InputError, did_you_mean
from dl.ranges import is_zero, traced_options
from dl.search.space import Dimension, parse_dimension
from dl.search.trials import Candidate

_OF_RUNNING = {
    "members",
    "parallel",
    "devices",
    "steps_per_call",
    "log_every",
    "evaluate_every",
    "checkpoint_every",
    "keep",
    "patience",
    "dataset",
    "validation",
}
"""Options that a search cannot vary: they change no result, or what results are compared on."""
_DECIDING = ("optimizer", "schedule", "weight_decay", "l1")
"""Options that decide whether others have an effect."""


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
    kinds = get_type_hints(type(options))
    names = [each.name for each in fields(options) if each.name not in _OF_RUNNING]
    space: dict[str, Dimension] = {}
    for name, text in words.items():
        if name in _OF_RUNNING:
            raise InputError(f"{name} cannot be searched: it is the same for all trials")
        if name not in names:
            raise InputError(f"there is no option {name}: {did_you_mean(name, names)}")
        kind = kinds[name] if kinds[name] in (int, float, bool) else str
        try:
            space[name] = parse_dimension(text, kind)
            for value in space[name].grid(2):
                options_of(options, Candidate({name: value}))
        except InputError as error:
            raise InputError(f"{name}: {error}") from None
    return space


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
    chosen = replace(options, **deciding)
    idle = getattr(chosen, "idle", frozenset())
    return replace(chosen, **{name: x for name, x in values.items() if name not in idle})


def group_candidates(
    options: Any, candidates: Sequence[Candidate], *, most: int, multiple_of: int = 1
) -> list[Group]:
    """Groups of at most `most` candidates whose options differ in traced numbers only.

    A group of several is filled up to a `multiple_of` devices with copies of its last candidate,
    whose results nobody reads.

    >>> import dl
    >>> candidates = [Candidate({"learning_rate": 10.0**-n, "batch_size": 8 * n}) for n in (1, 2)]
    >>> len(group_candidates(dl.TrainOptions(), candidates, most=16))
    2
    """
    by_rest: dict[tuple, list[int]] = {}
    chosen = [options_of(options, candidate) for candidate in candidates]
    for number, own in enumerate(chosen):
        by_rest.setdefault(_rest(own), []).append(number)
    groups = []
    for numbers in by_rest.values():
        for start in range(0, len(numbers), most):
            part = numbers[start : start + most]
            groups.append(_group([chosen[number] for number in part], part, multiple_of))
    return groups


def _rest(options: Any) -> tuple:
    """What must be equal for two options to be trained in one program."""
    traced = set(traced_options(type(options)))
    return tuple(getattr(options, each.name) for each in fields(options) if each.name not in traced)


def _group(members: Sequence[Any], numbers: Sequence[int], multiple_of: int) -> Group:
    varied = _varied(members)
    if len(members) == 1 or not varied:
        return Group(members[0], {}, tuple(numbers))
    missing = -len(members) % multiple_of
    base = {name: next(x for x in each if not is_zero(x)) for name, each in varied.items()}
    return Group(
        replace(members[0], members=len(members) + missing, **base),
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
    """−1 for a metric that is better when it is larger."""
    return -1.0 if "accuracy" in metric else 1.0
