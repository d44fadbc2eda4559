"""How strong a net with two heads has become: matches and ratings, as figures of a result."""

from collections.abc import Sequence

import jax

from dl.games.agents import Agent, search_player
from dl.games.elo import elo_ratings
from dl.games.evaluators import by_net
from dl.games.match import Match, play_match
from dl.models.earlier_selves import earlier_self
from dl.runs.play_figures import figures_of
from dl.runs.play_games import game_of_run, load_agent
from dl.runs.trained import Trained
from dl.types import ModelState, Params

OPENINGS = 2
"""Random moves with which games of two nets begin, which otherwise would all be the same."""


def matches_with_search(
    trained: Trained, players: Sequence[str], *, simulations: int, games: int, seed: int = 0
) -> dict[str, dict[str, float]]:
    """Matches of a net that searches against players that are no nets, such as mcts:100.

    Half of the games are played with each colour. Without any `games` there are no figures.
    """
    game, own = game_of_run(trained), searching(trained, simulations)
    key = jax.random.key(seed)
    return {
        f"search_against_{name}": figures_of(
            play_match(own, load_agent(name, game), game, games, key)
        )
        for name in (players if games else ())
    }


def ratings_of_selves(
    trained: Trained, players: Sequence[str], *, simulations: int, games: int, seed: int = 0
) -> dict[str, dict[str, float]]:
    """Elo ratings of a net as it was at earlier steps, as it is now, and of fixed players.

    Each self searches; it meets the one before it and all fixed `players`, of whom the first one is
    rated at 0. The figures are `elo` and its standard errors, `elo_error`, by player: "step 500".
    """
    if not games:
        return {}
    game, selves = game_of_run(trained), selves_of(trained, simulations)
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


def selves_of(trained: Trained, simulations: int) -> dict[str, Agent]:
    """The net as it was at the steps that it remembers, and as it is now, as searching players."""
    kept = len(jax.tree.leaves(trained.model_state["earlier"])[0])
    every = -(-trained.step // kept)
    selves = {
        f"step {place * every}": _searcher(
            trained, *earlier_self(trained.model_state, place), simulations
        )
        for place in range(kept)
        if place * every < trained.step
    }
    return {**selves, f"step {trained.step}": searching(trained, simulations)}


def searching(trained: Trained, simulations: int) -> Agent:
    """The net as a player that searches before each move."""
    return _searcher(trained, trained.params, trained.model_state, simulations)


def _searcher(trained: Trained, params: Params, model_state: ModelState, simulations: int) -> Agent:
    game = game_of_run(trained)
    evaluate = by_net(trained.model, params, model_state, game)
    return search_player(evaluate, game, simulations=simulations)


def _counts(match: Match) -> tuple[int, int, int]:
    wins, draws, losses = match.counts.sum(axis=0).tolist()
    return wins, draws, losses
