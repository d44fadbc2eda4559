"""Players of games: functions that choose a move in each of several games."""

from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
from jax.tree_util import Partial

from dl.errors import InputError
from dl.games.functions import as_argument
from dl.games.perfect import position_number, solve_tic_tac_toe
from dl.games.rollout import by_rollout, draw_moves, draw_uniformly
from dl.games.rules import Game, Position
from dl.games.tree_search import Evaluate, most_tried, search
from dl.types import Array, Key

Agent: TypeAlias = Callable[[Key, Position], Array]
"""What plays: (key, positions [B]) -> legal moves [B]. Of finished games the move has no meaning.

Those made here are pytrees, so that programs take them as arguments: players that differ in their
parameters alone share one program.
"""


def random_player(game: Game) -> Agent:
    """Draws from the legal moves, all alike.

    >>> from dl.games.game import named
    >>> game = named("tic_tac_toe")
    >>> random_player(game)(jax.random.key(0), game.starts(3)).shape
    (3,)
    """
    return policy_player(None, game, temperature=1.0)


def policy_player(policy: Any, game: Game, temperature: float = 0.0) -> Agent:
    """Draws a legal move with p ∝ exp(logits / temperature); at 0 it takes the likeliest.

    `policy` is a function from observations [B, H, W, C] to logits [B, A]. Make it a
    `jax.tree_util.Partial` of its parameters, and other parameters need no other program.
    """
    return Partial(_policy_player(game, temperature), as_argument(policy))


@cache
def _policy_player(game: Game, temperature: float) -> Any:
    def choose(policy: Any, key: Key, positions: Position) -> Array:
        return draw_moves(key, positions, policy, game, temperature)

    return choose


def one_step_player(game: Game) -> Agent:
    """Wins if it can in one move, else prevents what would win for the other, else draws a move.

    A move prevents a win if after it the other player has no move that wins. If there is none,
    any legal move is drawn.
    """
    return Partial(_one_step_player(game))


@cache
def _one_step_player(game: Game) -> Any:
    def wins(position: Position) -> Array:
        """The moves [A] that win at once: after them the other player is to move and has lost."""
        after = jax.vmap(game.play, (None, 0))(position, jnp.arange(game.moves))
        return game.legal(position) & (jax.vmap(game.result)(after) < 0)

    def best(position: Position) -> Array:
        legal, winning = game.legal(position), wins(position)
        after = jax.vmap(game.play, (None, 0))(position, jnp.arange(game.moves))
        safe = legal & ~jax.vmap(wins)(after).any(axis=1)
        return _first_with_any(winning, safe, legal)

    def choose(key: Key, positions: Position) -> Array:
        return draw_uniformly(key, jax.vmap(best)(positions))

    return choose


def _first_with_any(*choices: Array) -> Array:
    """Of several sets of moves [A], the first that is not empty."""
    first, *others = choices
    return jnp.where(first.any(), first, _first_with_any(*others)) if others else first


def search_player(
    evaluate: Evaluate,
    game: Game,
    *,
    simulations: int,
    c_puct: float = 1.25,
    temperature: float = 0.0,
    root_noise: float = 0.0,
    noise_alpha: float = 0.3,
) -> Agent:
    """Searches, and takes the move that was tried most; of several, the better one.

    With a temperature τ it draws a move with p ∝ N(a)^(1/τ). The other options are those of
    `search`. Source: Silver et al. 2017, "Mastering the game of Go without human knowledge".
    """
    choose = _search_player(game, simulations, temperature, root_noise, noise_alpha)
    return Partial(choose, as_argument(evaluate), c_puct)


@cache
def _search_player(
    game: Game, simulations: int, temperature: float, root_noise: float, noise_alpha: float
) -> Any:
    def choose(evaluate: Evaluate, c_puct: Any, key: Key, positions: Position) -> Array:
        search_key, draw_key = jax.random.split(key)
        found = search(
            search_key,
            positions,
            evaluate,
            game,
            simulations=simulations,
            c_puct=c_puct,
            root_noise=root_noise,
            noise_alpha=noise_alpha,
        )
        if temperature == 0:
            return most_tried(found.visits, found.values)
        logits = jnp.log(found.visits) / temperature
        return jax.random.categorical(draw_key, logits).astype(jnp.int32)

    return choose


def rollout_mcts(game: Game, simulations: int, *, c_puct: float = 2.5) -> Agent:
    """Plain Monte Carlo tree search: uniform priors, and one uniformly random roll-out a leaf.

    In Connect Four, with 100 and with 1,000 simulations, the constant 2.5 is as strong as 4, and
    stronger than 1.25 and than 6 or 8.
    """
    return search_player(by_rollout(game), game, simulations=simulations, c_puct=c_puct)


def perfect_player(game: Game) -> Agent:
    """Draws from the best moves of tic-tac-toe, all alike: it never loses.

    Raises:
        InputError: for another game, of which not every position is solved.
    """
    if game.name != "tic_tac_toe":
        raise InputError(f"the perfect player knows tic_tac_toe, and not {game.name}")
    return Partial(_play_perfectly)


def _play_perfectly(key: Key, positions: Position) -> Array:
    values = jnp.nan_to_num(jnp.asarray(solve_tic_tac_toe().moves, jnp.float32), nan=-2)
    values = values[position_number(positions)]
    return draw_uniformly(key, values == values.max(axis=-1, keepdims=True))
