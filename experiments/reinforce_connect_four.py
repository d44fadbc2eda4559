"""AlphaGo's second policy on Connect Four: the first one plays against its earlier selves.

Lecture: H1. Paper: Silver et al. 2016: REINFORCE on 10,000 batches of 128 games; the net then wins
    more than 80 % of the games against the one with which it began.
Expected: 83.9 % of the points (95 %: 80.0 to 87.2) against the policy with which it began, if both
    draw their moves; 60.6 % (55.8 to 65.3) if both take the likeliest.
Time: 1,012 s on 2 CPU cores, shared with other work.
Command: python -m experiments run reinforce_connect_four --init-from runs/policy_connect_four/RUN
"""

from dataclasses import dataclass
from typing import Annotated

from dl import (
    Count,
    Dataset,
    DataSpec,
    Range,
    Recipe,
    Trained,
    models,
    objectives,
)
from dl.runs.play_figures import against, against_first
from experiments._games import BoardOptions, game_of


@dataclass(frozen=True)
class Options(BoardOptions):
    """Options of reinforce_connect_four."""

    dataset: str = "games:connect_four"
    epochs: int = 4
    batch_size: int = 64
    learning_rate: float = 0.0005
    validation: float = 0.015
    log_every: int = 25
    selves: Annotated[int, Range(at_least=2)] = 10
    """Earlier selves that it plays against; the oldest one is where it began."""
    every: Count = 50
    """Steps after which the newest parameters become an earlier self."""


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """The net of policy_connect_four; 128 games a step."""
    game = game_of(data_spec)
    net = models.policy_net(game.moves, features=options.features, layers=options.layers)
    model = models.with_earlier_selves(net, options.selves)
    objective = objectives.reinforce(model, game, every=options.every * options.accumulate)
    return Recipe(model, objective, options.make_optimizer(data_spec))


def conclude(options: Options, trained: Trained, data: Dataset) -> dict[str, dict[str, float]]:
    """Matches against the policy with which it began, and against players of known strength."""
    seed, games = options.seed, options.rated_games
    return {
        **against_first(trained, seed=seed, games=2 * games),
        **against(trained, ("random", "one-step", "mcts:100"), seed=seed, games=games),
    }
