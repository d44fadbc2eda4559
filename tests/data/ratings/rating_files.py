"""Small files of ratings in every layout."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

Row = tuple[int, int, float, int]
"""User, item, rating, time."""
TITLES = ("Alien (1979)", "Heat (1995)", "Matrix, The (1999)", "Alien (1979)")


def some_rows(users: int = 12, items: int = 9, seed: int = 0) -> list[Row]:
    """About two thirds of all pairs, whole ratings from 1 to 5, at times that grow."""
    generator = np.random.default_rng(seed)
    rows = [
        (user + 1, 10 * item, float(generator.integers(1, 6)), 100 * user + item)
        for user in range(users)
        for item in range(items)
        if generator.random() < 0.67
    ]
    return [rows[place] for place in generator.permutation(len(rows))]


def write_latest(folder: Path, rows: Iterable[Row]) -> Path:
    """MovieLens' newer layout: ratings.csv and movies.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{user},{item},{rating},{time}" for user, item, rating, time in rows]
    (folder / "ratings.csv").write_text("\n".join(["userId,movieId,rating,timestamp", *lines]))
    films = [f'{10 * place},"{title}",Drama' for place, title in enumerate(TITLES)]
    films += [f"{10 * place},Film {place} (2000),Drama" for place in range(len(TITLES), 40)]
    (folder / "movies.csv").write_text("\n".join(["movieId,title,genres", *films]))
    return folder


def write_100k(folder: Path, rows: Iterable[Row]) -> Path:
    """The layout of MovieLens 100K, in Latin-1."""
    lines = [f"{user}\t{item}\t{rating:g}\t{time}" for user, item, rating, time in rows]
    (folder / "u.data").write_text("\n".join(lines))
    films = [f"{10 * place}|Amélie {place} (2001)|x|" for place in range(40)]
    (folder / "u.item").write_bytes("\n".join(films).encode("latin-1"))
    return folder


def write_1m(folder: Path, rows: Iterable[Row]) -> Path:
    """The layout of MovieLens 1M."""
    lines = [f"{user}::{item}::{rating:g}::{time}" for user, item, rating, time in rows]
    (folder / "ratings.dat").write_text("\n".join(lines))
    films = [f"{10 * place}::Film {place} (2000)::Drama" for place in range(40)]
    (folder / "movies.dat").write_text("\n".join(films))
    return folder
