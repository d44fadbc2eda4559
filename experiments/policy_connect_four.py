"""AlphaGo's supervised policy on Connect Four: a convolutional net foretells a search's moves.

Lecture: H1. Paper: Silver et al. 2016, whose net foretells 57.0 % of the moves of Go's experts.
    Data: games that plain Monte Carlo tree search plays with itself:
    python -m experiments self_play mcts:1000 --game connect_four --games 1024 --random-moves 8
    --to mcts.npz
Expected: 45.0 % of the search's moves; without search 38.5 % of the points (95 %: 32.0 to 45.4)
    against plain search with 100 simulations.
Time: 149 s on 2 CPU cores, shared with other work; the games take 16 minutes.
Command: python -m experiments run policy_connect_four --dataset moves:mcts.npz
"""

from dataclasses import dataclass

from dl import Dataset, DataSpec, Recipe, Trained, models
from dl.runs.play_figures import against
from experiments._games import BoardOptions, policy_recipe


@dataclass(frozen=True)
class Options(BoardOptions):
    """Options of policy_connect_four."""

    epochs: int = 8


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """Convolutions and a softmax; each position or its mirror image."""
    model = models.policy_net(data_spec.classes, features=options.features, layers=options.layers)
    return policy_recipe(model, options, data_spec)


def conclude(options: Options, trained: Trained, data: Dataset) -> dict[str, dict[str, float]]:
    """Matches without search against players of known strength."""
    return against(
        trained, ("random", "one-step", "mcts:100"), seed=options.seed, games=options.rated_games
    )
