"""Matches: many games between two players, half of them with each colour."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from dl.errors import InputError
from dl.games.agents import Agent
from dl.games.functions import as_argument
from dl.games.rollout import draw_uniformly
from dl.games.rules import Game, Position
from dl.tables import Table
from dl.types import Array, Key


@dataclass(frozen=True, eq=False)
class Match:
    """The games of a match, from the view of one of its players.

    `counts` [2, 3] are wins, draws and losses, in the games where the player has the first move
    and in those where the other has it. `moves` [games, longest] are all moves in the same order,
    those of the opening too, with −1 after the end; `results` [games] are 1, 0 and −1.
    """

    counts: np.ndarray
    moves: np.ndarray
    results: np.ndarray

    @property
    def games(self) -> int:
        return int(self.counts.sum())

    @property
    def score(self) -> float:
        """The share of points: a win is one, a draw a half."""
        wins, draws, _ = self.counts.sum(axis=0)
        return float((wins + draws / 2) / self.games)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the score, by `wilson`."""
        return wilson(self.score, self.games)

    def table(self) -> Table:
        """Wins, draws and losses by colour, and together with the score and its interval."""
        rows = [*zip(("first", "second"), self.counts.tolist(), strict=True)]
        rows += [("both", self.counts.sum(axis=0).tolist())]
        low, high = self.interval
        return Table(
            ("moves", "wins", "draws", "losses", "score"),
            tuple((name, *counts, _score(*counts)) for name, counts in rows),
            formats={"score": ".1%"},
            title=f"score {self.score:.1%} of {self.games} games (95 %: {low:.1%} to {high:.1%})",
        )


def _score(wins: int, draws: int, losses: int) -> float:
    return (wins + draws / 2) / (wins + draws + losses)


def wilson(score: float, games: int, z: float = 1.959964) -> tuple[float, float]:
    """The interval of a share of so many games, at 95 %; with draws it is wider than need be.

    Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference".

    >>> [round(end, 3) for end in wilson(0.5, 100)]
    [0.404, 0.596]
    """
    middle = score + z * z / (2 * games)
    reach = z * math.sqrt(score * (1 - score) / games + (z / (2 * games)) ** 2)
    scale = 1 + z * z / games
    return max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale)


def play_match(
    first: Agent,
    second: Agent,
    game: Game,
    games: int,
    key: Key,
    *,
    openings: int = 0,
    at_once: int = 128,
) -> Match:
    """Let two players play `games` games, and tell the results from the view of `first`.

    The games are pairs that begin alike, with the colours exchanged. Where neither player draws
    its moves, all pairs would be the same: then begin with some random moves, `openings`, which
    do not end the game. One program is compiled, for `at_once` games at a time.

    Raises:
        InputError: if the games are not pairs, or the openings are as long as the game.

    >>> from dl.games import agents
    >>> from dl.games.game import named
    >>> game = named("tic_tac_toe")
    >>> player = agents.random_player(game)
    >>> match = play_match(player, agents.one_step_player(game), game, 20, jax.random.key(0))
    >>> match.counts.sum(axis=1).tolist(), match.score < 0.5
    ([10, 10], True)
    """
    if games < 2 or games % 2:
        raise InputError(f"half of the games are played with each colour: {games} is not even")
    if not 0 <= openings < game.longest:
        raise InputError(
            f"openings of {openings} moves: a game of {game.name} has at most {game.longest}"
        )
    pairs = games // 2
    size = max(1, min(pairs, at_once // 2))
    players = as_argument(first), as_argument(second)
    keys = jax.random.split(key, math.ceil(pairs / size))
    chunks = [jax.device_get(_play_pairs(*players, each, game, size, openings)) for each in keys]
    played = jax.tree.map(lambda *parts: np.concatenate(parts)[:pairs], *chunks)
    counts = [[np.sum(each == result) for result in (1, 0, -1)] for each in played.results]
    return Match(np.array(counts), np.concatenate(played.moves), np.concatenate(played.results))


class Pairs(NamedTuple):
    """Games where `first` has the first move, and those where `second` has it.

    `moves` are two arrays [G, longest], `results` two arrays [G], both from the view of `first`.
    """

    moves: tuple[Array, Array]
    results: tuple[Array, Array]


class _Side(NamedTuple):
    """Games [G] in which the same player is to move, and their `moves` [longest, G]."""

    positions: Position
    moves: Array


def play_pairs(
    first: Agent, second: Agent, key: Key, game: Game, pairs: int, openings: int = 0
) -> Pairs:
    """Two games of each opening, with the colours exchanged; ends when all games are over."""
    opening_key, key = jax.random.split(key)
    opened = _open(opening_key, game, pairs, openings)

    def goes_on(state: tuple[Array, _Side, _Side]) -> Array:
        number, *sides = state
        unfinished = [jnp.any(~jax.vmap(game.over)(side.positions)) for side in sides]
        return (number < game.longest) & (unfinished[0] | unfinished[1])

    def play_on(state: tuple[Array, _Side, _Side]) -> tuple[Array, _Side, _Side]:
        number, mine, yours = state
        keys = jax.random.split(jax.random.fold_in(key, number))
        mine = _move(mine, first(keys[0], mine.positions), number, game)
        yours = _move(yours, second(keys[1], yours.positions), number, game)
        return number + 1, yours, mine  # so that either player stands in the program once

    number, mine, yours = lax.while_loop(goes_on, play_on, (jnp.int32(openings), opened, opened))
    # `mine` are the games in which `first` would be to move next.
    as_first, as_second = (
        _select(number % 2 == 0, mine, yours),
        _select(number % 2 == 0, yours, mine),
    )
    scores = [jax.vmap(game.score)(side.positions) for side in (as_first, as_second)]
    return Pairs((as_first.moves.T, as_second.moves.T), (scores[0], -scores[1]))


_play_pairs = jax.jit(play_pairs, static_argnames=("game", "pairs", "openings"))


def _select(condition: Array, yes: _Side, no: _Side) -> _Side:
    return jax.tree.map(lambda left, right: jnp.where(condition, left, right), yes, no)


def _open(key: Key, game: Game, pairs: int, openings: int) -> _Side:
    """Games after random moves that do not end them, unless all legal moves do."""

    def open_with(side: _Side, number: Array) -> tuple[_Side, None]:
        moves = draw_uniformly(jax.random.fold_in(key, number), jax.vmap(going_on)(side.positions))
        return _move(side, moves, number, game), None

    def going_on(position: Position) -> Array:
        legal = game.legal(position)
        after = jax.vmap(game.play, (None, 0))(position, jnp.arange(game.moves))
        safe = legal & ~jax.vmap(game.over)(after)
        return jnp.where(safe.any(), safe, legal)

    nothing = jnp.full((game.longest, pairs), -1, jnp.int32)
    return lax.scan(open_with, _Side(game.starts(pairs), nothing), jnp.arange(openings))[0]


def _move(side: _Side, moves: Array, number: Array, game: Game) -> _Side:
    noted = jnp.where(jax.vmap(game.over)(side.positions), -1, moves)
    return _Side(jax.vmap(game.play)(side.positions, moves), side.moves.at[number].set(noted))
