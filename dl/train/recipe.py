"""A recipe: a model, an objective, an optimizer, and perhaps augmentation."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from dl.data.augment import Stages
from dl.errors import InputError
from dl.types import Augment, Model, Objective


class Recipe(NamedTuple):
    """What an experiment's `build` returns, and what `dl.fit` trains.

    `dl.fit` makes a missing `optimizer` from its options. `dl.fit` and the runner add
    `hyperparams`, the options that compiled programs take as arguments, and `remake`, which builds
    the recipe for other values of these (`at`). A hyper-parameter with several values has one for
    each member of a population.

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

        >>> from dl import models, objectives
        >>> model = models.mlp(10)
        >>> recipe = Recipe(model, objectives.classification(model))
        >>> recipe.varied({"learning_rate": [0.1, 0.01]}).hyperparams
        {'learning_rate': (0.1, 0.01)}
        """
        own = {name: tuple(each) for name, each in values.items()}
        return self._replace(hyperparams={**self.hyperparams, **own})

    @property
    def of_members(self) -> dict[str, tuple[float, ...]]:
        """The `hyperparams` that have a value for each member."""
        return {name: x for name, x in self.hyperparams.items() if isinstance(x, tuple)}

    @property
    def is_varied(self) -> bool:
        """Whether the members of a population differ in a hyper-parameter."""
        return bool(self.of_members)

    @property
    def numbers(self) -> dict[str, Any]:
        """The `hyperparams` as arrays, for compiled programs."""
        return {name: jnp.asarray(x, jnp.float32) for name, x in self.hyperparams.items()}


@contextlib.contextmanager
def numbers_unknown() -> Iterator[None]:
    """Within it, code that asks Python about a traced number is refused with an `InputError`.

    >>> def build(rate):
    ...     return "dropout" if rate > 0 else "none"
    >>> with numbers_unknown():
    ...     jax.eval_shape(build, 0.5)
    Traceback (most recent call last):
    dl.errors.InputError: the recipe asks in Python about a number that is known only when ...
    """
    try:
        yield
    except jax.errors.TracerBoolConversionError as error:
        raise InputError(
            "the recipe asks in Python about a number that is known only when the program runs, "
            "such as an option of the type dl.Rate: use dl.layers.Dropout in the place of Flax's, "
            "or give such an option the type dl.Share"
        ) from error
