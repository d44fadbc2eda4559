"""Training with some layers frozen."""

from collections.abc import Sequence
from functools import partial, wraps
from typing import Any

import jax
import jax.numpy as jnp
import optax

from dl.errors import InputError
from dl.models.frozen import running_statistics
from dl.train.names import by_path, is_named, named_paths
from dl.train.recipe import Recipe
from dl.types import Objective, Params, PyTree


def freeze(recipe: Recipe, names: Sequence[str]) -> Recipe:
    """`recipe` with the layers or parameters that match `names`, or globs, left untrained.

    Frozen parameters keep every bit. They get no weight decay, do not count in a clipped norm, and
    the optimizer stores nothing for them. A frozen batch norm layer also keeps its running
    statistics, and normalises with them during training.

    Raises:
        InputError: for a recipe without an optimizer; when this is initialised, for a name that
            matches no parameter, or names that match all of them.

    >>> import dl
    >>> model = dl.models.mlp(2, hidden_sizes=(8,))
    >>> recipe = dl.Recipe(model, dl.objectives.classification(model), dl.optimizers.adam(0.1))
    >>> params, _ = model.init(jax.random.key(0), jnp.zeros((1, 4)))
    >>> len(jax.tree.leaves(recipe.optimizer.init(params)))
    13
    >>> len(jax.tree.leaves(freeze(recipe, ["hidden*"]).optimizer.init(params)))
    9
    """
    if not names:
        return recipe
    if recipe.optimizer is None:
        raise InputError("a recipe whose layers are frozen needs its optimizer: give it one first")
    return recipe._replace(
        objective=_with_running_statistics(recipe.objective, names),
        optimizer=_partly(recipe.optimizer, names),
    )


def frozen_paths(params: Params, names: Sequence[str]) -> list[str]:
    """The paths in `params` (arrays or shapes) that `names` freeze.

    Raises:
        InputError: for a name that matches no parameter, or names that match all of them.
    """
    frozen = named_paths(params, names)
    if len(frozen) == len(by_path(params)):
        raise InputError(
            f"{', '.join(names)} would freeze every parameter: leave at least one layer to train"
        )
    return frozen


def _partly(
    optimizer: optax.GradientTransformation, names: Sequence[str]
) -> optax.GradientTransformation:
    def labels(params: Params) -> PyTree:
        frozen = set(frozen_paths(params, names))
        structure = jax.tree.structure(params)
        return jax.tree.unflatten(
            structure, ["frozen" if path in frozen else "trained" for path in by_path(params)]
        )

    return optax.partition({"trained": optimizer, "frozen": _nothing()}, labels)


def _nothing() -> optax.GradientTransformation:
    """An optimizer that changes nothing; it adds −0, since adding +0 would turn −0 into +0."""
    return optax.stateless(
        lambda updates, params: jax.tree.map(lambda leaf: -jnp.zeros_like(leaf), updates)
    )


def _with_running_statistics(objective: Objective, names: Sequence[str]) -> Objective:
    @wraps(objective)  # keeps its task
    def frozen(*args: Any, **options: Any) -> Any:
        with running_statistics(partial(is_named, names=names)):
            return objective(*args, **options)

    return frozen
