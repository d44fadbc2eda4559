"""How good players are, as figures of a result: matches, agreement, time."""

import time
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from dl.data.dataset import Dataset
from dl.games.agents import Agent, policy_player
from dl.games.evaluators import policy_of
from dl.games.functions import as_argument
from dl.games.game import Game, named
from dl.games.match import Match, play_match
from dl.games.rollout import roll_out
from dl.games.stones import from_planes
from dl.runs.play_games import agent_of, game_of_run, load_agent
from dl.runs.trained import Trained
from dl.types import EARLIER, Array, Model, ModelState, Params

_REPEATS = 20


def against(
    trained: Trained, players: Sequence[str], *, seed: int, games: int = 200, openings: int = 2
) -> dict[str, dict[str, float]]:
    """Matches of a net without search against players that are no nets, by their names.

    Without any `games` there are no figures.

    Raises:
        InputError: as `load_agent` and `play_match`.
    """
    game, key = game_of_run(trained), jax.random.key(seed)
    own = agent_of(trained, game)
    return {
        f"against_{name}": figures_of(
            play_match(own, load_agent(name, game), game, games, key, openings=openings)
        )
        for name in (players if games else ())
    }


def against_first(
    trained: Trained, *, seed: int, games: int = 400, openings: int = 4
) -> dict[str, dict[str, float]]:
    """Matches of a net with earlier selves against the one with which it began, without search.

    In `drawn` both draw their moves from their softmax, as in training; in `likeliest` both take
    the most probable move, after `openings` random ones. Without any `games` there are no figures.
    """
    game, key = game_of_run(trained), jax.random.key(seed)
    pool = trained.model_state[EARLIER]["params"]
    first = jax.tree.map(lambda leaf: leaf[0], pool)
    policies = [
        policy_of(trained.model, params, trained.model_state, game)
        for params in (trained.params, first)
    ]
    figures = {}
    for name, temperature, moves in (("drawn", 1.0, 0), ("likeliest", 0.0, openings)):
        if games:
            own, begun = (policy_player(policy, game, temperature) for policy in policies)
            match = play_match(own, begun, game, games, key, openings=moves)
            figures[f"against_first_{name}"] = figures_of(match)
    return figures


def figures_of(match: Match) -> dict[str, float]:
    """The share of points with its 95 % interval, and the shares of won, drawn and lost games."""
    wins, draws, losses = (match.counts.sum(axis=0) / match.games).tolist()
    low, high = match.interval
    return {
        "score": match.score,
        "score_low": low,
        "score_high": high,
        "won": wins,
        "drawn": draws,
        "lost": losses,
        "games": match.games,
    }


def rollout_error(
    policy: Any, data: Dataset, part: str = "test", *, rollouts: int = 100, seed: int = 0
) -> float:
    """The squared error of the mean of so many roll-outs, where a value network could stand.

    `data` are `outcomes:` of a game of lines; `policy` is a function from observations to logits,
    or None for random play. Source: Silver et al. 2016, figure 2b.
    """
    game, source = named(data.spec.game), data.part(part)
    examples = source.gather(np.arange(len(source)))  # type: ignore[attr-defined]
    positions = jax.vmap(from_planes)(jnp.asarray(examples["inputs"]))
    play = jax.jit(lambda policy, key: roll_out(key, positions, policy, game))
    keys = jax.random.split(jax.random.key(seed), rollouts)
    means = np.mean([play(as_argument(policy), key) for key in keys], axis=0)
    return float(np.mean((means - examples["targets"][:, 0]) ** 2))


def round_robin(
    players: dict[str, Agent], game: Game, *, games: int, seed: int, openings: int = 2
) -> dict[tuple[str, str], Match]:
    """A match of every player with every other one, from the view of the first of the two."""
    names = list(players)
    pairs = [(one, other) for at, one in enumerate(names) for other in names[at + 1 :]]
    return {
        (one, other): play_match(
            players[one],
            players[other],
            game,
            games,
            jax.random.fold_in(jax.random.key(seed), number),
            openings=openings,
        )
        for number, (one, other) in enumerate(pairs)
    }


def microseconds(model: Model, params: Params, model_state: ModelState, planes: Array) -> float:
    """The time of a net for each of the positions `planes` [B, H, W, C], computed together."""
    apply = jax.jit(lambda params, planes: model.apply(params, model_state, planes)[0])
    jax.block_until_ready(apply(params, planes))
    begin = time.perf_counter()
    for _ in range(_REPEATS):
        jax.block_until_ready(apply(params, planes))
    return 1e6 * (time.perf_counter() - begin) / (_REPEATS * len(planes))
