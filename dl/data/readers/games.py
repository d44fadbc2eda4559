"""`moves:PATH` and `outcomes:PATH`: what recorded games teach, the next move and the result.

`games:GAME` stores nothing: each example is a game that is still to be played.

PATH is a file of games (`dl.data.game_files`), or for `moves:` the word `tic_tac_toe`: then the
examples are all unfinished positions of that game, each with a perfect move, and the test part is
the same table as the training part. The parts of a file are cut by game, never inside of one, by a
fixed permutation: a tenth of the games is the test part.
"""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dl.data.dataset import Dataset
from dl.data.game_files import read_games
from dl.data.parts import dataset_of_parts
from dl.data.sources.arrays import ArraySource
from dl.data.split import held_out_count, permutation
from dl.errors import InputError
from dl.games.game import Game, named
from dl.games.records import Records
from dl.games.valued import valued_positions

SOLVED = "tic_tac_toe"
"""The game whose perfect moves are known without a file."""
_TEST_SHARE, _TEST_SEED, _VALIDATION_SEED, _DRAW_SEED = 0.1, 16_01_27, 16_01_28, 16_01_29


_STARTS, _TESTED = 6400, 200


class _Parts(NamedTuple):
    """Numbers of games: those of each part; none may be held out."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def load_moves(place: str | Path, *, validation: float = 0.0) -> Dataset:
    """Positions and the move that was chosen there: planes [H, W, C] -> the number of the move.

    Moves that were drawn at random to begin a game are left out.

    Raises:
        InputError: as `read_games`; for fewer than three games.
    """
    if str(place) == SOLVED:
        return _solved_moves(validation)
    game, records, replayed = read_games(place)

    def part(games: np.ndarray) -> ArraySource:
        chosen = _chosen(records)[games]
        planes, moves = replayed.planes[games][chosen], records.moves[games][chosen]
        return ArraySource(planes, moves.astype(np.int32))

    cut = _cut(len(records.moves), validation, place)
    data = dataset_of_parts(
        f"moves:{place}",
        part(cut.train),
        part(cut.test),
        class_names=game.move_names,
        validation=part(cut.validation) if len(cut.validation) else 0.0,
    )
    return _of(game, data)


def load_outcomes(place: str | Path, *, validation: float = 0.0) -> Dataset:
    """Positions and how the game ended: planes [H, W, C] -> 1, 0 or −1 for the player to move.

    One position is drawn from each game, by a fixed seed: those of one game are much alike and have
    the same target, so that a net would learn games by heart. It is none before a random move.

    Source: Silver et al. 2016, methods, "Value network: regression".

    Raises:
        InputError: as `read_games`; for fewer than three games.
    """
    game, records, replayed = read_games(place)
    drawn = _draw_positions(records)

    def part(games: np.ndarray) -> ArraySource:
        at = drawn[games]
        sides = 1 - 2 * replayed.movers[games, at].astype(np.int32)
        targets = (records.scores[games] * sides).astype(np.float32)[:, None]
        return ArraySource(replayed.planes[games, at], targets)

    cut = _cut(len(records.moves), validation, place)
    data = dataset_of_parts(
        f"outcomes:{place}",
        part(cut.train),
        part(cut.test),
        class_names=("outcome",),
        task="regression",
        validation=part(cut.validation) if len(cut.validation) else 0.0,
    )
    return _of(game, data)


def load_starts(name: str, *, validation: float = 0.0) -> Dataset:
    """Games that have not begun, for an objective that plays them: 6,400, and 200 to test.

    Inputs are the first position; targets, of the task "play", are zeros. What differs between
    examples is their number, from which an objective draws.
    """
    game = named(name)
    planes = np.asarray(game.observe(game.start()), np.float32)

    def part(games: int) -> ArraySource:
        starts = np.broadcast_to(planes, (games, *planes.shape))
        return ArraySource(starts, np.zeros((games, game.moves), np.float32))

    data = dataset_of_parts(
        f"games:{name}",
        part(_STARTS),
        part(_TESTED),
        class_names=game.move_names,
        task="play",
        validation=validation,
    )
    return _of(game, data)


def _solved_moves(validation: float) -> Dataset:
    game = named(SOLVED)
    valued = valued_positions(game)
    assert valued is not None
    table = ArraySource(valued.planes(game), valued.moves.argmax(axis=1).astype(np.int32))
    data = dataset_of_parts(
        f"moves:{SOLVED}", table, table, class_names=game.move_names, validation=validation
    )
    return _of(game, data)


def _of(game: Game, data: Dataset) -> Dataset:
    return replace(data, spec=replace(data.spec, game=game.name))


def _cut(games: int, validation: float, place: str | Path) -> _Parts:
    """Which games are in which part, each in the order of the file."""
    test = max(1, round(_TEST_SHARE * games))
    order = permutation(_TEST_SEED, games)
    rest = np.sort(order[test:])
    held_out = held_out_count(len(rest), fraction=validation) if len(rest) else 0
    if games < 3 or len(rest) == held_out:
        raise InputError(f"{place} has {games} games: record three or more, to train and to test")
    again = permutation(_VALIDATION_SEED, len(rest))
    kept, cut = (np.sort(again[held_out:]), np.sort(again[:held_out]))
    return _Parts(rest[kept], rest[cut], np.sort(order[:test]))


def _chosen(records: Records) -> np.ndarray:
    """Which moves [N, L] a player has chosen."""
    at = np.arange(records.moves.shape[1])
    return (records.moves >= 0) & (at >= records.at_random[:, None])


def _draw_positions(records: Records) -> np.ndarray:
    """For each game [N] the number of the move before which it is looked at."""
    first = np.minimum(records.at_random, records.lengths - 1)
    generator = np.random.Generator(np.random.Philox(key=_DRAW_SEED))
    share = generator.random(len(first))
    return (first + share * (records.lengths - first)).astype(np.int64)
