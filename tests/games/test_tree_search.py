"""Tree search: equal to mctx's on small trees; finds what can be found; its cost."""

import re
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dl.games.game import Game, Position, named
from dl.games.notation import move_numbers, play_moves, read_moves
from dl.games.rollout import by_rollout
from dl.games.tree_search import Found, most_tried, principal_variation, search
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


@pytest.mark.parametrize(
    ("name", "moves"),
    [("tic_tac_toe", 3), pytest.param("connect_four", 12, marks=pytest.mark.slow)],
)
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


class Searched(NamedTuple):
    found: Found
    legal: Any
    chosen: Any
    lines: Any


@pytest.fixture(scope="module")
def searched() -> Searched:
    """Four roots of tic-tac-toe, searched with roll-outs and noise.

    X wins at c3; O threatens there, and X must go to it; O wins at b1; and a game that is over.
    """
    game = named("tic_tac_toe")
    texts = ["a3 a2 b3 b2", "a1 a3 c2 b3", "a3 b3 a1 b2 c2", "a3 a2 b3 b2 c3"]
    positions = [jax.device_get(read_moves(text, game)) for text in texts]
    roots = jax.tree.map(lambda *leaves: np.stack(leaves), *positions)

    @jax.jit
    def run(key: Array) -> Searched:
        found = search(key, roots, by_rollout(game), game, simulations=150, root_noise=0.25)
        chosen = most_tried(found.visits, found.values)
        return Searched(found, jax.vmap(game.legal)(roots), chosen, principal_variation(found.tree))

    return jax.device_get(run(jax.random.key(0)))


def test_a_win_is_found_and_one_of_the_other_is_prevented(searched: Searched) -> None:
    names = named("tic_tac_toe").move_names
    assert [names[move] for move in searched.chosen[:3]] == ["c3", "c3", "b1"]
    assert searched.found.values[0, 2] == searched.found.values[2, 7] == 1.0


def test_all_simulations_count_and_illegal_moves_are_never_tried(searched: Searched) -> None:
    found, illegal = searched.found, ~searched.legal
    assert found.visits.sum(axis=1).tolist() == [150, 150, 150, 0]
    assert not found.visits[illegal].any()
    assert not found.prior[illegal].any()
    np.testing.assert_allclose(found.prior[:3].sum(axis=1), 1, rtol=1e-5)


def test_noise_changes_the_prior_of_the_root_alone(searched: Searched) -> None:
    prior = searched.found.tree.prior[:3]
    some = prior > 0
    spread = prior.max(axis=2, where=some, initial=0) - prior.min(axis=2, where=some, initial=1)
    assert np.all(spread[:, 0] > 0.01)
    assert np.all(spread[:, 1:] < 1e-6)


def test_the_value_of_a_finished_root_is_its_result(searched: Searched) -> None:
    assert searched.found.value[3] == -1.0  # X has won, and O would be to move


def test_the_principal_variation_is_a_game(searched: Searched) -> None:
    """It ends with the win of the first and of the third root; −1 stands after the end."""
    game, lines = named("tic_tac_toe"), searched.lines
    assert lines[0, :2].tolist() == [2, -1]
    assert lines[2, :2].tolist() == [7, -1]
    assert lines[3, 0] == -1
    assert lines[1, 0] == searched.chosen[1]
    play_moves([*move_numbers("a1 a3 c2 b3", game), *lines[1][lines[1] >= 0]], game)


def test_the_first_move_tried_is_the_most_probable() -> None:
    game = named("tic_tac_toe")

    def prefer(key: Array, positions: Position) -> tuple[Array, Array]:
        return jnp.zeros((1, 9)).at[0, 6].set(2.0), jnp.zeros(1)

    def run() -> Array:
        return search(jax.random.key(0), game.starts(1), prefer, game, simulations=1).visits

    assert jax.jit(run)().tolist() == [[0, 0, 0, 0, 0, 0, 1, 0, 0]]


@pytest.mark.slow
def test_no_simulation_copies_the_tree() -> None:
    """No loop of the program copies an array as large as the trees, so the cost is linear."""
    game, simulations = named("connect_four"), 611  # a size that nothing else has
    evaluate = linear_net(game)

    def run(key: Array) -> Array:
        return search(key, game.starts(3), evaluate, game, simulations=simulations).visits

    text = jax.jit(run).lower(jax.random.key(0)).compile().as_text()
    loops = text.split("\nENTRY ")[0]
    large = rf"\[3,{simulations + 1}\D[^=\n]*"
    assert re.search(rf"{large}scatter\(", loops)
    assert not re.search(rf"{large}copy\(", loops)
