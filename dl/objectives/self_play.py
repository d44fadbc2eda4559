"""Learning a game by playing against oneself, with a search as teacher (H1)."""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import jax
import jax.numpy as jnp

from dl import metrics
from dl.games.evaluators import Evaluate, by_net, policy_and_value
from dl.games.game import Game, Position
from dl.games.gumbel import Improved, gumbel_search
from dl.games.replay import Lesson, Replay, draw_lessons, empty_replay, settle, store
from dl.games.rollout import draw_uniformly
from dl.games.symmetric import turned
from dl.layers.row_keys import row_keys
from dl.models.earlier_selves import renewed
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
    Ratio,
)


class Boards(NamedTuple):
    """What is carried from step to step: the `position` of each of B games, and its `replay`."""

    position: Position
    replay: Replay


TRAINING_METRICS = ("loss", "policy_nats", "value_error", "game_length", "first_wins")
"""What training reports. Evaluation, on positions of known values, reports other figures."""


class _Ended(NamedTuple):
    """Games that ended at a move, as numbers [B] of 0 and 1, and their lengths and scores."""

    over: Array
    length: Array
    score: Array


class _Playing(NamedTuple):
    """How a board is played: options of `self_play`."""

    simulations: int
    opening: int
    at_random: float | Array
    trust: float | Array


def with_boards(model: Model, game: Game, *, room: int = 512) -> Model:
    """`model` with one board for each row of the batch, on which it plays from step to step.

    The boards and the newest `room` positions of each are the model's carry: they are in every
    checkpoint, and a training that is resumed plays the same games on.
    """

    def initial_carry(rows: int) -> Boards:
        replay = jax.tree.map(
            lambda leaf: jnp.broadcast_to(leaf, (rows, *jnp.shape(leaf))), empty_replay(game, room)
        )
        return Boards(game.starts(rows), replay)

    return replace(model, initial_carry=initial_carry, always_carries=True)


def self_play(
    model: Model,
    game: Game,
    *,
    simulations: int = 32,
    moves: int = 4,
    lessons: int = 16,
    opening: int = 6,
    at_random: float | Array = 0.0,
    trust: float | Array = 0.5,
    value_weight: float | Array = 1.0,
    keep_every: int = 0,
) -> Objective:
    """AlphaZero's objective with Gumbel search: play, remember, and learn from what is remembered.

    In each training step every board of `with_boards` goes on by `moves` moves, each chosen by a
    search of so many `simulations` with the net as it is. In the first `opening` moves of a game
    the move is drawn from the policy that the search found, or with the probability `at_random`
    from all legal moves alike: so that it learns to answer bad moves too. Then the net learns from
    `lessons` remembered positions of each board, turned by a random symmetry of the game:

        L = −Σ_a π(a) log p(a) + value_weight · (v − z)²,

    π from the search, z a mean of the result and (share `trust`) of the search's own estimate,
    or that estimate alone for positions before a random move.
    The playing is a part of the compiled step, on every device; no gradient goes through it. With
    `keep_every` the model is one `with_earlier_selves`, and keeps itself every so many steps.

    Evaluation takes positions whose moves have exact values (`play:GAME`): `agreement` is the share
    in which the most probable move keeps the value of the position, counted where some move does
    not; `value_error` is the squared error of the value.

    Source: Silver et al. 2018; Danihelka et al. 2022; H1.
    """

    def objective(
        params: Params,
        model_state: ModelState,
        batch: Batch,
        *,
        train: bool = False,
        key: Key | None = None,
        carry: Carry = (),
    ) -> tuple[Metrics, ModelState, Carry]:
        if not train or key is None:
            return _judge(model, params, model_state, batch), model_state, carry
        play_key, draw_key, turn_key = jax.random.split(key, 3)
        evaluate = by_net(model, jax.lax.stop_gradient(params), model_state, game)
        play = _player(game, evaluate, _Playing(simulations, opening, at_random, trust))
        carry, ended = jax.lax.scan(play, carry, jax.random.split(play_key, moves))
        learned = _draw(draw_key, turn_key, carry.replay, lessons, game)
        sums = _loss(model, params, model_state, learned, value_weight)
        if keep_every:
            pool = renewed(model_state[EARLIER], params, every=keep_every)
            model_state = {**model_state, EARLIER: pool}
        return {**sums, **_played(ended)}, model_state, carry

    objective.__dict__.update(follows_its_loss=False, training_metrics=TRAINING_METRICS)
    return objective


def _player(
    game: Game, evaluate: Evaluate, how: _Playing
) -> Callable[[Boards, Key], tuple[Boards, _Ended]]:
    """The function that makes one move on every board, and begins anew where a game is over."""

    def play(boards: Boards, key: Key) -> tuple[Boards, _Ended]:
        search_key, move_key = jax.random.split(key)
        position, replay = boards
        found = gumbel_search(search_key, position, evaluate, game, simulations=how.simulations)
        legal = jax.vmap(game.legal)(position)
        opens = replay.written - replay.began < how.opening
        move, at_random = _choose(move_key, found, legal, opens, how.at_random)
        side = 1 - 2 * jax.vmap(game.mover)(position)
        planes = jax.vmap(game.observe)(position)
        replay = jax.vmap(store)(replay, planes, legal, found.policy, found.value, side, at_random)
        position = jax.vmap(game.play)(position, move)
        over, score = jax.vmap(game.over)(position), jax.vmap(game.score)(position)
        ended = _Ended(over, over * (replay.written - replay.began), score)
        replay = jax.vmap(settle, (0, 0, 0, None))(replay, over, score, how.trust)
        position = jax.tree.map(
            lambda new, old: jnp.where(over.reshape(-1, *[1] * (old.ndim - 1)), new, old),
            game.starts(len(over)),
            position,
        )
        return Boards(position, replay), ended

    return play


def _choose(
    key: Key, found: Improved, legal: Array, opens: Array, share: float | Array
) -> tuple[Array, Array]:
    """The moves [B], and which of them were made at random [B]."""
    draw_key, uniform_key, share_key = jax.random.split(key, 3)
    at_random = opens & (jax.random.uniform(share_key, opens.shape) < share)
    drawn = jax.random.categorical(draw_key, jnp.log(found.policy))
    move = jnp.where(opens, drawn, found.move).astype(jnp.int32)
    return jnp.where(at_random, draw_uniformly(uniform_key, legal), move), at_random


def _draw(key: Key, turn_key: Key, replay: Replay, count: int, game: Game) -> Lesson:
    """Lessons [B · count, ...] of all boards, each turned by a symmetry of its own."""
    rows = len(replay.written)
    lessons = jax.vmap(lambda key, own: draw_lessons(key, own, count, game))(
        row_keys(key, rows), replay
    )
    lessons = jax.tree.map(lambda leaf: leaf.reshape(rows * count, *leaf.shape[2:]), lessons)
    number = jax.random.randint(turn_key, (rows * count,), 0, len(game.symmetries))
    planes, legal, policy = jax.vmap(lambda n, *own: turned(game, n, *own))(
        number, lessons.planes, lessons.legal, lessons.policy
    )
    return lessons._replace(planes=planes, legal=legal, policy=policy)


def _loss(
    model: Model,
    params: Params,
    model_state: ModelState,
    lessons: Lesson,
    value_weight: float | Array,
) -> Metrics:
    outputs = model.apply(params, model_state, lessons.planes, train=True)[0]
    logits, value = policy_and_value(outputs)
    nats = -jnp.sum(lessons.policy * _log_policy(logits, lessons.legal), axis=-1)
    error = (value - lessons.value) ** 2
    sums: Metrics = {
        "loss": metrics.from_batch(nats + value_weight * error, lessons.known),
        "policy_nats": metrics.from_batch(nats, lessons.known),
        "value_error": metrics.from_batch(error, lessons.known),
    }
    # Before the first game is over there is nothing to learn, and the loss is 0.
    return {name: Ratio(each.sum, jnp.maximum(each.count, 1.0)) for name, each in sums.items()}


def _log_policy(logits: Array, legal: Array) -> Array:
    """Log-probabilities of the legal moves, and 0 for the others."""
    masked = jnp.where(legal, logits, jnp.finfo(logits.dtype).min)
    return jnp.where(legal, jax.nn.log_softmax(masked), 0.0)


def _played(ended: _Ended) -> Metrics:
    over = ended.over.astype(jnp.float32)
    games = jnp.sum(over)
    return {
        "game_length": Ratio(jnp.sum(ended.length.astype(jnp.float32)), games),
        "first_wins": Ratio(jnp.sum(over * (ended.score > 0)), games),
    }


def _judge(model: Model, params: Params, model_state: ModelState, batch: Batch) -> Metrics:
    """Answers beside the exact values [B, A + 1] of the moves (−2: illegal) and the position."""
    moves, best = batch["targets"][:, :-1], batch["targets"][:, -1]
    logits, value = policy_and_value(model.apply(params, model_state, batch["inputs"])[0])
    legal, keeps = moves > -2, moves == best[:, None]
    log_policy = _log_policy(logits, legal)
    chosen = jnp.argmax(jnp.where(legal, logits, -jnp.inf), axis=-1)
    right = jnp.take_along_axis(keeps, chosen[:, None], axis=-1)[:, 0]
    matters = jnp.any(legal & ~keeps, axis=-1)
    good = jnp.sum(jnp.where(keeps, jnp.exp(log_policy), 0.0), axis=-1)
    nats = -jnp.log(jnp.maximum(good, 1e-9))
    error = (value - best) ** 2
    mask = batch["mask"]
    return {
        "loss": metrics.from_batch(nats + error, mask),
        "agreement": metrics.from_batch(right.astype(jnp.float32), mask * matters),
        "value_error": metrics.from_batch(error, mask),
    }
