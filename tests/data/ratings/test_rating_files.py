"""Ratings from files: layouts, columns, what is counted of repeated ones, and what is refused."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from rating_files import Row, some_rows, write_1m, write_100k, write_latest

from dl.data.ratings.feedback import Feedback
from dl.data.ratings.files import read_ratings
from dl.errors import InputError

ROWS: list[Row] = [(1, 10, 4.0, 5), (1, 20, 3.0, 6), (2, 10, 1.0, 7)]
IMPLICIT = Feedback(kind="implicit")


@pytest.mark.parametrize(
    ("write", "scale", "title"),
    [
        (write_latest, (0.5, 5.0), "Heat (1995)"),
        (write_100k, (1.0, 5.0), "Amélie 1 (2001)"),
        (write_1m, (1.0, 5.0), "Film 1 (2000)"),
    ],
)
def test_the_layouts_of_movielens_hold_the_same(
    write: Callable, scale: tuple[float, float], title: str, tmp_path: Path
) -> None:
    found = read_ratings(write(tmp_path, ROWS), Feedback())
    assert found.users.tolist() == ["1", "1", "2"]
    assert found.items.tolist() == ["10", "20", "10"]
    assert found.ratings.tolist() == [4.0, 3.0, 1.0]
    assert found.times is not None
    assert found.times.tolist() == [5, 6, 7]
    assert (found.scale, found.titles["10"]) == (scale, title)


@pytest.mark.parametrize(
    ("name", "content", "columns"),
    [
        ("mine.csv", "user_id,book,stars\nann,x,2\nbob,y,5\n", ""),
        ("mine.tsv", "when\tscore\titem\tuser\n1\t2\tx\tann\n2\t5\ty\tbob\n", ""),
        ("mine.csv", "who;what;how\nann;x;2\nbob;y;5\n", "who,what,how"),
    ],
)
def test_columns_are_found_by_name(name: str, content: str, columns: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(content)
    found = read_ratings(path, Feedback(columns=columns))
    assert (found.users.tolist(), found.items.tolist()) == (["ann", "bob"], ["x", "y"])
    assert (found.ratings.tolist(), found.scale) == ([2.0, 5.0], (2.0, 5.0))


def test_what_was_taken_needs_no_rating(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text("user,item\nann,x\nbob,y\n")
    assert read_ratings(tmp_path, IMPLICIT).ratings.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("columns", ["", "user,item,,timestamp"])
def test_times_are_read_where_nothing_is_rated(columns: str, tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text("timestamp,user,item\n7,ann,x\n9,bob,y\n8,ann,x\n")
    found = read_ratings(tmp_path, Feedback(kind="implicit", columns=columns))
    assert found.times is not None
    assert (found.times.tolist(), found.ratings.tolist()) == ([9.0, 8.0], [1.0, 1.0])
    assert found.scale == (1.0, 1.0)


def test_the_last_of_repeated_ratings_counts(tmp_path: Path) -> None:
    rows = [(1, 10, 5.0, 30), (1, 10, 2.0, 20), (2, 10, 1.0, 9), (2, 10, 3.0, 9)]
    found = read_ratings(write_latest(tmp_path, rows), Feedback())
    assert found.ratings.tolist() == [5.0, 3.0]  # by time, and by line at equal times
    assert found.repeated == 2


REFUSED = [
    ("u,movie,stars\n1,2,3\n", "", "no single column for the user; its columns are u, movie"),
    ("user,user_id,item,stars\n1,1,2,3\n", "", "for the user; its columns are user, user_id"),
    ("user,stars\n1,3\n", "", "has no single column for the item; its columns are user, stars"),
    ("user,item\n1,3\n", "", "no single column for the rating; its columns are user, item: give"),
    ("a,b,c\n1,2,3\n", "a,b,d", "has no column 'd'; its columns are a, b, c"),
    ("a,b,c\n1,2,3\n", "a", "give the names of two to four"),
    ("a,b,c\n1,2,3\n", "a,,c", "give the names of two to four"),
    ("a,b,time\n1,2,3\n", "a,b,time", "time stands where the rating does: give USER,ITEM,,TIME"),
    ("a,b,time\n1,2,3\n", "a,b,,time", "ratings are to be predicted: give USER,ITEM,RATING"),
    ("user,item,rating\n1,2,good\n", "", "line 2, has 'good' for its rating: give a number"),
    ("user,item,rating\n1,2,3\n1,4,\n2,2,1\n", "", "line 3, has no rating"),
    ("user,item,rating\n1,2,3\n1,4,nan\n", "", "line 3, has 'nan' for its rating"),
    ("user,item,rating\n1,,3\n2,1,1\n", "", "line 2, has no item: give it one"),
    (
        "user,item,rating,time\n1,2,3,monday\n",
        "",
        "line 2, has 'monday' for its time: give a number, or name",
    ),
    ("user,item,rating\n", "", "has no ratings: give some"),
]


@pytest.mark.parametrize(("content", "columns", "message"), REFUSED)
def test_tables_that_are_no_ratings_are_refused(
    content: str, columns: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / "mine.csv").write_text(content)
    with pytest.raises(InputError) as refused:
        read_ratings(tmp_path / "mine.csv", Feedback(columns=columns))
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_rating_off_the_scale_is_named_by_its_line(tmp_path: Path) -> None:
    folder = write_latest(tmp_path, [*ROWS, (3, 10, 5.5, 8)])
    with pytest.raises(InputError, match=r"line 5, has the rating 5\.5; ratings are from 0\.5 to"):
        read_ratings(folder, Feedback())
    assert len(read_ratings(folder, Feedback(scale="0,10"))) == 4
    with pytest.raises(InputError, match="scale is '5,1': give the lowest and the highest"):
        Feedback(scale="5,1")


def test_folders_without_ratings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_ratings(tmp_path / "no", Feedback())
    with pytest.raises(InputError, match="it is empty"):
        read_ratings(tmp_path, Feedback())
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(InputError, match=r"no table \(\.csv, \.tsv\), but notes\.txt"):
        read_ratings(tmp_path, Feedback())
    for name in "ab":
        (tmp_path / f"{name}.csv").write_text("user,item,rating\n1,2,3\n")
    with pytest.raises(InputError, match=r"holds a\.csv and b\.csv: name the one"):
        read_ratings(tmp_path, Feedback())
    (tmp_path / "u.data").write_text("1\t2\t3\n")
    with pytest.raises(InputError, match=r"line 1, has 3 cells; u\.data has user, item, rating"):
        read_ratings(tmp_path, Feedback())


def test_titles_without_a_header_are_read_line_by_line(tmp_path: Path) -> None:
    write_100k(tmp_path, ROWS)
    (tmp_path / "u.item").write_bytes(b"10|Wait\x85 (1990)|x\r\n20|Heat (1995)|x\n")
    titles = read_ratings(tmp_path, Feedback()).titles
    assert titles == {"10": "Wait\x85 (1990)", "20": "Heat (1995)"}
    (tmp_path / "u.item").write_text("10|Alien (1979)|x\n20\n")
    with pytest.raises(InputError, match=r"u\.item, line 2, has no title: give item and title"):
        read_ratings(tmp_path, Feedback())


def test_rows_of_random_ratings_are_kept_in_their_order(tmp_path: Path) -> None:
    rows = some_rows()
    found = read_ratings(write_latest(tmp_path, rows), Feedback())
    assert found.users.tolist() == [str(row[0]) for row in rows]
    assert np.array_equal(found.ratings, [row[2] for row in rows])
