"""Ratings, notes and games that are damaged, or made to do harm."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from hostile import Case, of_data
from hostile_files import UP, archive, harmful
from hostile_words import rows

_RATINGS = "factorisation_ratings"
_MOVES = "policy_connect_four"
_VOTES = [f"{user},{item},{1 + (user + item) % 5}" for user in range(9) for item in range(9)]


def votes(line: str) -> str:
    """A table of ratings whose fifth row is `line`."""
    return "user,item,rating\n" + rows(line, _VOTES)


def games(**arrays: Any) -> bytes:
    """A file of recorded games with other arrays."""
    right = {
        "game": np.array("connect_four"),
        "moves": np.full((20, 42), -1, np.int16),
        "scores": np.zeros(20, np.int8),
        "at_random": np.zeros(20, np.int16),
    }
    file = io.BytesIO()
    np.savez(file, **{name: x for name, x in {**right, **arrays}.items() if x is not None})
    return file.getvalue()


NUMBERS: list[Case] = [
    of_data("a rating that is a word", _RATINGS, "ratings", {"": votes("1,2,good")}),
    of_data("a rating that is nan", _RATINGS, "ratings", {"": votes("1,2,nan")}),
    of_data("a rating that is infinite", _RATINGS, "ratings", {"": votes("1,2,1e999")}),
    of_data("a rating that is missing", _RATINGS, "ratings", {"": votes("1,2")}),
    of_data("a user that is missing", _RATINGS, "ratings", {"": votes(",2,3")}),
    of_data("ratings of zeros", _RATINGS, "ratings", bytes(900)),
    of_data("ratings that are empty", _RATINGS, "ratings", b""),
    of_data(
        "chorales of a note that no piano has",
        "lstm_chorales",
        "chorales",
        {"": json.dumps({"train": [[[900]]], "valid": [[[60]]], "test": [[[60]]]})},
    ),
    of_data(
        "chorales of words",
        "lstm_chorales",
        "chorales",
        {"": json.dumps({"train": [[["c"]]], "valid": [[[60]]], "test": [[[60]]]})},
    ),
    of_data("chorales of a list", "lstm_chorales", "chorales", b"[1, 2, 3]"),
    of_data("chorales that are brackets", "lstm_chorales", "chorales", b"[" * 100_000),
    of_data("chorales that are a pickle", "lstm_chorales", "chorales", harmful()),
    of_data("games of noise", _MOVES, "moves", bytes(range(200))),
    of_data("games that are a zip that is cut", _MOVES, "moves", games()[:-40]),
    of_data("games with a name that leads out", _MOVES, "moves", archive(zipfile.ZipFile, UP)),
    of_data("games that are a pickle", _MOVES, "moves", harmful()),
    of_data(
        "games that hold a pickle", _MOVES, "moves", games(moves=np.array([Path("x")] * 20, object))
    ),
    of_data("games without moves", _MOVES, "moves", games(moves=None)),
    of_data("games of an unknown game", _MOVES, "moves", games(game=np.array("\x1b[2J"))),
    of_data(
        "games that are none",
        _MOVES,
        "moves",
        games(
            moves=np.zeros((0, 42), np.int16),
            scores=np.zeros(0, np.int8),
            at_random=np.zeros(0, np.int16),
        ),
    ),
    of_data(
        "games with a column that is not there",
        _MOVES,
        "moves",
        games(moves=np.full((20, 42), 99, np.int16)),
    ),
    of_data(
        "games with moves on a full column",
        _MOVES,
        "moves",
        games(moves=np.zeros((20, 42), np.int16)),
    ),
    of_data("games that never end", _MOVES, "moves", games()),
    of_data("games of floats", _MOVES, "moves", games(moves=np.zeros((20, 42)))),
]
