"""Monte Carlo tree search with priors (PUCT): the search of AlphaGo and AlphaZero."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
from jax import lax

from dl.games.rules import Game, Position
from dl.types import Array, Key

Evaluate: TypeAlias = Callable[[Key, Position], tuple[Array, Array]]
"""What a search asks about positions [B]: (key, positions) -> logits [B, A] of the moves and
values [B] from −1 to 1, from the view of the player who is to move."""

UNTRIED, ILLEGAL = 0, -1


class Tree(NamedTuple):
    """The trees of B roots, with room for S nodes each. Node 0 is the root.

    `positions` [B, S, ...], of which `over` [B, S] are finished. `children` [B, S, A] are the nodes
    that the moves lead to, `UNTRIED` or `ILLEGAL`. `prior` [B, S, A] are the probabilities of the
    moves; `visits` [B, S, A] tells how often each was tried, and `sums` [B, S, A] are the summed
    values of what it led to, from the view of the player who makes the move.
    """

    positions: Position
    over: Array
    children: Array
    prior: Array
    visits: Array
    sums: Array


class Found(NamedTuple):
    """What a search says about its roots.

    `visits` [B, A] and mean `values` [B, A] of the moves (0 for those not tried), their `prior`
    [B, A] with the noise, and the `value` [B] of the root, all from the view of the player to move.
    """

    visits: Array
    values: Array
    prior: Array
    value: Array
    tree: Tree


def search(
    key: Key,
    roots: Position,
    evaluate: Evaluate,
    game: Game,
    *,
    simulations: int,
    c_puct: Any = 1.25,
    root_noise: float = 0.0,
    noise_alpha: float = 0.3,
) -> Found:
    """Search the games that go on from `roots` [B], by so many simulations for each.

    A simulation goes down from the root to a position that is not in the tree, by the moves of the
    highest

        Q(s, a) + c_puct · P(s, a) · √N(s) / (1 + N(s, a)),

    asks for its value, and adds that to all moves on the way. Q is the mean value, 0 for a move
    that was not tried; N(s) counts the visits of a position, the one at which it was evaluated too,
    so that the first move tried is the most probable. A finished position has its score as value.
    `root_noise` is the share of Dirichlet(`noise_alpha`) noise in the prior of the root.

    Source: Silver et al. 2016, "Mastering the game of Go with deep neural networks and tree
    search", methods; Silver et al. 2018, "A general reinforcement learning algorithm that masters
    chess, shogi, and Go through self-play"; H1.

    >>> from dl.games.game import named
    >>> game = named("tic_tac_toe")
    >>> know_nothing = lambda key, positions: (jnp.zeros((2, 9)), jnp.zeros(2))
    >>> run = jax.jit(lambda key, roots: search(key, roots, know_nothing, game, simulations=20))
    >>> run(jax.random.key(0), game.starts(2)).visits.sum(axis=1).tolist()
    [20, 20]
    """
    noise_key, root_key, key = jax.random.split(key, 3)
    logits, value = evaluate(root_key, roots)
    tree = _plant(roots, logits, game, simulations)
    noisy = _with_noise(noise_key, tree.prior[:, 0], tree.children[:, 0], root_noise, noise_alpha)
    tree = tree._replace(prior=tree.prior.at[:, 0].set(noisy))
    longest = min(simulations, game.longest)

    def simulate(number: Array, tree: Tree) -> Tree:
        path = _descend(tree, c_puct, longest)
        node = jnp.where(path.child == UNTRIED, number + 1, path.child)
        positions = jax.vmap(game.play)(_of(tree.positions, path.parent), path.move)
        logits, values = evaluate(jax.random.fold_in(key, number), positions)
        tree = _add_node(tree, path, node, positions, logits, game)
        return _back_up(tree, path, _settled(positions, values, game))

    tree = lax.fori_loop(0, simulations, simulate, tree)
    visits = jnp.where(tree.children[:, 0] == ILLEGAL, 0, tree.visits[:, 0])
    summed = jnp.where(visits > 0, tree.sums[:, 0], 0.0)
    value = (_settled(roots, value, game) + summed.sum(axis=1)) / (1 + visits.sum(axis=1))
    return Found(visits, summed / jnp.maximum(visits, 1), tree.prior[:, 0], value, tree)


def principal_variation(tree: Tree) -> Array:
    """The moves [B, D] that were tried most, one after the other from the root; −1 after the last.

    A line ends at a finished position or where nothing was tried. Of moves tried equally often it
    is the better one.
    """
    rows = jnp.arange(tree.over.shape[0])

    def follow(node: Array, _: None) -> tuple[Array, Array]:
        visits = tree.visits[rows, node]
        move = most_tried(visits, tree.sums[rows, node] / jnp.maximum(visits, 1))
        child = tree.children[rows, node, move]
        goes_on = (child > UNTRIED) & (node >= 0)
        return jnp.where(goes_on, child, -1), jnp.where(goes_on, move, -1)

    depth = tree.over.shape[1] - 1
    return lax.scan(follow, jnp.zeros_like(rows), None, length=depth)[1].T


def most_tried(visits: Array, values: Array) -> Array:
    """The moves [B] with most visits [B, A]; of several, the one with the highest value [B, A].

    >>> most_tried(jnp.array([[3, 5, 5]]), jnp.array([[0.9, -0.5, 0.0]])).tolist()
    [2]
    """
    return jnp.argmax(visits + values / 4, axis=-1).astype(jnp.int32)


class _Path(NamedTuple):
    """The way down: `nodes` and `moves` [D, B] of which `length` [B] count, and where it ended.

    `child` [B] is UNTRIED, or the finished node that was met again.
    """

    nodes: Array
    moves: Array
    length: Array
    parent: Array
    move: Array
    child: Array


def _plant(roots: Position, logits: Array, game: Game, simulations: int) -> Tree:
    """Trees of nothing but their roots."""
    batch, moves = logits.shape
    nodes = simulations + 1

    def with_room(leaf: Array) -> Array:
        return jnp.zeros((batch, nodes, *leaf.shape[1:]), leaf.dtype).at[:, 0].set(leaf)

    children, prior = _children_and_prior(roots, logits, game)
    return Tree(
        positions=jax.tree.map(with_room, roots),
        over=with_room(jax.vmap(game.over)(roots)),
        children=with_room(children),
        prior=with_room(prior),
        visits=jnp.zeros((batch, nodes, moves), jnp.int32),
        sums=jnp.zeros((batch, nodes, moves), jnp.float32),
    )


def _children_and_prior(positions: Position, logits: Array, game: Game) -> tuple[Array, Array]:
    legal = jax.vmap(game.legal)(positions)
    children = jnp.where(legal, UNTRIED, ILLEGAL).astype(jnp.int32)
    return children, masked_softmax(logits, legal)


def masked_softmax(logits: Array, legal: Array) -> Array:
    """Probabilities [..., A] of the legal moves alone; all 0 where none is.

    >>> masked_softmax(jnp.zeros(3), jnp.array([True, False, True])).tolist()
    [0.5, 0.0, 0.5]
    """
    return jax.nn.softmax(logits.astype(jnp.float32), axis=-1, where=legal) * legal


def _with_noise(key: Key, prior: Array, children: Array, share: float, alpha: float) -> Array:
    if share == 0:
        return prior
    # In logarithms, because with a small alpha most of the numbers are 0 in float32.
    noise = masked_softmax(jax.random.loggamma(key, alpha, prior.shape), children != ILLEGAL)
    return (1 - share) * prior + share * noise


def _descend(tree: Tree, c_puct: Any, longest: int) -> _Path:
    batch = tree.over.shape[0]
    rows = jnp.arange(batch)

    def step(state: tuple[Array, Array, _Path]) -> tuple[Array, Array, _Path]:
        depth, going, path = state
        node = jnp.where(going, path.child, path.parent)
        move = _select(tree, rows, node, c_puct)
        child = tree.children[rows, node, move]
        nodes, moves = path.nodes.at[depth].set(node), path.moves.at[depth].set(move)
        goes_on = going & (child > UNTRIED) & ~tree.over[rows, child]
        return depth + 1, goes_on, _Path(nodes, moves, path.length + going, node, move, child)

    zeros = jnp.zeros(batch, jnp.int32)  # the first step goes to node 0, the root
    ways = jnp.zeros((longest, batch), jnp.int32)
    first = jnp.int32(0), jnp.ones(batch, bool), _Path(ways, ways, zeros, zeros, zeros, zeros)
    return lax.while_loop(lambda state: jnp.any(state[1]) & (state[0] < longest), step, first)[2]


def _select(tree: Tree, rows: Array, node: Array, c_puct: Any) -> Array:
    """The moves [B] of the highest Q + U at a node of each tree."""
    visits = tree.visits[rows, node]
    mean = tree.sums[rows, node] / jnp.maximum(visits, 1)
    root = jnp.sqrt(1.0 + visits.sum(axis=-1, keepdims=True))
    score = mean + c_puct * tree.prior[rows, node] * root / (1 + visits)
    legal = tree.children[rows, node] != ILLEGAL
    return jnp.argmax(jnp.where(legal, score, -jnp.inf), axis=-1).astype(jnp.int32)


def _of(leaves: Any, node: Array) -> Any:
    """What belongs to one node of each tree: [B, S, ...] -> [B, ...]."""
    return jax.tree.map(lambda leaf: leaf[jnp.arange(len(node)), node], leaves)


def _add_node(
    tree: Tree, path: _Path, node: Array, positions: Position, logits: Array, game: Game
) -> Tree:
    """Write what `node` [B] is. A finished node that was met again is written as it was."""
    rows = jnp.arange(len(node))
    children, prior = _children_and_prior(positions, logits, game)
    return tree._replace(
        positions=jax.tree.map(
            lambda leaf, new: leaf.at[rows, node].set(new), tree.positions, positions
        ),
        over=tree.over.at[rows, node].set(jax.vmap(game.over)(positions)),
        children=tree.children.at[rows, node]
        .set(children)
        .at[rows, path.parent, path.move]
        .set(node),
        prior=tree.prior.at[rows, node].set(prior),
    )


def _back_up(tree: Tree, path: _Path, values: Array) -> Tree:
    """Add the value of the position at the end to each move on the way, from its mover's view."""
    steps = jnp.arange(len(path.nodes))[:, None]
    on_path = steps < path.length
    sign = 1 - 2 * ((path.length - steps) % 2)
    nodes = jnp.where(on_path, path.nodes, tree.over.shape[1])
    place = jnp.arange(len(values)), nodes, path.moves
    return tree._replace(
        visits=tree.visits.at[place].add(1, mode="drop"),
        sums=tree.sums.at[place].add(sign * values, mode="drop"),
    )


def _settled(positions: Position, values: Array, game: Game) -> Array:
    """The values [B], of finished positions by their scores, for the player to move."""
    finished = jax.vmap(game.over)(positions)
    return jnp.where(finished, jax.vmap(game.result)(positions), values)
