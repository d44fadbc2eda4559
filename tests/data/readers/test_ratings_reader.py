"""`ratings:PATH`: users and items by number, what is held out, and histories."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dl
from dl.data.ratings.catalogue import History, pack, unpack
from dl.data.ratings.feedback import Feedback
from dl.errors import InputError

ROWS = [
    f"{user},{item},{1 + (user * item) % 5},{1000 - 10 * user + item}"
    for user in range(8)
    for item in range(1, 11 - user % 3)
]

TITLES = ("Matrix, The (1999)", "Heat", "Heat")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "mine.csv").write_text("\n".join(["user,item,rating,time", *ROWS]))
    return tmp_path / "mine.csv"


def load(path: Path, *, validation: float = 0.0, **options: Any) -> dl.Dataset:
    return dl.load_data(f"ratings:{path}", validation=validation, feedback=Feedback(**options))


def named(data: dl.Dataset, part: str) -> set[str]:
    """The rows of a part, as user,item,rating."""
    known, source = data.spec.ratings, data.part(part)
    return {
        f"{known.users[user]},{known.items[item]},{rating[0]:g}"
        for (user, item), rating in zip(source.inputs, source.targets, strict=True)
    }


ALL = {row.rpartition(",")[0] for row in ROWS}


def test_a_random_tenth_is_the_test_part(path: Path) -> None:
    data = load(path, validation=0.2)
    assert data.sizes == {"train": 53, "validation": 13, "test": 7}
    parts = [named(data, part) for part in data.sizes]
    assert set.union(*parts) == ALL
    assert sum(map(len, parts)) == len(ALL)
    assert (data.spec.task, data.spec.input_shape, data.spec.classes) == ("regression", (2,), 1)
    assert named(load(path), "test") == parts[2]  # whatever is held out for validation
    assert named(load(path, split_seed=1), "test") != parts[2]
    assert data.spec.ratings.mean == pytest.approx(np.mean(data.train.targets))


def test_the_last_rating_of_each_user_is_the_test_part(path: Path) -> None:
    last = {user: max(item for u, item, *_ in map(_cells, ROWS) if u == user) for user in range(8)}
    data = load(path, split="last", validation=0.1)
    assert {row.rpartition(",")[0] for row in named(data, "test")} == {
        f"{user},{item}" for user, item in last.items()
    }
    assert {row.rpartition(",")[0] for row in named(data, "validation")} == {
        f"{user},{item - 1}" for user, item in last.items()
    }


def _cells(row: str) -> list[int]:
    return list(map(int, row.split(",")))


def test_histories_hold_what_was_taken_in_training_without_the_target(path: Path) -> None:
    data = load(path, kind="implicit", least=3, validation=0.2)
    source, known = data.train, data.spec.ratings
    assert (data.spec.task, data.spec.input_shape, data.spec.classes) == ("retrieval", (10,), 10)
    examples = source.gather(np.arange(len(source)))
    high = {row.rpartition(",")[0] for row in ALL if int(row[-1]) >= 3}
    for user, target, history in zip(
        source.users, examples["targets"], examples["inputs"], strict=True
    ):
        items = {f"{known.users[user]},{known.items[item]}" for item in np.flatnonzero(history)}
        assert items <= high
        assert history[target] == 0
        assert history.sum() == source.taken[user].sum() - 1
    for part in (data.validation, data.test):
        assert not part.taken[part.users, part.targets].any()
        assert part.taken is source.taken
    low = {row for row in ALL if int(row[-1]) < 3}
    seen = zip(*known.history, strict=True)
    rated = {f"{known.users[user]},{known.items[item]},{rating:g}" for user, item, rating in seen}
    assert low <= rated  # what is rated low is known, and not recommended


def test_the_line_for_people_says_what_was_left_out(path: Path) -> None:
    path.write_text(f"{path.read_text()}\n0,1,5,9999\n")
    data = load(path, kind="implicit", least=3)
    high = 1 + sum(rating >= 3 for _, _, rating, _ in map(_cells, ROWS))
    assert data.summary == (
        f"{high} ratings from 1 to 5 of 10 items by 8 users; of 1 repeated ones the last counts; "
        f"{len(ROWS) - high} below 3 are not counted as taken; tested on a random tenth"
    )


def test_other_ratings_are_numbered_as_those_of_the_training(path: Path) -> None:
    known = load(path).spec.ratings
    trained_on = [known.items[item] for item in known.history.of(known.user("3"))[0]]
    path.write_text("user,item,rating\nnew,1,3\n" + "\n".join(f"3,{n},2" for n in range(2, 12)))
    data = load(path, catalogue=known)
    assert data.spec.ratings == known
    assert "2 of unknown users or items are left out" in data.summary
    left = {f"3,{n},2" for n in range(2, 11) if str(n) not in trained_on}
    assert 0 < len(left) < 9
    assert named(data, "test") == left
    path.write_text("user,item,rating\nnew,1,3\n")
    with pytest.raises(InputError, match="no user and item that the model knows"):
        load(path, catalogue=known)


@pytest.mark.parametrize("kind", ["explicit", "implicit"])
def test_of_a_table_that_has_grown_what_was_trained_on_is_left_out(path: Path, kind: str) -> None:
    """All that was held out is evaluated, and what is new; who took what is that of the model."""
    before = load(path, kind=kind, validation=0.2)
    path.write_text(f"{path.read_text()}\n5,10,3,2000\n")
    grown = load(path, kind=kind, catalogue=before.spec.ratings)
    expected = {"train": len(ROWS) + 1 - len(before.train)}
    assert grown.sizes == {**expected, "test": expected["train"]}
    assert f"{len(before.train)} that the model was trained on are left out" in grown.summary
    assert grown.summary.endswith("; tested on all that are left")
    if kind == "implicit":
        assert np.array_equal(grown.test.taken, before.train.taken)
        assert not grown.test.taken[grown.test.users, grown.test.targets].any()
    history, known = before.spec.ratings.history, before.spec.ratings
    pairs = zip(history.users, history.items, strict=True)
    rows = [f"{known.users[user]},{known.items[item]},1" for user, item in pairs]
    path.write_text("\n".join(["user,item,rating", *rows]))
    with pytest.raises(InputError, match="has only ratings that the model was trained on"):
        load(path, kind=kind, catalogue=known)


def test_ratings_below_zero_count_as_taken_unless_more_is_asked_for(path: Path) -> None:
    rows = [f"{user},{item},{(user * item) % 21 - 10}" for user in range(8) for item in range(9)]
    path.write_text("\n".join(["user,item,rating", *rows]))
    assert sum(load(path, kind="implicit").sizes.values()) == len(rows)
    for least in (-5, 0, 5):
        data = load(path, kind="implicit", least=least)
        high = sum(int(row.rpartition(",")[2]) >= least for row in rows)
        assert (sum(data.sizes.values()), data.spec.ratings.least) == (high, least)
    assert load(path, kind="implicit").spec.ratings.least == -10
    with pytest.raises(InputError, match="least is nan; it must be a finite number"):
        Feedback(least=float("nan"))


def test_too_few_ratings_are_refused(path: Path) -> None:
    path.write_text("user,item,rating\n1,1,3\n1,2,3\n")
    with pytest.raises(InputError, match=r"2 rating\(s\) are too few to hold some out"):
        load(path)
    with pytest.raises(
        InputError, match=r"the file has no column of times \(timestamp, time, …\): name it"
    ):
        load(path, split="last")
    with pytest.raises(InputError, match="no rating of 4 or more: give a lower --least"):
        load(path, kind="implicit", least=4)
    path.write_text("user,item,rating,time\n1,1,3,1\n1,2,3,2\n")
    with pytest.raises(InputError, match="no user has three ratings"):
        load(path, split="last")


def test_examples_are_shown_by_title(path: Path) -> None:
    path.write_text("user,item,rating,title\n" + "\n".join(f"{n},7,4,Heat" for n in range(12)))
    assert "Heat  4" in repr(load(path).show(count=1))
    assert repr(load(path, kind="implicit").show(count=1)).endswith("Heat")


def test_packed_ratings_are_the_same_again() -> None:
    generator = np.random.default_rng(0)
    pairs = np.unique(generator.integers(0, 99, (500, 2)), axis=0)
    history = History(pairs[:, 0], pairs[:, 1], generator.integers(1, 11, len(pairs)) / 2)
    shuffled = History(*(column[::-1] for column in history))
    again = unpack(pack(shuffled))
    assert all(np.array_equal(*columns) for columns in zip(history, again, strict=True))
    with pytest.raises(InputError, match="no packed list"):
        unpack(pack(history)[5:])


def test_titles_are_found_without_year_and_article(path: Path) -> None:
    path.write_text(
        "user,item,rating,title\n"
        + "\n".join(f'{n},{n % 3},4,"{TITLES[n % 3]}"' for n in range(12))
    )
    known = load(path).spec.ratings
    assert [known.items[known.item(title)] for title in ("the matrix", "matrix, the (1999)")] == [
        "0",
        "0",
    ]
    with pytest.raises(InputError, match=r"'Heat' stands for several items \(Heat \[1\] and"):
        known.item("Heat")
    with pytest.raises(InputError, match="unknown title 'Hea'; did you mean Heat"):
        known.item("Hea")
    with pytest.raises(InputError, match=r"unknown user .99. .*did you mean 9"):
        known.user("99")


def test_an_id_that_is_the_title_of_another_item_is_refused(path: Path) -> None:
    titles = {"300": "Quiz Show (1994)", "52722": "300 (2007)", "6": "Heat (1995)"}
    rows = [f'{user},{item},4,"{title}"' for user in range(4) for item, title in titles.items()]
    path.write_text("\n".join(["user,item,rating,title", *rows]))
    known = load(path).spec.ratings
    both = (
        r"'300' stands for several items \(Quiz Show \(1994\) \[300\] and 300 \(2007\) \[52722\]\)"
    )
    with pytest.raises(InputError, match=both):
        known.item("300")
    asked = ("300 (2007)", "52722", "Quiz Show", "6", "[300]")
    found = [known.items[known.item(name)] for name in asked]
    assert found == ["52722", "52722", "300", "6", "300"]
    path.write_text(path.read_text().replace("300 (2007)", "300"))
    with pytest.raises(InputError, match=both.replace(r"300 \(2007\)", "300")):
        load(path).spec.ratings.item("300")  # a title without a year is no more exact than an id
