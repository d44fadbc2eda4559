"""AlphaGo's supervised policy on Connect Four: a convolutional net foretells a search's moves.

Lecture: H1. Paper: Silver et al. 2016, whose net foretells 57.0 % of the moves of Go's experts.
    Data: games that plain Monte Carlo tree search plays with itself:
    python -m experiments self_play mcts:1000 --game connect_four --games 3000 --random-moves 8
    --to mcts.npz
Expected: not measured yet.
Command: python -m experiments run policy_connect_four --dataset moves:mcts.npz
"""

from dataclasses import dataclass

from dl import Dataset, DataSpec, Recipe, Trained, models
from dl.runs.play_figures import against
from experiments._games import BoardOptions, policy_recipe


@dataclass(frozen=True)
class Options(BoardOptions):
    """Options of policy_connect_four."""

    epochs: int = 15


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """Convolutions and a softmax; each position or its mirror image."""
    model = models.policy_net(data_spec.classes, features=options.features, layers=options.layers)
    return policy_recipe(model, options, data_spec)


def conclude(options: Options, trained: Trained, data: Dataset) -> dict[str, dict[str, float]]:
    """Matches without search against players of known strength."""
    return against(trained, ("random", "one-step", "mcts:100"), seed=options.seed)
