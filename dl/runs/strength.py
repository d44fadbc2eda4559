"""How strong a net with two heads has become: matches and ratings, as figures of a result."""

from collections.abc import Sequence

import jax
import numpy as np

from dl.data.dataset import Dataset
from dl.games.agents import Agent, search_player
from dl.games.elo import elo_ratings
from dl.games.evaluators import by_net
from dl.games.match import Match, play_match
from dl.games.valued import ILLEGAL, valued_positions
from dl.runs.play_figures import figures_of
from dl.runs.play_games import agent_of, game_of_run, load_agent
from dl.runs.trained import Trained
from dl.types import EARLIER, Params

OPENINGS = 2
"""Random moves with which games of two nets begin, which otherwise would all be the same."""


def matches(
    trained: Trained, players: Sequence[str], *, simulations: int, games: int, seed: int = 0
) -> dict[str, dict[str, float]]:
    """Matches of a net, alone and with search, against players that are no nets, as mcts:100.

    Half of the games are played with each colour. Without any `games` there are no figures.
    """
    game, key = game_of_run(trained), jax.random.key(seed)
    own = {"alone": agent_of(trained, game), "search": searching(trained, simulations)}
    return {
        f"{how}_against_{name}": figures_of(
            play_match(player, load_agent(name, game), game, games, key)
        )
        for how, player in own.items()
        for name in (players if games else ())
    }


def agreement_with_search(
    trained: Trained, data: Dataset, *, simulations: int, seed: int = 0
) -> dict[str, dict[str, float]]:
    """In which share of the test positions the net that searches keeps the value of the position.

    Counted where some move does not. `first_move` is the number of the move, from 1, that it makes
    first in a game. Games that nobody has solved have no figures.
    """
    game = game_of_run(trained)
    valued = valued_positions(game)
    if valued is None:
        return {}
    tested = valued.take(-np.arange(1, len(data.test) + 1)[::-1])
    matters = np.any((tested.moves > ILLEGAL) & (tested.moves < tested.values[:, None]), axis=1)
    choose = jax.jit(searching(trained, simulations))
    chosen = np.asarray(choose(jax.random.key(seed), tested.positions))
    keeps = tested.moves[np.arange(len(chosen)), chosen] == tested.values
    first = choose(jax.random.key(seed), game.starts(1))
    return {
        "search": {
            "agreement": float(keeps[matters].mean()),
            "first_move": int(first[0]) + 1,
        }
    }


def ratings_of_selves(
    trained: Trained,
    players: Sequence[str],
    *,
    every: int,
    simulations: int,
    games: int,
    seed: int = 0,
) -> dict[str, dict[str, float]]:
    """Elo ratings of a net as it was after each `every` steps, as it is now, and of fixed players.

    Each self searches; it meets the one before it and all fixed `players`, of whom the first one is
    rated at 0. The figures are `elo` and its standard errors, `elo_error`, by player: "step 500".
    """
    if not games:
        return {}
    game, selves = game_of_run(trained), selves_of(trained, simulations, every=every)
    fixed = {name: load_agent(name, game) for name in players}
    names = list(selves)
    pairs = [*zip(names[1:], names, strict=False)]
    pairs += [(own, other) for own in names for other in fixed]
    everybody = {**selves, **fixed}
    results = {
        (own, other): _counts(
            play_match(
                everybody[own],
                everybody[other],
                game,
                games,
                jax.random.fold_in(jax.random.key(seed), number),
                openings=OPENINGS,
            )
        )
        for number, (own, other) in enumerate(pairs)
    }
    ratings = elo_ratings(results, anchor=players[0], draws_added=1.0)
    numbers = ratings.ratings.tolist(), ratings.errors.tolist()
    return {
        name: dict(zip(ratings.players, each, strict=True))
        for name, each in zip(("elo", "elo_error"), numbers, strict=True)
    }


def selves_of(trained: Trained, simulations: int, *, every: int) -> dict[str, Agent]:
    """The net as it was after each `every` steps, and as it is now, as searching players.

    Of a training that ended early, the later places of the pool hold nothing of their own.
    """
    pool = trained.model_state[EARLIER]["params"]
    kept = len(jax.tree.leaves(pool)[0])
    selves = {}
    for place in range(kept):
        if place * every < trained.step:
            params = jax.tree.map(lambda leaf: leaf[place], pool)  # noqa: B023
            selves[f"step {place * every}"] = _searcher(trained, params, simulations)
    return {**selves, f"step {trained.step}": searching(trained, simulations)}


def searching(trained: Trained, simulations: int) -> Agent:
    """The net as a player that searches before each move."""
    return _searcher(trained, trained.params, simulations)


def _searcher(trained: Trained, params: Params, simulations: int) -> Agent:
    game = game_of_run(trained)
    evaluate = by_net(trained.model, params, trained.model_state, game)
    return search_player(evaluate, game, simulations=simulations)


def _counts(match: Match) -> tuple[int, int, int]:
    wins, draws, losses = match.counts.sum(axis=0).tolist()
    return wins, draws, losses
