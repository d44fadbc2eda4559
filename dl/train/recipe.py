"""A recipe: a model, an objective, an optimizer, and perhaps augmentation."""

from typing import NamedTuple

import optax

from dl.data.augment import Stages
from dl.types import Augment, Model, Objective


class Recipe(NamedTuple):
    """What an experiment's `build` returns, and what `dl.fit` trains.

    >>> import dl
    >>> model = dl.models.mlp(10)
    >>> recipe = Recipe(model, dl.objectives.classification(model), dl.optimizers.sgd(0.1))
    >>> recipe.augment is None
    True
    """

    model: Model
    objective: Objective
    optimizer: optax.GradientTransformation
    augment: Augment | Stages | None = None
