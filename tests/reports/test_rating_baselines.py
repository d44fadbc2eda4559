"""Recommenders without nets on small ratings: by hand where that can be done, and their table."""

from pathlib import Path

import numpy as np
import pytest

import dl
from dl.cli import main
from dl.data.ratings.feedback import Feedback
from dl.reports import rating_baselines as baselines

TAKEN = np.array([[1, 1, 0, 0], [1, 1, 1, 0], [1, 0, 0, 1], [0, 0, 1, 1]], np.uint8)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Two kinds of users, each of which likes one half of the films."""
    generator = np.random.default_rng(0)
    rows = [
        f"{user},{item},{generator.integers(4, 6) - 3 * ((user + item) % 2 == 0)}"
        for user in range(16)
        for item in range(80)
        if (user + item) % 2 or generator.random() < 0.2
    ]
    (tmp_path / "mine.csv").write_text("\n".join(["user,item,rating", *rows]))
    return tmp_path / "mine.csv"


def test_biases_of_a_full_table_are_differences_of_means(path: Path) -> None:
    data = dl.load_data(f"ratings:{path}")
    pairs = np.array([[user, item] for user in range(3) for item in range(4)])
    ratings = np.random.default_rng(1).normal(size=12)
    answer = baselines.fit_biases(pairs, ratings, data, 0, damping=1e-12)
    full, mean = ratings.reshape(3, 4), ratings.mean()
    expected = full.mean(axis=1, keepdims=True) + full.mean(axis=0) - mean
    np.testing.assert_allclose(answer(pairs), expected.ravel())


def test_neighbours_are_those_of_the_cosine() -> None:
    pytest.importorskip("implicit")
    answer = baselines.fit_neighbours(TAKEN, None, 0, neighbours=3)
    columns = TAKEN / np.linalg.norm(TAKEN, axis=0)
    cosine = columns.T @ columns
    history = np.array([[1, 0, 0, 0]], np.float32)
    np.testing.assert_allclose(answer(history)[0, 1:], cosine[0, 1:])


def test_popularity_is_the_same_for_all() -> None:
    answer = baselines.fit_popularity(TAKEN, None, 0)
    assert answer(np.zeros((2, 4))).tolist() == [[3, 2, 2, 2]] * 2


@pytest.mark.slow
def test_one_table_has_methods_and_nets(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("implicit")
    pytest.importorskip("surprise")
    small = "--epochs 1 --batch-size 16 --factors 2 --devices 1 --quiet --run-dir"
    for name in ("factorisation_ratings", "two_tower_ratings"):
        words = f"run {name} --dataset ratings:{path} {small} {tmp_path / name}"
        assert main("experiments", words.split()) == 0
    capsys.readouterr()
    runs = [str(tmp_path / name) for name in ("factorisation_ratings", "two_tower_ratings")]
    command = ["baselines", "--dataset", f"ratings:{path}", *runs, "--format", "markdown"]
    assert main("experiments", command) == 0
    rows = [line.split("|")[1:-1] for line in capsys.readouterr().out.splitlines()[2:]]
    methods = {row[0].strip(): [cell.strip() for cell in row[2:5]] for row in rows}
    assert list(methods) == [
        *("biases", "SVD (scikit-surprise)", "popularity", "item k-NN (cosine)"),
        *("ALS (implicit)", "factorisation_ratings", "two_tower_ratings"),
    ]
    answered = [[cell != "–" for cell in cells] for cells in methods.values()]
    rates, ranks = [True, False, False], [False, True, True]
    assert answered == [rates, rates, ranks, ranks, ranks, rates, ranks]
    # Neighbours know which half a user likes, popularity does not.
    assert float(methods["item k-NN (cosine)"][1]) > float(methods["popularity"][1])
    command += ["--split-seed", "1"]
    assert main("experiments", command) == 2
    assert "was trained with --split-seed 0: give --split-seed 0" in capsys.readouterr().err


def test_columns_and_scale_are_those_of_a_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.csv").write_text("who,what,how\n" + "1,1,3\n" * 3)
    command = ["baselines", "--dataset", f"ratings:{tmp_path / 'mine.csv'}"]
    for words, message in (
        ([], "no single column for the user, item and rating; its columns are who, what, how"),
        (["--columns", "who,what,how"], "too few to hold some out"),
        (["--columns", "who,what,how", "--scale", "4,5"], "line 2, has the rating 3; ratings are"),
    ):
        assert main("experiments", [*command, *words]) == 2
        assert message in capsys.readouterr().err


def test_ratings_that_cannot_be_tuned_on_are_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("user,item,rating\n" + "1,1,3\n" * 3)
    with pytest.raises(dl.InputError, match="too few to hold some out"):
        baselines.fit_rating_baselines(f"ratings:{tmp_path / 'mine.csv'}", Feedback())
