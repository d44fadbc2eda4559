"""Matrix factorisation: a rating is the product of a user's and an item's factors, and biases.

Lecture: H7. Paper: Koren, Bell & Volinsky 2009. Data: ratings:PATH, such as MovieLens.
Expected: RMSE 0.847 ± 0.004 over five random tenths of ml-latest-small (`--split-seed` 0 to 4).
Time: 3 to 7 s on 2 CPU cores.
Command: python -m experiments run factorisation_ratings --dataset ratings:PATH
"""

from dataclasses import dataclass

from dl import Count, Dataset, DataSpec, Recipe, Trained, models, objectives
from experiments._ratings import RatingOptions, rating_figures


@dataclass(frozen=True)
class Options(RatingOptions):
    """Options of factorisation_ratings."""

    epochs: int = 15
    factors: Count = 64
    """Numbers that describe a user, and as many that describe an item."""


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """μ + b_u + b_i + p_u · q_i."""
    known = data_spec.ratings
    model = models.factorisation(
        len(known.users),
        len(known.items),
        mean=known.mean,
        scale=known.scale,
        factors=options.factors,
    )
    objective = objectives.ratings(model, penalty=options.penalty)
    return Recipe(model, objective, options.make_optimizer(data_spec))


def conclude(options: Options, trained: Trained, data: Dataset) -> dict[str, dict[str, float]]:
    """The root of the mean squared error of the held-out parts."""
    return rating_figures(trained, data)
