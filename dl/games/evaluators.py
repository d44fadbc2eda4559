"""Trained nets as the evaluators that a search asks, and as policies."""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import jax
import jax.numpy as jnp

from dl.games.game import Game, Position
from dl.types import Array, Key, Model, ModelState, Params

Evaluate: TypeAlias = Callable[[Key, Position], tuple[Array, Array]]
"""(key, positions [B]) -> logits [B, A] of the moves and values [B], from −1 to 1 and from the view
of the player to move. A value that needs chance, such as a roll-out, draws from the key."""
Policy: TypeAlias = Callable[[Array], Array]
"""Planes [B, H, W, C] -> logits [B, A] of the moves."""


class PolicyValue(NamedTuple):
    """The two heads of a net: `logits` [B, A] of the moves, `value` [B] from −1 to 1."""

    logits: Array
    value: Array


def policy_and_value(outputs: Array) -> PolicyValue:
    """The heads of a `board_net` from its outputs [B, A + 1].

    >>> policy_and_value(jnp.array([[1.0, 2.0, 0.0]])).value
    Array([0.], dtype=float32)
    """
    return PolicyValue(outputs[..., :-1], jnp.tanh(outputs[..., -1]))


def by_net(model: Model, params: Params, model_state: ModelState, game: Game) -> Evaluate:
    """The evaluator that a net with two heads is, such as `dl.models.board_net`."""

    def evaluate(key: Key, positions: Position) -> tuple[Array, Array]:
        planes = jax.vmap(game.observe)(positions)
        return policy_and_value(model.apply(params, model_state, planes)[0])

    return evaluate


def policy_of(model: Model, params: Params, model_state: ModelState, game: Game) -> Policy:
    """The policy of a net: its outputs, or their first A where the last is a value."""
    return lambda planes: model.apply(params, model_state, planes)[0][..., : game.moves]
