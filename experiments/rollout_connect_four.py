"""AlphaGo's fast policy on Connect Four: a linear softmax of small features of each move.

Lecture: H1. Paper: Silver et al. 2016: 24.2 % of the experts' moves, at 2 µs a move where the
    policy network needs 3 ms. Data: as those of `policy_connect_four`.
Expected: 46.1 % of the search's moves, at 2.9 µs a move where the convolutional net needs 134 µs;
    80.0 % of the points (95 %: 73.9 to 85.0) against that net, which has a thousandth of the
    paper's positions to learn from.
Time: 105 s on 2 CPU cores, shared with other work.
Command: python -m experiments run rollout_connect_four --dataset moves:mcts.npz
"""

from dataclasses import dataclass

import jax
import numpy as np

from dl import Dataset, DataSpec, Recipe, Trained, models
from dl.runs.play_figures import against, microseconds
from experiments._games import GameOptions, game_of, policy_recipe


@dataclass(frozen=True)
class Options(GameOptions):
    """Options of rollout_connect_four."""

    epochs: int = 5
    learning_rate: float = 0.02


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """A weight for each feature and each column."""
    return policy_recipe(models.rollout_policy(game_of(data_spec)), options, data_spec)


def conclude(options: Options, trained: Trained, data: Dataset) -> dict[str, dict[str, float]]:
    """Microseconds a move, of many at once, beside those of a policy network."""
    net = models.policy_net(data.spec.classes, features=32)
    planes = jax.numpy.asarray(data.train.inputs[np.arange(1024) % len(data.train)])
    fresh = net.init(jax.random.key(0), planes[:1])
    fast = microseconds(trained.model, trained.params, trained.model_state, planes)
    return {
        "microseconds_a_move": {
            "rollout_policy": fast,
            "policy_net": microseconds(net, *fresh, planes),
        },
        **against(
            trained,
            ("random", "one-step", "mcts:100"),
            seed=options.seed,
            games=options.rated_games,
        ),
    }
