"""May a training go on with this recipe, these data and options? What is past may not change."""

from typing import Any

import jax
import numpy as np
import optax

from dl.data.dataset import Dataset
from dl.errors import InputError, RunError
from dl.runs.trained import Trained
from dl.train.names import by_path
from dl.train.options import TrainOptions
from dl.train.recipe import Recipe
from dl.train.training import training_shapes
from dl.types import PyTree

_FIXED = (
    "batch_size",
    "seed",
    "members",
    "average_from",
    "accumulate",
    "precision",
    "remat",
    "nonfinite",
)
_HYPERPARAMS = ("learning_rate", "weight_decay", "momentum")


def check_resumable(before: Trained, recipe: Recipe, data: Dataset, options: TrainOptions) -> None:
    """Raise an `InputError` for whatever differs from the training so far, but for more epochs.

    Compared are the batch size, the seed, the members, the share of the training that is averaged,
    the micro-batches, the precision, what is computed again, what happens to steps that are not
    finite, the number of epochs, the data, the shapes of parameters, optimizer and metrics, the
    numbers that compiled programs take as arguments, and the optimizer's rate, decay and momentum.
    Functions, such as a schedule or an augmentation, cannot be compared.
    """
    for name in _FIXED:
        _require_same(name, getattr(before.options, name), getattr(options, name))
    if options.epochs < before.options.epochs:
        raise InputError(
            f"epochs is {options.epochs}, and the training to resume has {before.options.epochs}: "
            "give as many or more"
        )
    _check_data(before, data)
    old, new = before.recipe.hyperparams, recipe.hyperparams
    for name in [name for name in old if name in new]:
        _require_same(name, old[name], new[name])
    _check_state(before, recipe, data, options)
    if before.recipe.optimizer is not recipe.optimizer:
        old, new = (
            hyperparams(each.optimizer.init(before.params)) for each in (before.recipe, recipe)
        )
        for name in [name for name in old if name in new]:
            _require_same(f"the optimizer's {name}", old[name], new[name])


def _require_same(name: str, old: Any, new: Any) -> None:
    if old != new:
        raise InputError(
            f"{name} is {new}, and the training to resume has {old}: give the same, or begin a new "
            "training with init=(trained.params, trained.model_state)"
        )


def _check_data(before: Trained, data: Dataset) -> None:
    try:
        known = before.open_data()
    except (InputError, RunError):  # of a run whose data are not here; their shapes are compared
        return
    if known is not data and known.fingerprint != data.fingerprint:
        raise InputError(
            f"{data.spec.name} is not what the training to resume has learned from "
            f"(fingerprint {data.fingerprint[:8]}, there {known.fingerprint[:8]}): give the same "
            "data, and the same validation"
        )


def _check_state(before: Trained, recipe: Recipe, data: Dataset, options: TrainOptions) -> None:
    new = training_shapes(recipe, data.spec, options)
    state = before.state
    pairs = {
        "model": ((state.params, state.model_state), (new.state.params, new.state.model_state)),
        "optimizer": (state.opt_state, new.state.opt_state),
        "objective": (before.pending, new.totals),
    }
    for what, (old, ours) in pairs.items():
        if _shapes(old) != _shapes(ours):
            raise InputError(
                f"the recipe has another {what} than the training to resume: give the one that it "
                "began with"
            )


def _shapes(tree: PyTree) -> list[tuple[str, str]]:
    return [(path, jax.typeof(leaf).str_short()) for path, leaf in by_path(tree).items()]


def hyperparams(opt_state: PyTree) -> dict[str, float]:
    """The learning rate, weight decay and momentum that an optimizer's state holds.

    >>> import dl, jax.numpy as jnp
    >>> sorted(hyperparams(dl.optimizers.sgd(0.5).init({"w": jnp.zeros(1)})).items())
    [('learning_rate', 0.5), ('weight_decay', 0.0)]
    """
    found = {
        name: optax.tree_utils.tree_get_all_with_path(opt_state, name) for name in _HYPERPARAMS
    }
    numbers = {name: leaves[0][1] for name, leaves in found.items() if len(leaves) == 1}
    # A float32 as the shortest decimal that means it; members of a population have the same.
    return {name: float(str(np.float32(np.ravel(x)[0]))) for name, x in numbers.items()}
