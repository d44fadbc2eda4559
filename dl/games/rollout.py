"""Roll-outs: positions are played to the end, and the result says what they are worth."""

from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.tree_util import Partial

from dl.games.functions import as_argument
from dl.games.rules import Game, Position
from dl.games.tree_search import Evaluate
from dl.types import Array, Key


def roll_out(key: Key, positions: Position, policy: Any, game: Game) -> Array:
    """The results [B] of positions that are played to the end, for the player now to move.

    Both sides draw their moves from `policy`, a function from observations [B, H, W, C] to logits
    [B, A]; None is uniform over the legal moves. The value is 1 for a win, −1 for a loss, 0 for a
    draw. All games go on until the longest is over.

    Source: Silver et al. 2016, methods ("rollout policy"); H1.

    >>> from dl.games.game import named
    >>> game = named("tic_tac_toe")
    >>> roll_out(jax.random.key(0), game.starts(3), None, game).shape
    (3,)
    """

    def goes_on(state: tuple[Array, Position]) -> Array:
        return (state[0] < game.longest) & ~jnp.all(jax.vmap(game.over)(state[1]))

    def play_on(state: tuple[Array, Position]) -> tuple[Array, Position]:
        number, positions = state
        move = draw_moves(jax.random.fold_in(key, number), positions, policy, game)
        return number + 1, jax.vmap(game.play)(positions, move)

    _, ends = lax.while_loop(goes_on, play_on, (jnp.int32(0), positions))
    turned = jax.vmap(game.mover)(ends) != jax.vmap(game.mover)(positions)
    return jnp.where(turned, -1, 1) * jax.vmap(game.result)(ends)


def draw_moves(
    key: Key, positions: Position, policy: Any, game: Game, temperature: float = 1.0
) -> Array:
    """Legal moves [B] drawn from a policy (None: uniform); the likeliest at temperature 0.

    >>> from dl.games.game import named
    >>> game = named("connect_four")
    >>> prefer_left = lambda planes: jnp.zeros((2, 7)).at[:, 0].set(9.0)
    >>> draw_moves(jax.random.key(0), game.starts(2), prefer_left, game, temperature=0).tolist()
    [0, 0]
    """
    legal = jax.vmap(game.legal)(positions)
    if policy is None:
        return draw_uniformly(key, legal)
    logits = jnp.where(legal, policy(jax.vmap(game.observe)(positions)), -jnp.inf)
    if temperature == 0:
        return jnp.argmax(logits, axis=-1).astype(jnp.int32)
    return jax.random.categorical(key, logits / temperature).astype(jnp.int32)


def draw_uniformly(key: Key, allowed: Array) -> Array:
    """One of the moves marked in each row [B, A], all alike: [B]; 0 where none is marked.

    It takes a single random number a row, since random numbers are most of the cost of a roll-out.

    >>> draw_uniformly(jax.random.key(0), jnp.array([[False, True, False]])).tolist()
    [1]
    """
    count = allowed.sum(axis=-1)
    number = jnp.floor(jax.random.uniform(key, count.shape) * count).astype(jnp.int32)
    return jnp.argmax(jnp.cumsum(allowed, axis=-1) > number[:, None], axis=-1).astype(jnp.int32)


def by_rollout(game: Game, policy: Any = None, prior: Any = None) -> Evaluate:
    """An evaluator by one roll-out of each position with `policy`, as `roll_out` plays it.

    `prior` is a function from observations to logits; without it all legal moves are as probable,
    and without either, a search is plain Monte Carlo tree search. The evaluator is a pytree.

    >>> from dl.games.game import named
    >>> game = named("tic_tac_toe")
    >>> logits, values = by_rollout(game)(jax.random.key(0), game.starts(3))
    >>> logits.shape, values.shape
    ((3, 9), (3,))
    """
    return Partial(_rollout_of(game), as_argument(policy), as_argument(prior))


@cache
def _rollout_of(game: Game) -> Any:
    def evaluate(policy: Any, prior: Any, key: Key, positions: Position) -> tuple[Array, Array]:
        values = roll_out(key, positions, policy, game)
        if prior is None:
            return jnp.zeros((len(values), game.moves)), values
        return prior(jax.vmap(game.observe)(positions)), values

    return evaluate


def mixed(evaluate: Any, rollout: Any, lam: Any) -> Evaluate:
    """AlphaGo's evaluator of leaves: (1 − λ) v + λ z, with the prior of the first.

    v is the value that `evaluate` gives and z is that of `rollout`, such as `by_rollout(game)`.
    For λ = 0 and λ = 1 the program computes both values all the same. Source: Silver et al. 2016,
    methods; H1.

    >>> always = lambda value: lambda key, positions: (jnp.zeros((1, 9)), jnp.array([value]))
    >>> mixed(always(1.0), always(0.0), 0.25)(jax.random.key(0), None)[1].tolist()
    [0.75]
    """
    return Partial(_mix, as_argument(evaluate), as_argument(rollout), lam)


def _mix(
    evaluate: Any, rollout: Any, lam: Any, key: Key, positions: Position
) -> tuple[Array, Array]:
    first, second = jax.random.split(key)
    logits, values = evaluate(first, positions)
    _, results = rollout(second, positions)
    return logits, (1 - lam) * values + lam * results
