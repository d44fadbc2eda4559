"""How good players are, as figures of a result: matches, agreement, time."""

import time
from collections.abc import Sequence

import jax

from dl.games.agents import Agent
from dl.games.game import Game
from dl.games.match import Match, play_match
from dl.runs.play_games import agent_of, game_of_run, load_agent
from dl.runs.trained import Trained
from dl.types import Array, Model, ModelState, Params

_REPEATS = 20


def against(
    trained: Trained, players: Sequence[str], *, seed: int, games: int = 200, openings: int = 2
) -> dict[str, dict[str, float]]:
    """Matches of a net without search against players that are no nets, by their names.

    Raises:
        InputError: as `load_agent` and `play_match`.
    """
    game, key = game_of_run(trained), jax.random.key(seed)
    own = agent_of(trained, game)
    return {
        f"against_{name}": figures_of(
            play_match(own, load_agent(name, game), game, games, key, openings=openings)
        )
        for name in players
    }


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
