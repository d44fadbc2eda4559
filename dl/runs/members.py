"""What a population becomes when it is trained: a committee, and its members one by one."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import jax
import numpy as np

from dl.data.dataset import DataSpec
from dl.models.committee import committee
from dl.objectives.binding import bound_to
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
    """Mean, standard deviation and extremes over the members of each figure.

    >>> spread({"accuracy": [0.5, 0.75, 1.0]})["accuracy_std"]
    0.25
    """
    figures: dict[str, float] = {}
    for name, each in values.items():
        figures |= {
            name: statistics.fmean(each),
            f"{name}_std": statistics.stdev(each),
            f"{name}_min": min(each),
            f"{name}_max": max(each),
        }
    return figures
