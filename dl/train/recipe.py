"""A recipe: a model, an objective, an optimizer, and perhaps augmentation."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import optax

from dl.data.augment import Stages
from dl.errors import InputError, did_you_mean
from dl.types import Augment, Model, Objective


class Recipe(NamedTuple):
    """What an experiment's `build` returns, and what `dl.fit` trains.

    `dl.fit` makes a missing `optimizer` from its options. The runner adds `hyperparams`, the
    options that are numbers in the program and not part of it, and `remake`, which builds the
    recipe for other values of these (`at`). A hyper-parameter with several values has one for each
    member of a population.

    >>> import dl
    >>> model = dl.models.mlp(10)
    >>> recipe = Recipe(model, dl.objectives.classification(model), dl.optimizers.sgd(0.1))
    >>> recipe.augment is None
    True
    """

    model: Model
    objective: Objective
    optimizer: optax.GradientTransformation = None  # type: ignore[assignment]
    augment: Augment | Stages | None = None
    hyperparams: Mapping[str, float | tuple[float, ...]] = {}
    remake: Callable[[Mapping[str, Any]], "Recipe"] | None = None

    def at(self, hyperparams: Mapping[str, Any]) -> "Recipe":
        """The recipe for these values of its `hyperparams`, which may be traced."""
        return self.remake(hyperparams) if self.remake and hyperparams else self

    def varied(self, values: Mapping[str, Sequence[float]]) -> "Recipe":
        """The recipe with a value of each of these hyper-parameters for every member.

        Raises:
            InputError: for an option that is no hyper-parameter of the recipe.
        """
        for name in values.keys() - self.hyperparams.keys():
            raise InputError(
                f"{name} cannot differ between the members of a population, because it decides "
                f"what is compiled, or is 0 in the options: {did_you_mean(name, self.hyperparams)}"
            )
        own = {name: tuple(each) for name, each in values.items()}
        return self._replace(hyperparams={**self.hyperparams, **own})

    @property
    def is_varied(self) -> bool:
        """Whether the members of a population differ in a hyper-parameter."""
        return any(isinstance(each, tuple) for each in self.hyperparams.values())

    @property
    def numbers(self) -> dict[str, Any]:
        """The `hyperparams` as arrays, for compiled programs."""
        return {name: jnp.asarray(x, jnp.float32) for name, x in self.hyperparams.items()}
