"""What a population becomes when it is trained: a committee, and its members one by one."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import jax
import numpy as np

from dl.data.dataset import Dataset, DataSpec
from dl.errors import InputError
from dl.models.committee import committee
from dl.objectives.binding import bound_to
from dl.train.learning import check_varied
from dl.train.recipe import Recipe
from dl.train.record import Record
from dl.train.state import TrainState


def as_committee(recipe: Recipe, spec: DataSpec, options: Any) -> Recipe:
    """The recipe of the committee of all members; `recipe` itself for a single training.

    Raises:
        InputError: for nets whose answers cannot be averaged.
    """
    if options.members == 1:
        return recipe
    model = committee(recipe.model, options.members, task=spec.task)
    return recipe._replace(
        model=model, objective=bound_to(recipe.objective, model), hyperparams={}, remake=None
    )


def check_members(recipe: Recipe, data: Dataset, options: Any) -> None:
    """Raise an `InputError` for a population that could not be trained, or could not answer."""
    check_varied(options, recipe.of_members)
    if options.members == 1:
        return
    if not recipe.is_varied:  # those of a search need no answer together
        as_committee(recipe, data.spec, options)
    if not data.train.in_memory:
        raise InputError(f"{data.spec.name} is streamed: a population needs data in memory")
    if options.parallel != "auto":
        raise InputError(
            f"parallel {options.parallel} is for a single net: a population is split by members"
        )


def member_state(state: TrainState, number: int) -> TrainState:
    """The state of one member of a population."""
    return jax.tree.map(lambda leaf: leaf[number], state)


def member_history(history: Sequence[Record], number: int) -> list[Record]:
    """The records of one member of a population."""
    return [
        replace(
            record, values={name: x[number] for name, x in record.members.items()}, members=None
        )
        for record in history
        if record.members is not None
    ]


def member_options(options: Any, hyperparams: Mapping[str, Any], number: int) -> Any:
    """The options with which one member would be trained alone.

    >>> import dl
    >>> options = dl.TrainOptions(members=3, seed=5)
    >>> member_options(options, {"learning_rate": 0.1}, 2).seed
    7
    """
    own = {name: x[number] for name, x in hyperparams.items() if np.ndim(x)}
    seed = options.seed if own else options.seed + number
    return replace(options, members=1, seed=seed, **own)


def spread(values: Mapping[str, list[float]]) -> dict[str, float]:
    """Mean, standard deviation and extremes of each figure, over the members that are finite.

    `diverged` says how many are not, if there are any.

    >>> spread({"accuracy": [0.5, 0.75, 1.0]})["accuracy_std"]
    0.25
    >>> spread({"loss": [1.0, 2.0, float("nan")]})
    {'loss': 1.5, 'loss_std': 0.7071067811865476, 'loss_min': 1.0, 'loss_max': 2.0, 'diverged': 1}
    """
    figures: dict[str, float] = {}
    for name, each in values.items():
        finite = [value for value in each if math.isfinite(value)] or [math.nan]
        figures |= {
            name: statistics.fmean(finite),
            f"{name}_std": statistics.stdev(finite) if len(finite) > 1 else math.nan,
            f"{name}_min": min(finite),
            f"{name}_max": max(finite),
        }
    rows = zip(*values.values(), strict=True)
    diverged = sum(not all(map(math.isfinite, row)) for row in rows)
    return {**figures, "diverged": diverged} if diverged else figures
