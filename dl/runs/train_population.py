"""Many trainings of one recipe in one program, in one call."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dl.data.dataset import Dataset
from dl.data.own_arrays import Pair
from dl.errors import InputError
from dl.runs.fit import fit
from dl.runs.trained import Trained
from dl.train.options import TrainOptions
from dl.train.recipe import Recipe


def train_population(
    recipe: Recipe,
    data: Dataset | Pair,
    options: TrainOptions,
    *,
    members: int = 0,
    varied: Mapping[str, Sequence[float]] | None = None,
    **how: Any,
) -> Trained:
    """Train several nets side by side; what comes back answers as their committee.

    Either `members` nets, whose seeds count up from `options.seed`, or one for each value of the
    options in `varied`, all with the same seed. The members see the same batches in the same order.
    `result.members` are the nets one by one, each as if it had been trained alone. `how` goes to
    `dl.fit`. On disk the same is `run NAME --members K`, and `search NAME`. Source: D7, E15.

    Raises:
        InputError: when neither or both are given, for values that are not as many for every
            option, and as `dl.fit` does.

    >>> import dl
    >>> x, y = np.random.default_rng(0).normal(size=(60, 4)), np.arange(60) % 3
    >>> model = dl.models.mlp(3, hidden_sizes=(8,))
    >>> recipe = dl.Recipe(model, dl.objectives.classification(model))
    >>> options = dl.TrainOptions(epochs=2, batch_size=30, optimizer="adam", learning_rate=0.01)
    >>> rates = {"learning_rate": [0.1, 0.01, 0.001]}
    >>> tried = train_population(recipe, (x, y), options, varied=rates, progress=False)
    >>> [member.options.learning_rate for member in tried.members]
    [0.1, 0.01, 0.001]
    """
    if bool(members) == bool(varied):
        raise InputError(
            "a population has a number of members or values to vary: give one of the two"
        )
    if varied:
        counts = {name: len(values) for name, values in varied.items()}
        members = max(counts.values())
        if len(set(counts.values())) > 1:
            raise InputError(
                f"every option needs the same number of values, one for each member, not {counts}"
            )
        recipe = recipe.varied(varied)
    return fit(recipe, data, replace(options, members=members), **how)
