"""Where ratings stand: the layouts of MovieLens, and tables with named columns."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from dl.data.naming import listed
from dl.data.ratings.feedback import Feedback
from dl.data.ratings.table import COLUMNS, Ratings, make_ratings
from dl.data.text.stored import read_text
from dl.data.text.tables import Row, TableKind, read_rows
from dl.errors import InputError

_LONGEST_LINE = 1_000_000
USER_NAMES = ("user", "userid", "uid", "customerid", "reviewerid")
ITEM_NAMES = ("item", "itemid", "iid", "movie", "movieid", "film", "book", "bookid", "productid")
RATING_NAMES = ("rating", "ratings", "score", "stars", "userrating", "overall")
TIME_NAMES = ("timestamp", "time", "unixtime", "unixreviewtime")
TITLE_NAMES = ("title", "name", "movietitle", "itemname")


class _Layout(NamedTuple):
    """Files without a header: how cells are parted, and the scale of the ratings."""

    ratings: str
    titles: str
    separator: str
    title_separator: str
    scale: tuple[float, float]


_LAYOUTS = (
    _Layout("u.data", "u.item", "\t", "|", (1.0, 5.0)),
    _Layout("ratings.dat", "movies.dat", "::", "::", (1.0, 5.0)),
)
_LATEST = ("ratings.csv", "movies.csv", (0.5, 5.0))


def read_ratings(path: Path, feedback: Feedback) -> Ratings:
    """The ratings in a file or a folder.

    A folder has MovieLens' `ratings.csv` (with `movies.csv`), `u.data` (with `u.item`) or
    `ratings.dat` (with `movies.dat`), or one table.

    Raises:
        InputError: for a path that does not exist, a folder without ratings, columns that are not
            clear, and lines that are no ratings; it names the line.
    """
    if not path.exists():
        raise InputError(f"{path} does not exist: give a file or a folder of ratings")
    file = _file_in(path) if path.is_dir() else path
    for layout in _LAYOUTS:
        if file.name == layout.ratings:
            return _without_header(file, layout, feedback)
    return _table(file, feedback)


def _file_in(folder: Path) -> Path:
    known = (_LATEST[0], *(layout.ratings for layout in _LAYOUTS))
    found = [folder / name for name in known if (folder / name).is_file()]
    tables = [path for path in sorted(folder.iterdir()) if _kind(path) and path.is_file()]
    for files in (found, tables):
        if len(files) == 1:
            return files[0]
        if files:
            names = listed([path.name for path in files])
            raise InputError(f"{folder} holds {names}: name the one with the ratings")
    names = sorted(path.name for path in folder.iterdir())
    raise InputError(
        f"{folder} has no {', '.join(known)} and no table (.csv, .tsv)"
        + (f", but {listed(names)}" if names else "; it is empty")
    )


def _kind(path: Path) -> TableKind | None:
    name = re.sub(r"\.(gz|bz2|xz)$", "", path.name.lower())
    return "csv" if name.endswith(".csv") else "tsv" if name.endswith((".tsv", ".tab")) else None


def _without_header(file: Path, layout: _Layout, feedback: Feedback) -> Ratings:
    def rows() -> Iterator[tuple[int, Sequence[str]]]:
        for line, cells in _split_lines(file, layout.separator):
            if len(cells) != 4:
                raise InputError(
                    f"{file}, line {line}, has {len(cells)} cells; {layout.ratings} has user, "
                    f"item, rating and time, with {layout.separator!r} between them"
                )
            yield line, cells

    names = file.parent / layout.titles
    titles = _titles_without_header(names, layout.title_separator) if names.is_file() else {}
    scale = feedback.bounds or layout.scale
    return make_ratings(list(rows()), source=file, titles=titles, scale=scale)


def _titles_without_header(file: Path, separator: str) -> dict[str, str]:
    titles = {}
    for line, cells in _split_lines(file, separator):
        if len(cells) < 2:
            raise InputError(
                f"{file}, line {line}, has no title: give item and title, with {separator!r} "
                "between them"
            )
        titles[cells[0]] = cells[1]
    return titles


def _split_lines(file: Path, separator: str) -> Iterator[tuple[int, list[str]]]:
    """The cells of each line that is not blank, of a file in Latin-1, as MovieLens has them."""
    try:
        lines = file.read_bytes().splitlines()  # of bytes: in texts U+0085 ends a line too
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror}") from None
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield number, [cell.strip() for cell in line.decode("latin-1").split(separator)]


def _table(file: Path, feedback: Feedback) -> Ratings:
    rows = read_rows(_kind(file) or "csv", read_text(file), file, longest_line=_LONGEST_LINE)
    places = _columns(rows[0], file, feedback)
    names = file.parent / _LATEST[1]
    latest = file.name == _LATEST[0] and names.is_file()
    title = _place_of(rows[0].cells, TITLE_NAMES)
    titles = _titles(names) if latest else {}
    if not latest and title is not None:
        titles = {row.cells[places["item"]]: row.cells[title] for row in rows[1:]}
    return make_ratings(
        [(row.line, [row.cells[place] for place in places.values()]) for row in rows[1:]],
        source=file,
        names=tuple(places),
        titles=titles,
        scale=feedback.bounds or (_LATEST[2] if latest else None),
    )


def _columns(header: Row, file: Path, feedback: Feedback) -> dict[str, int]:
    """The places of user, item, and if they are there rating and time in a row.

    Implicit feedback needs no rating.
    """
    cells = header.cells
    if feedback.columns:
        return _asked(cells, file, feedback)
    every = (USER_NAMES, ITEM_NAMES, RATING_NAMES, TIME_NAMES)
    found = [_place_of(cells, names) for names in every]
    places = {name: place for name, place in zip(COLUMNS, found, strict=True) if place is not None}
    needed = ("user", "item", "rating") if feedback.kind == "explicit" else ("user", "item")
    if missing := [name for name in needed if name not in places]:
        raise InputError(
            f"{file} has no single column for the {listed(missing)}; its columns are "
            f"{', '.join(cells)}: give --columns USER,ITEM,RATING, USER,ITEM,RATING,TIME or "
            "USER,ITEM,,TIME with their names"
        )
    return places


def _asked(cells: Sequence[str], file: Path, feedback: Feedback) -> dict[str, int]:
    """The places of the columns that are named; an empty name, as of the rating, is of none."""
    asked = _names(feedback)
    lower = [cell.lower() for cell in cells]
    for name in asked.values():
        if name.lower() not in lower:
            raise InputError(
                f"{file} has no column {name!r}; its columns are {', '.join(cells)}: give --columns"
            )
    return {column: lower.index(name.lower()) for column, name in asked.items()}


def _names(feedback: Feedback) -> dict[str, str]:
    """The names in `--columns`, by what they are the names of."""
    names = [name.strip() for name in feedback.columns.split(",")]
    if not 2 <= len(names) <= 4 or not all(names[:2]):
        raise InputError(
            f"columns is {feedback.columns}: give the names of two to four, USER,ITEM,RATING,TIME "
            "or USER,ITEM,,TIME"
        )
    asked = {column: name for column, name in zip(COLUMNS, names, strict=False) if name}
    if _place_of([asked.get("rating", "")], TIME_NAMES) is not None:
        raise InputError(
            f"columns is {feedback.columns}, and {asked['rating']} stands where the rating does: "
            "give USER,ITEM,,TIME"
        )
    if feedback.kind == "explicit" and "rating" not in asked:
        raise InputError(
            f"columns is {feedback.columns}, and ratings are to be predicted: give "
            "USER,ITEM,RATING or USER,ITEM,RATING,TIME"
        )
    return asked


def _place_of(cells: Sequence[str], names: Sequence[str]) -> int | None:
    """The one column whose name, without blanks and signs, is among `names`."""
    plain = [re.sub(r"[^a-z]", "", cell.lower()) for cell in cells]
    found = [place for place, cell in enumerate(plain) if cell in names]
    return found[0] if len(found) == 1 else None


def _titles(file: Path) -> dict[str, str]:
    """The titles of movies.csv by id."""
    rows = read_rows("csv", read_text(file), file, longest_line=_LONGEST_LINE)
    item, title = (_place_of(rows[0].cells, names) for names in (ITEM_NAMES, TITLE_NAMES))
    if item is None or title is None:
        columns = ", ".join(rows[0].cells)
        raise InputError(f"{file} has the columns {columns}; movieId and title are needed")
    return {row.cells[item]: row.cells[title] for row in rows[1:]}
