"""Players by name, and the games that they play with each other."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import Partial

from dl.errors import InputError, did_you_mean
from dl.games import agents, evaluators
from dl.games.agents import Agent
from dl.games.evaluators import Evaluate, Policy
from dl.games.functions import as_argument
from dl.games.game import Game, Position, named
from dl.games.records import Records
from dl.games.rollout import by_rollout, draw_uniformly
from dl.ranges import SEED, Range, check_number
from dl.runs.load import load
from dl.runs.shipped import find_run
from dl.runs.trained import Trained
from dl.types import Array, Key, Model, ModelState, Params

FIXED = ("random", "one-step", "mcts:SIMULATIONS", "perfect")
"""Players that are no runs, by their names."""
SIMULATIONS = Range(at_least=0, at_most=100_000)
"""Of a search; its tree has room for all of them from the beginning."""
Told = Callable[[Records, float], None]
"""Hears which games are over, and after how many seconds."""


class Play(NamedTuple):
    """How nets play: by search with so many `simulations`, or alone; see `policy_player`."""

    simulations: int = 0
    temperature: float = 0.0


NET_ALONE = Play()


def load_agent(
    name: str, game: Game, how: Play = NET_ALONE, *, package: str = "experiments"
) -> Agent:
    """The player called `name`: a run's folder, or one of `FIXED`.

    A net draws its moves, or takes the likeliest at temperature 0. With simulations it searches. A
    policy without a value is then the prior, and leaves are valued by random roll-outs.

    Raises:
        InputError: for a name of nobody, a run of another game or without a policy, numbers out of
            range, and perfect play of a game that is not solved.
    """
    check_number("simulations", how.simulations, SIMULATIONS, whole=True)
    check_number("temperature", how.temperature, Range(at_least=0))
    if name.startswith("mcts:") and not Path(name).exists():
        return agents.rollout_mcts(game, simulations_of(name))
    if name in ("random", "one-step"):
        return agents.random_player(game) if name == "random" else agents.one_step_player(game)
    if name == "perfect":
        return agents.perfect_player(game)
    folder = find_run(Path(name), package=package)
    if not folder.is_dir():
        raise InputError(f"{name!r} is no run's folder and no player; {did_you_mean(name, FIXED)}")
    return agent_of(load(folder, package=package), game, how)


def game_of(names: list[str], given: str, *, package: str = "experiments") -> Game:
    """The game that is `given` by its name, or else that of the first run among the players."""
    if given:
        return named(given)
    for name in filter(None, names):
        folder = find_run(Path(name), package=package)
        if folder.is_dir():
            return game_of_run(load(folder, package=package))
    raise InputError("which game? give --game, such as connect_four")


def game_of_run(trained: Trained) -> Game:
    """The game whose positions a net was trained on.

    Raises:
        InputError: for a net of other data.
    """
    if not trained.spec.game:
        raise InputError(f"{trained.spec.name} is no game: give a run that learned to play")
    return named(trained.spec.game)


def agent_of(trained: Trained, game: Game, how: Play = NET_ALONE) -> Agent:
    """The player that a trained net is; see `load_agent`."""
    own = game_of_run(trained)
    if own.name != game.name:
        raise InputError(f"the run plays {own.name}, not {game.name}: give a run of {game.name}")
    policy = policy_of(trained)
    if not how.simulations:
        return agents.policy_player(policy, game, how.temperature)
    evaluate = (
        evaluators.by_net(*_net(trained), game)
        if _has_value(trained, game)
        else by_rollout(game, prior=policy)
    )
    return agents.search_player(
        evaluate,
        game,
        simulations=how.simulations,
        temperature=how.temperature,
    )


def policy_of(trained: Trained) -> Policy:
    """A net's function from observations [B, H, W, C] to logits [B, A], with its parameters.

    Raises:
        InputError: for a net that values positions and chooses no move.
    """
    if trained.spec.task not in ("classification", "play"):
        raise InputError(f"{trained.spec.name} has no moves to choose from: give a policy's run")
    return evaluators.policy_of(*_net(trained), game_of_run(trained))


def value_of(trained: Trained) -> Any:
    """A value net's function from observations [B, H, W, C] to the expected results [B].

    Raises:
        InputError: for a net that chooses moves.
    """
    if trained.spec.task != "regression":
        raise InputError(f"{trained.spec.name} has no results: give the run of a value net")
    model, *parameters = _net(trained)

    def values(params: Params, model_state: ModelState, planes: Array) -> Array:
        return model.apply(params, model_state, planes)[0][:, 0]

    return Partial(values, *parameters)


def alphago_evaluator(policy: Trained, value: Trained) -> Evaluate:
    """What AlphaGo's search asks about positions: the logits of one net, the value of another."""
    game = game_of_run(policy)

    def evaluate(logits: Any, values: Any, key: Key, positions: Position) -> tuple[Array, Array]:
        planes = jax.vmap(game.observe)(positions)
        return logits(planes), values(planes)

    return Partial(evaluate, policy_of(policy), value_of(value))


def _net(trained: Trained) -> tuple[Model, Params, ModelState]:
    return trained.model, trained.params, trained.model_state


def _has_value(trained: Trained, game: Game) -> bool:
    """Whether the net has two heads: an output more than there are moves."""
    return trained.spec.classes == game.moves + 1


def record_games(
    first: Agent,
    second: Agent | None,
    game: Game,
    *,
    games: int,
    seed: int = 0,
    random_moves: int = 0,
    at_once: int = 256,
    told: Told | None = None,
) -> Records:
    """Games between two players, each with the first move in half of them, or of one with itself.

    A game begins with up to `random_moves` moves that are drawn at random; how many is drawn too.
    So many games as `at_once` are played side by side, by programs that are compiled once. The same
    seed makes the same games.

    Raises:
        InputError: for numbers out of range.
    """
    check_number("games", games, Range(at_least=1), whole=True)
    check_number("seed", seed, SEED, whole=True)
    check_number("at_once", at_once, Range(at_least=1), whole=True)
    check_number("random_moves", random_moves, Range(at_least=0, below=game.longest), whole=True)
    players = [as_argument(player) for player in (first, second) if player is not None]
    size = -(-min(games, at_once) // len(players))
    begun, parts = time.perf_counter(), []
    for number in range(-(-games // (size * len(players)))):
        key = jax.random.fold_in(jax.random.key(seed), number)
        parts += [_play_chunk(players, key, game, size, random_moves)]
        if told is not None:
            told(_first(games, game, parts), time.perf_counter() - begun)
    return _first(games, game, parts)


def _play_chunk(
    players: list[Agent], key: Key, game: Game, size: int, random_moves: int
) -> Records:
    """Games in as many groups as there are players; in group g player g has the first move."""
    groups = len(players)
    random_key, key = jax.random.split(key)
    at_random = jax.random.randint(random_key, (groups, size), 0, random_moves + 1)
    positions, moves = [game.starts(size)] * groups, [[] for _ in players]
    for number in range(game.longest):
        for group in range(groups):
            own = jax.random.fold_in(jax.random.fold_in(key, number), group)
            player = players[(group + number) % groups]
            positions[group], moved, going = _ply(
                player, own, positions[group], number < at_random[group], game
            )
            moves[group].append(np.where(going, moved, -1))
        if all((rows[-1] < 0).all() for rows in moves):
            break
    return _as_records(game, positions, moves, np.asarray(at_random))


@partial(jax.jit, static_argnames="game")
def _ply(
    player: Agent, key: Key, positions: Position, at_random: Array, game: Game
) -> tuple[Position, Array, Array]:
    """The positions after a move, the moves, and which games went on to make them."""
    keys = jax.random.split(key)
    free = draw_uniformly(keys[0], jax.vmap(game.legal)(positions))
    moves = jnp.where(at_random, free, player(keys[1], positions))
    return jax.vmap(game.play)(positions, moves), moves, ~jax.vmap(game.over)(positions)


def _as_records(
    game: Game, positions: list[Position], moves: list[list[np.ndarray]], at_random: np.ndarray
) -> Records:
    rows = np.concatenate([np.stack(each, axis=1) for each in moves])
    filled = np.full((len(rows), game.longest), -1, np.int16)
    filled[:, : rows.shape[1]] = rows
    scores = np.concatenate([jax.vmap(game.score)(each) for each in positions])
    lengths = (filled >= 0).sum(axis=1)
    return Records(
        game.name,
        filled,
        scores.astype(np.int8),
        np.minimum(at_random.ravel(), lengths).astype(np.int16),
    )


def _first(games: int, game: Game, parts: list[Records]) -> Records:
    arrays = zip(*(part[1:] for part in parts), strict=True)
    return Records(game.name, *(np.concatenate(each)[:games] for each in arrays))


def simulations_of(name: str) -> int:
    """The simulations of plain tree search from its name, `mcts:SIMULATIONS`.

    Raises:
        InputError: for another name, and numbers out of range.

    >>> simulations_of("mcts:100")
    100
    """
    kind, _, number = name.partition(":")
    if kind != "mcts" or not number.isdecimal() or not int(number):
        raise InputError(f"{name!r} names no number of simulations: give such as mcts:1000")
    check_number("simulations", int(number), SIMULATIONS, whole=True)
    return int(number)
