"""Trained nets as the evaluators that a search asks, and as policies."""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
from jax.tree_util import Partial

from dl.games.game import Game, Position
from dl.games.tree_search import Evaluate
from dl.types import Array, Key, Model, ModelState, Params

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
    """The evaluator that a net with two heads is, such as `dl.models.board_net`.

    It is a pytree of its parameters, so one program serves all nets of this model.
    """
    return Partial(_net_evaluator(model, game), params, model_state)


@cache
def _net_evaluator(model: Model, game: Game) -> Any:
    def evaluate(
        params: Params, model_state: ModelState, key: Key, positions: Position
    ) -> tuple[Array, Array]:
        planes = jax.vmap(game.observe)(positions)
        return policy_and_value(model.apply(params, model_state, planes)[0])

    return evaluate


def policy_of(model: Model, params: Params, model_state: ModelState, game: Game) -> Policy:
    """The policy of a net: its outputs, or their first A where the last is a value."""
    return Partial(_net_policy(model, game.moves), params, model_state)


@cache
def _net_policy(model: Model, moves: int) -> Any:
    def policy(params: Params, model_state: ModelState, planes: Array) -> Array:
        return model.apply(params, model_state, planes)[0][..., :moves]

    return policy
