"""How high a user rates and how high an item is rated: the plainest model of ratings.

Lecture: H7. Paper: Koren, Bell & Volinsky 2009. Data: ratings:PATH, such as MovieLens.
Expected: RMSE 0.869 on a random tenth of ml-latest-small.
Time: 2 s on 2 CPU cores.
Command: python -m experiments run biases_ratings --dataset ratings:PATH
"""

from dataclasses import dataclass

from dl import Dataset, DataSpec, Recipe, Trained, models, objectives
from experiments._ratings import RatingOptions, rating_figures


@dataclass(frozen=True)
class Options(RatingOptions):
    """Options of biases_ratings."""

    epochs: int = 10
    learning_rate: float = 0.01
    penalty: float = 0.02


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """μ + b_u + b_i."""
    known = data_spec.ratings
    model = models.rating_biases(
        len(known.users), len(known.items), mean=known.mean, scale=known.scale
    )
    objective = objectives.ratings(model, penalty=options.penalty)
    return Recipe(model, objective, options.make_optimizer(data_spec))


def conclude(options: Options, trained: Trained, data: Dataset) -> dict[str, dict[str, float]]:
    """The root of the mean squared error of the held-out parts."""
    return rating_figures(trained, data)
