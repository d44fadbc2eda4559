"""Tree search: equal to mctx's on small trees; finds what can be found; its cost."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dl.games.game import Game, Position, named
from dl.games.tree_search import search
from dl.types import Array

C_PUCT, SIMULATIONS, ROOTS = 1.5, 40, 6


def linear_net(game: Game):
    """An evaluator with continuous values, so that no two moves are alike."""
    places = np.prod(game.planes)
    weights = 0.5 * np.random.default_rng(0).normal(size=(places, game.moves + 1)) + 0.05

    def evaluate(key: Array, positions: Position) -> tuple[Array, Array]:
        planes = jax.vmap(game.observe)(positions).reshape(-1, places) - 0.2
        outputs = planes @ jnp.asarray(weights, jnp.float32)
        return outputs[:, :-1], jnp.tanh(outputs[:, -1])

    return evaluate


def positions_after(game: Game, moves: int) -> Position:
    """ROOTS positions after some random moves; those that are over stay so."""

    def play(positions: Position, key: Array) -> tuple[Position, None]:
        legal = jax.vmap(game.legal)(positions)
        move = jax.random.categorical(key, jnp.where(legal, 0.0, -jnp.inf))
        return jax.vmap(game.play)(positions, move), None

    keys = jax.random.split(jax.random.key(4), moves)
    return jax.jit(lambda: jax.lax.scan(play, game.starts(ROOTS), keys)[0])()


def search_with_mctx(roots: Position, game: Game) -> tuple[np.ndarray, np.ndarray]:
    """Visits and values of the roots as mctx finds them, with the same formula."""
    mctx: Any = pytest.importorskip("mctx")

    evaluate, legal = linear_net(game), jax.vmap(game.legal)

    def recurrent(params: None, key: Array, move: Array, positions: Position):
        after = jax.vmap(game.play)(positions, move)
        logits, value = evaluate(key, after)
        over = jax.vmap(game.over)(after)
        return mctx.RecurrentFnOutput(
            reward=-jax.vmap(game.result)(after),
            discount=jnp.where(over, 0.0, -1.0),
            prior_logits=jnp.where(legal(after), logits, -1e9),
            value=value,
        ), after

    def values_of_legal_moves(tree: Any, node: Array) -> Array:
        position = jax.tree.map(lambda leaf: leaf[node], tree.embeddings)
        going_on = ~game.over(position)
        return jnp.where(game.legal(position) | ~going_on, tree.qvalues(node), -1e9)

    @jax.jit
    def run():
        logits, value = evaluate(jax.random.key(0), roots)
        root = mctx.RootFnOutput(
            prior_logits=jnp.where(legal(roots), logits, -1e9), value=value, embedding=roots
        )
        return mctx.muzero_policy(
            None,
            jax.random.key(0),
            root,
            recurrent,
            SIMULATIONS,
            invalid_actions=~legal(roots),
            qtransform=values_of_legal_moves,
            dirichlet_fraction=0.0,
            pb_c_init=C_PUCT,
            pb_c_base=1e9,
        ).search_tree.summary()

    summary = run()
    return np.asarray(summary.visit_counts), np.asarray(summary.value)


@pytest.mark.parametrize(("name", "moves"), [("tic_tac_toe", 3), ("connect_four", 12)])
def test_visits_and_values_are_those_of_mctx(name: str, moves: int) -> None:
    game = named(name)
    roots = positions_after(game, moves)
    visits, value = search_with_mctx(roots, game)
    found = jax.jit(
        lambda: search(
            jax.random.key(0),
            roots,
            linear_net(game),
            game,
            simulations=SIMULATIONS,
            c_puct=C_PUCT,
        )
    )()
    unfinished = ~np.asarray(jax.vmap(game.over)(roots))
    assert unfinished.sum() >= 4
    np.testing.assert_array_equal(found.visits[unfinished], visits[unfinished])
    np.testing.assert_allclose(found.value[unfinished], value[unfinished], rtol=1e-5)
