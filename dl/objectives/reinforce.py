"""Policy gradient in games against earlier selves."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from dl import metrics
from dl.errors import InputError
from dl.games.evaluators import Policy
from dl.games.game import Game, Position
from dl.layers.row_keys import example_keys
from dl.models.earlier_selves import renewed, without_pool
from dl.models.given import require_model
from dl.ranges import Range, check_number
from dl.types import (
    EARLIER,
    Array,
    Batch,
    Carry,
    Key,
    Metrics,
    Model,
    ModelState,
    Objective,
    Params,
)

WORST = -1e9
"""The logit of a move that is not legal."""


class Played(NamedTuple):
    """Pairs of games as the learner saw them; at ply t [L, B, ...] it moves in one of each pair.

    It is the first player of one game and the second of the other. `moves` were its own; `real` is
    0 after the end of a game. `results` [2, B] are 1, 0 or −1 for the learner.
    """

    planes: Array
    legal: Array
    moves: Array
    real: Array
    results: Array


def reinforce(model: Model, game: Game, *, every: int = 100) -> Objective:
    """REINFORCE: moves of games that were won become more probable, those of lost games less.

    For each example of a batch the net plays two games, one with either colour, against an earlier
    self that is drawn anew at each step from the pool of `with_earlier_selves`; every `every` steps
    the pool gets the newest parameters. Both sides draw moves from the softmax over the legal ones.
    The gradient is that of

        L = −½ Σ_games (z − b) Σ_t log π(a_t | s_t)

    for an example, with z = 1, 0, −1 for a game that was won, drawn, lost; b is the mean z of the
    other games of the batch with that colour, which leaves the expected gradient as it is. (In the
    paper it is the value network.) Inputs and targets are not used, only the mask and, for the
    draws, the number of the example.

    Reports `score`, the share of points of the games (a draw is half a point), and `loss`, which is
    1 − score, although its gradient is the one above. In evaluation the games are against entry 0
    of the pool: the net with which the training began. Source: Silver et al. 2016, methods, "Policy
    network: reinforcement learning"; Williams 1992; H1.

    Raises:
        InputError: for a model without earlier selves, when it is applied; an `every` below 1.
    """
    require_model(model, by="reinforce")
    check_number("every", every, Range(at_least=1), whole=True)

    def objective(
        params: Params,
        model_state: ModelState,
        batch: Batch,
        *,
        train: bool = False,
        key: Key | None = None,
        carry: Carry = (),
    ) -> tuple[Metrics, ModelState, Carry]:
        if EARLIER not in model_state:
            raise InputError("reinforce needs earlier selves: give it with_earlier_selves(model)")
        state, pool = without_pool(model_state), model_state[EARLIER]
        pool = renewed(pool, params, every=every) if train else pool
        drawn_key, play_key = jax.random.split(jax.random.key(0) if key is None else key)
        drawn = jax.random.randint(drawn_key, (), 0, _size(pool)) if train else 0
        other = jax.tree.map(lambda leaf: leaf[drawn], pool["params"])

        def logits(params: Params, planes: Array) -> Array:
            return model.apply(params, {**state, EARLIER: pool}, planes)[0]

        keys = example_keys(play_key, batch["index"])
        fixed = jax.tree.map(jax.lax.stop_gradient, params)
        played = play_pairs(
            game, keys, lambda planes: logits(fixed, planes), lambda planes: logits(other, planes)
        )
        values = {"score": (1 + played.results.mean(axis=0)) / 2}
        values["loss"] = 1 - values["score"]
        if train:
            surrogate = _surrogate(played, batch["mask"], lambda planes: logits(params, planes))
            values["loss"] += surrogate - jax.lax.stop_gradient(surrogate)
        sums: Metrics = {
            name: metrics.from_batch(each, batch["mask"]) for name, each in values.items()
        }
        return sums, {**state, EARLIER: pool}, carry

    objective.__dict__["follows_its_loss"] = False
    return objective


def play_pairs(game: Game, keys: Key, learner: Policy, other: Policy) -> Played:
    """Play a pair of games for each of the `keys` [B] between two policies, planes -> logits.

    The learner is the first player of one game of a pair. The games are kept by who is to move,
    so that either net is asked about one position of each pair.
    """
    start = game.starts(len(keys))

    def ply(carry: tuple[Position, Position], number: Array) -> tuple[tuple, tuple]:
        own, others = carry  # the games in which the learner moves now, and in which the other does
        now = jax.vmap(lambda key: jax.random.split(jax.random.fold_in(key, number)))(keys)
        planes, legal, moves = _choose(game, now[:, 0], own, learner)
        after = _choose(game, now[:, 1], others, other).moves
        seen = (planes, legal, moves, ~jax.vmap(game.over)(own))
        play = jax.vmap(game.play)
        return (play(others, after), play(own, moves)), seen

    numbers = jnp.arange(game.longest)
    ends, (planes, legal, moves, real) = jax.lax.scan(ply, (start, start), numbers)
    first, second = ends if game.longest % 2 == 0 else ends[::-1]
    score = jax.vmap(game.score)
    results = jnp.stack([score(first), -score(second)]).astype(jnp.float32)
    return Played(planes, legal, moves, real.astype(jnp.float32), results)


class _Choice(NamedTuple):
    planes: Array
    legal: Array
    moves: Array


def _choose(game: Game, keys: Key, positions: Position, policy: Policy) -> _Choice:
    """Moves [B] drawn from the policy's softmax over the legal ones."""
    planes, legal = jax.vmap(game.observe)(positions), jax.vmap(game.legal)(positions)
    allowed = jnp.where(legal, policy(planes), WORST)
    return _Choice(planes, legal, jax.vmap(jax.random.categorical)(keys, allowed))


def _surrogate(played: Played, mask: Array, policy: Policy) -> Array:
    """−½ Σ_games (z − b) Σ_t log π(a_t | s_t) of each pair [B]."""
    longest, pairs = played.moves.shape
    flat = played.planes.reshape(-1, *played.planes.shape[2:])
    logits = policy(flat).reshape(longest, pairs, -1)
    log_probabilities = jax.nn.log_softmax(jnp.where(played.legal, logits, WORST))
    chosen = jnp.take_along_axis(log_probabilities, played.moves[..., None], axis=-1)[..., 0]
    advantage = played.results - _mean_of_others(played.results, mask)
    of_ply = advantage[jnp.arange(longest) % 2]  # the learner begins the first game of a pair
    return -0.5 * (of_ply * chosen * played.real).sum(axis=0)


def _mean_of_others(results: Array, mask: Array) -> Array:
    """The mean result [2, B] of the other games with the same colour."""
    others = (results * mask).sum(axis=1, keepdims=True) - results * mask
    return others / jnp.maximum(mask.sum() - mask, 1)


def _size(pool: Mapping[str, Any]) -> int:
    return len(jax.tree.leaves(pool["params"])[0])
