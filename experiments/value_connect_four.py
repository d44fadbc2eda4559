"""AlphaGo's value network on Connect Four: from a position to the result of the game.

Lecture: H1. Paper: Silver et al. 2016: one position of each of 30 million games that the reinforced
    policy plays with itself; squared error 0.226 on training and 0.234 on test positions of Go.
    Data: python -m experiments self_play runs/reinforce_connect_four/RUN --temperature 1
    --games 30000 --random-moves 8 --to rl.npz
Expected: not measured yet.
Time: not measured yet.
Command: python -m experiments run value_connect_four --dataset outcomes:rl.npz
"""

from dataclasses import dataclass
from typing import Any

from dl import (
    Count,
    CountOrZero,
    Dataset,
    DataSpec,
    Recipe,
    Trained,
    load,
    models,
    objectives,
)
from dl.runs.play_figures import rollout_error
from dl.runs.play_games import policy_of
from experiments._games import BoardOptions, game_of


@dataclass(frozen=True)
class Options(BoardOptions):
    """Options of value_connect_four."""

    epochs: int = 6
    hidden_size: Count = 128
    """Units of the dense layer before the output."""
    rollouts: CountOrZero = 100
    """Roll-outs from each test position, whose mean stands beside the net; 0 plays none."""
    policy: str = ""
    """A run whose policy plays roll-outs too, such as that of `rollout_connect_four`."""


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """Convolutions, a dense layer and tanh; squared error; each position or its mirror image."""
    model = models.value_net(
        features=options.features, layers=options.layers, hidden_size=options.hidden_size
    )
    objective = objectives.on_symmetric_copies(objectives.regression(model), game_of(data_spec))
    return Recipe(model, objective, options.make_optimizer(data_spec))


def conclude(options: Options, trained: Trained, data: Dataset) -> dict[str, dict[str, float]]:
    """The error of the mean of roll-outs, beside which the paper shows that of the net."""
    policies: dict[str, Any] = {"random": None}
    if options.policy:
        policies["policy"] = policy_of(load(options.policy))
    return {
        f"rollouts_{name}": {"mse": rollout_error(policy, data, rollouts=options.rollouts)}
        for name, policy in (policies.items() if options.rollouts else ())
    }
