"""Recorded games in a file: NumPy's .npz with the moves, the scores and the name of the game."""

import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import jax
import numpy as np

from dl.errors import InputError
from dl.games.game import Game, named
from dl.games.records import PlayedAgain, Records, play_again

_CHUNK = 1024
"""Games that are played again by one call, so that one program serves files of all sizes."""


def write_games(path: str | Path, records: Records) -> None:
    """Replace `path` in one step by a file with these games: it is never half written."""
    path = Path(path)
    temporary = path.with_name(path.name + ".tmp")
    with temporary.open("wb") as file:
        np.savez_compressed(
            file,
            game=np.array(records.game),
            moves=records.moves.astype(np.int16),
            scores=records.scores.astype(np.int8),
            at_random=records.at_random.astype(np.int16),
        )
    temporary.replace(path)


def read_games(path: str | Path) -> tuple[Game, Records, PlayedAgain]:
    """The games in `path` and what happened in them, as NumPy arrays [N, ...].

    Raises:
        InputError: for a file that holds no recorded games, an unknown game, no games, and for a
            move or a result that the rules do not allow.
    """
    records = _read(Path(path))
    game = named(records.game)
    _check_arrays(records, game, path)
    replayed = play_all_again(game, records.moves)
    _check_rules(records, replayed, game, path)
    return game, records, replayed


def play_all_again(game: Game, moves: np.ndarray) -> PlayedAgain:
    """What happened in the games `moves` [N, L], as NumPy arrays [N, ...]."""
    padded = np.pad(moves, ((0, -len(moves) % _CHUNK), (0, 0)), constant_values=-1)
    chunks = [
        jax.tree.map(np.asarray, _compiled(game.name)(padded[start : start + _CHUNK]))
        for start in range(0, len(padded), _CHUNK)
    ]
    return jax.tree.map(lambda *parts: np.concatenate(parts)[: len(moves)], *chunks)


@cache
def _compiled(name: str) -> Any:
    game = named(name)
    return jax.jit(jax.vmap(lambda moves: play_again(game, moves)))


def _read(path: Path) -> Records:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays = [stored[name] for name in Records._fields]
    except FileNotFoundError:
        raise InputError(f"there is no file {path}: `self_play` makes such files") from None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(
            f"{path} holds no recorded games ({str(error).splitlines()[0]}): give a file that "
            "`self_play` wrote"
        ) from None
    return Records(str(arrays[0]), *arrays[1:])


def _check_arrays(records: Records, game: Game, path: str | Path) -> None:
    """Refuse arrays of other shapes, no games at all, and numbers that are no moves."""
    games = len(records.moves) if records.moves.ndim == 2 else -1
    shapes = ((games, game.longest), (games,), (games,))
    arrays = records[1:]
    for name, array, shape in zip(Records._fields[1:], arrays, shapes, strict=True):
        if array.shape != shape or array.dtype.kind != "i":
            raise InputError(
                f"{path}: {name} is {array.dtype} {list(array.shape)}; games of {game.name} need "
                f"whole numbers {['N', *shape[1:]]}"
            )
    if not games:
        raise InputError(f"{path} has no games: record some with `self_play`")
    wrong = (records.moves < -1) | (records.moves >= game.moves)
    ended = np.cumsum(records.moves < 0, axis=1) > 0
    wrong |= ended & (records.moves >= 0)
    if wrong.any():
        raise _illegal(records, game, np.argwhere(wrong)[0], path)
    if ((records.at_random < 0) | (records.at_random > records.lengths)).any():
        raise InputError(f"{path}: at_random counts more moves than a game has, or fewer than 0")


def _check_rules(records: Records, replayed: PlayedAgain, game: Game, path: str | Path) -> None:
    if not replayed.allowed.all():
        raise _illegal(records, game, np.argwhere(~replayed.allowed)[0], path, replayed)
    other = replayed.score != records.scores
    if other.any() or not replayed.over.all():
        number = int(np.flatnonzero(other | ~replayed.over)[0])
        ends = int(replayed.score[number]) if replayed.over[number] else "unfinished"
        raise InputError(
            f"{path}: game {number + 1} ends {ends} by the rules of {game.name}, and "
            f"{records.scores[number]} is written: record it again"
        )


def _illegal(
    records: Records, game: Game, place: np.ndarray, path: str | Path, replayed: Any = None
) -> InputError:
    number, at = (int(each) for each in place)
    move = int(records.moves[number, at])
    told = repr(game.move_names[move]) if 0 <= move < game.moves else str(move)
    known = "" if replayed is None else f"; legal: {_legal_names(replayed, game, number, at)}"
    return InputError(
        f"{path}: game {number + 1}, move {at + 1} is {told}, which {game.name} does not allow"
        f" there{known}"
    )


def _legal_names(replayed: PlayedAgain, game: Game, number: int, at: int) -> str:
    legal = np.flatnonzero(replayed.legal[number, at])
    return ", ".join(game.move_names[move] for move in legal) or "none, the game is over"
