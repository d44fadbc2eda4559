"""Gumbel search, by the library mctx: better than its net after few simulations."""

from functools import cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.tree_util import Partial

from dl.errors import InputError
from dl.games.agents import Agent
from dl.games.functions import as_argument
from dl.games.game import Game, Position
from dl.games.tree_search import Evaluate
from dl.types import Array, Key


class Improved(NamedTuple):
    """What the search says of each root: the `move` [B], a better `policy` [B, A], `value` [B]."""

    move: Array
    policy: Array
    value: Array
    visits: Array


def gumbel_search(
    key: Key,
    roots: Position,
    evaluate: Evaluate,
    game: Game,
    *,
    simulations: int,
    noise: float | Array = 1.0,
    considered: int = 16,
) -> Improved:
    """Search the games that go on from `roots` [B] with sequential halving at the root.

    Of the `considered` moves with the highest logits + Gumbel noise half are dropped again and
    again, so that their simulations count; `noise` 0 draws nothing. The policy is the softmax of
    logits + σ(q), with the net's estimate for moves that were not tried: it is at least as good as
    the net, whatever the number of simulations. Values are from the view of the player to move.

    Source: Danihelka et al. 2022, "Policy improvement by planning with Gumbel"; the search is that
    of mctx.

    Raises:
        InputError: if mctx is not installed.
    """
    mctx = _mctx()
    root_key, search_key = jax.random.split(key)
    logits, value = evaluate(root_key, roots)

    def expand(_: Any, key: Key, move: Array, positions: Position) -> tuple[Any, Position]:
        after = jax.vmap(game.play)(positions, move)
        over, result = jax.vmap(game.over)(after), jax.vmap(game.result)(after)
        logits, value = evaluate(key, after)
        legal = jax.vmap(game.legal)(after)
        return mctx.RecurrentFnOutput(
            reward=-result.astype(value.dtype),
            discount=jnp.where(over, 0.0, -1.0).astype(value.dtype),
            prior_logits=jnp.where(legal, logits, jnp.finfo(logits.dtype).min),
            value=jnp.where(over, 0.0, value),
        ), after

    output = mctx.gumbel_muzero_policy(
        (),
        search_key,
        mctx.RootFnOutput(prior_logits=logits, value=value, embedding=roots),
        expand,
        simulations,
        invalid_actions=~jax.vmap(game.legal)(roots),
        max_depth=game.longest,
        max_num_considered_actions=considered,
        gumbel_scale=noise,
    )
    tree = output.search_tree.summary()
    return Improved(output.action, output.action_weights, tree.value, tree.visit_counts)


def gumbel_player(evaluate: Evaluate, game: Game, *, simulations: int, noise: float = 0.0) -> Agent:
    """Plays the move that `gumbel_search` finds; without noise always the same one."""
    return Partial(_gumbel_player(game, simulations), as_argument(evaluate), noise)


@cache
def _gumbel_player(game: Game, simulations: int) -> Any:
    def choose(evaluate: Evaluate, noise: Any, key: Key, positions: Position) -> Array:
        return gumbel_search(
            key, positions, evaluate, game, simulations=simulations, noise=noise
        ).move

    return choose


def _mctx() -> Any:
    try:
        import mctx
    except ImportError:
        raise InputError(
            "Gumbel search needs mctx: pip install 'dl-lectures[games]', or search with "
            "dl.games.search"
        ) from None
    return mctx
