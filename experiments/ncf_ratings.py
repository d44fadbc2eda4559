"""Neural collaborative filtering: a perceptron of a user and an item beside their product.

Lecture: H7. Paper: He et al. 2017, arXiv:1708.05031. Data: ratings:PATH, such as MovieLens.
Expected: RMSE 0.885 on a random tenth of ml-latest-small, more than by `biases_ratings` (0.869):
    the perceptron is of no help. Rendle et al. 2020 (arXiv:2005.09683) found such nets behind
    factorisation as well.
Time: 5 s on 2 CPU cores.
Command: python -m experiments run ncf_ratings --dataset ratings:PATH
"""

from dataclasses import dataclass

from dl import Count, Dataset, DataSpec, Rate, Recipe, Trained, models, objectives
from experiments._ratings import RatingOptions, rating_figures


@dataclass(frozen=True)
class Options(RatingOptions):
    """Options of ncf_ratings."""

    epochs: int = 15
    factors: Count = 32
    """Numbers in each of the four tables of users and items."""
    hidden_size: Count = 32
    """Units of the first of two hidden layers; the second has half as many."""
    dropout: Rate = 0.2
    """Fraction of the hidden units that are switched off."""


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """μ + b_u + b_i + w · [p_u ⊙ q_i, f(p'_u, q'_i)]."""
    known = data_spec.ratings
    model = models.neural_factorisation(
        len(known.users),
        len(known.items),
        mean=known.mean,
        scale=known.scale,
        factors=options.factors,
        hidden_sizes=(options.hidden_size, max(1, options.hidden_size // 2)),
        dropout=options.dropout,
    )
    objective = objectives.ratings(model, penalty=options.penalty)
    return Recipe(model, objective, options.make_optimizer(data_spec))


def conclude(options: Options, trained: Trained, data: Dataset) -> dict[str, dict[str, float]]:
    """The root of the mean squared error of the held-out parts."""
    return rating_figures(trained, data)
