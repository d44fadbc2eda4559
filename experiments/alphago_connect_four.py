"""AlphaGo's tree search on Connect Four: leaves are worth (1 − λ) · value network + λ · roll-out.

Lecture: H1, its figure. Paper: Silver et al. 2016, figure 4b: λ = ½ wins at least 95 % of the games
    against λ = 0 and against λ = 1. The nets are runs of `policy_connect_four`,
    `reinforce_connect_four`, `value_connect_four` and `rollout_connect_four`.
Expected: λ = ½ has 64.0 % of the points (95 %: 54.2 to 72.7) against λ = 0, 55.0 % (45.2 to 64.4)
    against λ = 1, 87.0 % (79.0 to 92.2) against plain search, all with 100 simulations.
Time: 234 s on 2 CPU cores, shared with other work.
Command: python -m experiments run alphago_connect_four --policy RUN --reinforced RUN --value RUN
    --rollout RUN
"""

from dataclasses import dataclass

import jax.numpy as jnp

from dl import Count, Dataset, InputError, Positive, Trained, load
from dl.games import by_rollout, elo_ratings, mixed, named, rollout_mcts, search_player
from dl.runs.play_figures import figures_of, round_robin
from dl.runs.play_games import agent_of, alphago_evaluator, policy_of
from dl.train.options import DataOptions

PLAIN = "plain search"


@dataclass(frozen=True)
class Options(DataOptions):
    """Options of alphago_connect_four."""

    dataset: str = "games:connect_four"
    validation: float = 0.0
    policy: str = ""
    """The run whose policy is the prior of the search."""
    reinforced: str = ""
    """The run whose policy plays without search."""
    value: str = ""
    """The run that values leaves."""
    rollout: str = ""
    """The run whose fast policy plays to the end from leaves."""
    simulations: Count = 100
    """Simulations a move of all searches."""
    games: Count = 100
    """Games of each player with each other one; an even number."""
    c_puct: Positive = 1.25
    """How much the prior counts beside the values."""


def count(options: Options, data: Dataset) -> tuple[dict[str, dict[str, float]], int]:
    """Everybody plays with everybody: three searches, the raw policy, and plain search."""
    game, simulations = named(data.spec.game), options.simulations
    policy, reinforced, value, fast = (
        _load(options, name) for name in ("policy", "reinforced", "value", "rollout")
    )
    leaves = alphago_evaluator(policy, value), by_rollout(game, policy_of(fast))
    players = {
        f"lambda {share:g}": search_player(
            mixed(*leaves, jnp.float32(share)),
            game,
            simulations=simulations,
            c_puct=options.c_puct,
        )
        for share in (0.0, 0.5, 1.0)
    }
    players |= {"policy": agent_of(reinforced, game), PLAIN: rollout_mcts(game, simulations)}
    matches = round_robin(players, game, games=options.games, seed=options.seed)
    results = {pair: tuple(match.counts.sum(axis=0)) for pair, match in matches.items()}
    ratings = elo_ratings(results, PLAIN, draws_added=1.0)
    figures = {"ratings": {name: ratings[name] for name in players}}
    figures |= {f"{one} against {other}": figures_of(matches[one, other]) for one, other in matches}
    return figures, 0


def _load(options: Options, name: str) -> Trained:
    if not getattr(options, name):
        raise InputError(f"{name} names no run: give --{name} RUN")
    return load(getattr(options, name))
