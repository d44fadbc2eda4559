"""What a player thinks of a position: how good each move is, and what will follow."""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from dl.games.functions import as_argument
from dl.games.rules import Game, Position
from dl.games.tree_search import Evaluate, Tree, masked_softmax, principal_variation, search
from dl.types import Array, Key


class Thought(NamedTuple):
    """What a player thinks of one position, as NumPy arrays; all values are for its mover.

    `prior` [A] are the probabilities of the moves before the search. `visits` [A] and mean `values`
    [A] of the moves that were tried are 0 without a search. `value` is that of the position, `line`
    the moves that it expects, its own first, and `tree` that of the search, whose leaves have no
    batch axis.
    """

    prior: np.ndarray
    visits: np.ndarray
    values: np.ndarray
    value: float
    line: tuple[int, ...]
    tree: Tree | None

    @property
    def move(self) -> int:
        """The move that it plays: the one tried most, or without a search the most probable."""
        return self.line[0]

    @property
    def shares(self) -> np.ndarray:
        """How the search has spread over the moves [A]; without a search the prior."""
        return self.visits / self.visits.sum() if self.visits.any() else self.prior


class Thinker(NamedTuple):
    """A player that tells what it thinks: its evaluator, and how many simulations it makes.

    Without simulations it plays the most probable move. Made of pytrees, so that nets of one
    architecture share a compiled program.
    """

    name: str
    game: Game
    evaluate: Evaluate
    simulations: int

    def think(self, position: Position, seed: int = 0) -> Thought:
        """What it thinks of an unfinished position.

        >>> from dl.games.game import named
        >>> from dl.games.rollout import by_rollout
        >>> game = named("tic_tac_toe")
        >>> player = Thinker("roll-outs", game, by_rollout(game), simulations=200)
        >>> thought = player.think(game.start())
        >>> int(thought.visits.sum()), len(thought.line) > 1
        (200, True)
        """
        roots = jax.tree.map(lambda leaf: jnp.asarray(leaf)[None], position)
        look = _alone if not self.simulations else partial(_search, simulations=self.simulations)
        key = jax.random.key(seed)
        return _as_thought(
            jax.device_get(look(as_argument(self.evaluate), key, roots, game=self.game))
        )


@partial(jax.jit, static_argnames=("game", "simulations"))
def _search(evaluate: Evaluate, key: Key, roots: Position, game: Game, simulations: int) -> Any:
    found = search(key, roots, evaluate, game, simulations=simulations)
    return found, principal_variation(found.tree)


@partial(jax.jit, static_argnames="game")
def _alone(evaluate: Evaluate, key: Key, roots: Position, game: Game) -> tuple[Array, Array]:
    logits, values = evaluate(key, roots)
    return masked_softmax(logits, jax.vmap(game.legal)(roots)), values


def _as_thought(told: Any) -> Thought:
    found, line = told
    if isinstance(found, np.ndarray):
        prior, nothing = found[0], np.zeros(len(found[0]))
        return Thought(prior, nothing, nothing, float(line[0]), (int(prior.argmax()),), None)
    return Thought(
        found.prior[0],
        found.visits[0],
        found.values[0],
        float(found.value[0]),
        tuple(int(move) for move in line[0] if move >= 0),
        jax.tree.map(lambda leaf: leaf[0], found.tree),
    )
