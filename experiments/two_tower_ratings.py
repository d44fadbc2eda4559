"""A two-tower model of what users take, from what they took: trained by sampled softmax.

Lecture: H7. Papers: Covington et al. 2016; Yi et al. 2019. Data: ratings:PATH, such as MovieLens,
    of which all ratings count as taken, or with --least 4 the high ones.
Expected: on a random tenth of ml-latest-small recall@20 33.4 %, nDCG@20 29.1 %; the last item of
    each user (`--split last`) is among the first 20 for 13.4 %.
Time: 35 s on 2 CPU cores.
Command: python -m experiments run two_tower_ratings --dataset ratings:PATH
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from dl import (
    Count,
    CountOrZero,
    Dataset,
    DataSpec,
    Range,
    Rate,
    Recipe,
    Trained,
    TrainOptions,
    evaluate_retrieval,
    models,
    objectives,
)
from dl.train.rating_options import TakenFields


@dataclass(frozen=True)
class Options(TakenFields, TrainOptions):
    """Options of two_tower_ratings."""

    dataset: str = ""
    validation: float = 0.0
    epochs: int = 4
    batch_size: int = 128
    optimizer: str = "adam"  # type: ignore[assignment]
    learning_rate: float = 5e-3
    schedule: str = "cosine"  # type: ignore[assignment]
    weight_decay: float = 2e-4
    factors: Count = 128
    """Numbers in the vector of a user or an item."""
    hidden: Rate = 0.2
    """Share of a history that is hidden, to be predicted from the rest."""
    balance: Annotated[float, Range(at_least=0, at_most=1)] = 0.35
    """Weigh examples by the user's number of items to the power of minus this."""
    negatives: CountOrZero = 2048
    """Items that are drawn for the softmax of a batch; 0 takes all."""


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """Two tables of item vectors, one for what is read and one for what is recommended."""
    known = data_spec.ratings
    model = models.two_tower(len(known.items), factors=options.factors)
    taken = known.history.ratings >= known.least
    frequencies = np.bincount(known.history.items[taken], minlength=len(known.items))
    objective = objectives.retrieval(
        model,
        frequencies,
        hidden=options.hidden,
        negatives=options.negatives,
        balance=options.balance,
    )
    return Recipe(model, objective, options.make_optimizer(data_spec))


def conclude(options: Options, trained: Trained, data: Dataset) -> dict[str, dict[str, float]]:
    """recall@k and nDCG@k over all items of the held-out parts."""
    return evaluate_retrieval(trained, data)
