"""A policy for tic-tac-toe, from perfect play: a convolutional net without search.

Lecture: H1. Data: all 4,520 unfinished positions, each with a perfect move.
Expected: not measured yet.
Time: not measured yet.
Command: python -m experiments run policy_tic_tac_toe
"""

from dataclasses import dataclass

from dl import Dataset, DataSpec, Recipe, Trained, models
from dl.runs.play_figures import against
from experiments._games import BoardOptions, policy_recipe


@dataclass(frozen=True)
class Options(BoardOptions):
    """Options of policy_tic_tac_toe."""

    dataset: str = "moves:tic_tac_toe"
    epochs: int = 60
    batch_size: int = 64
    validation: float = 0.0
    evaluate_every: int = 10
    symmetric: bool = False
    rated_games: int = 1000


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """Convolutions and a softmax."""
    model = models.policy_net(data_spec.classes, features=options.features, layers=options.layers)
    return policy_recipe(model, options, data_spec)


def conclude(options: Options, trained: Trained, data: Dataset) -> dict[str, dict[str, float]]:
    """A thousand games without search against each of perfect and random play."""
    return against(
        trained, ("perfect", "random"), seed=options.seed, games=options.rated_games, openings=0
    )
