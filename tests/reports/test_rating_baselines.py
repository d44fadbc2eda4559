"""Recommenders without nets on small ratings: by hand where that can be done, and their table."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import dl
from dl.cli import main
from dl.data.ratings.feedback import Feedback
from dl.reports import rating_baselines as baselines
from dl.reports import recommenders
from dl.runs.folder import open_folder

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
    answer = recommenders.fit_biases(pairs, ratings, data, 0, damping=1e-12)
    full, mean = ratings.reshape(3, 4), ratings.mean()
    expected = full.mean(axis=1, keepdims=True) + full.mean(axis=0) - mean
    np.testing.assert_allclose(answer(pairs), expected.ravel())


def test_neighbours_are_those_of_the_cosine() -> None:
    pytest.importorskip("implicit")
    answer = recommenders.fit_neighbours(TAKEN, None, 0, neighbours=3)
    columns = TAKEN / np.linalg.norm(TAKEN, axis=0)
    cosine = columns.T @ columns
    history = np.array([[1, 0, 0, 0]], np.float32)
    np.testing.assert_allclose(answer(history)[0, 1:], cosine[0, 1:])


def test_popularity_is_the_same_for_all() -> None:
    answer = recommenders.fit_popularity(TAKEN, None, 0)
    assert answer(np.zeros((2, 4))).tolist() == [[3, 2, 2, 2]] * 2


@pytest.mark.parametrize("items", [5, 30])
def test_ease_is_the_inverse_of_all_items_also_where_users_are_fewer(items: int) -> None:
    generator, penalty = np.random.default_rng(0), 3.0
    taken = (generator.random((12, items)) < 0.3).astype(np.uint8)
    histories = (generator.random((7, items)) < 0.3).astype(np.float32)
    histories[:, 0] = 1.0
    x = taken.astype(float)
    inverse = np.linalg.inv(x.T @ x + penalty * np.eye(items))
    weights = -inverse / np.diag(inverse)
    weights[np.diag_indices(items)] = 0.0
    answer = recommenders.fit_ease(taken, None, 0, penalty=penalty)
    np.testing.assert_allclose(answer(histories), histories @ weights, atol=1e-9)


def test_somebody_of_whom_nothing_is_known_is_offered_what_is_popular() -> None:
    pytest.importorskip("implicit")
    nobody, expected = np.zeros((2, 4), np.float32), TAKEN.sum(axis=0, dtype=float)
    for answer in (
        recommenders.fit_neighbours(TAKEN, None, 0, neighbours=3),
        recommenders.fit_als(TAKEN, None, 0, factors=2, alpha=1.0, penalty=1.0),
        recommenders.fit_ease(TAKEN, None, 0, penalty=1.0),
    ):
        np.testing.assert_array_equal(answer(nobody), [expected] * 2)


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A data set, and a run that was trained on a part of its training ratings."""
    folder = tmp_path_factory.mktemp("limited")
    rows = [f"{user},{item},{1 + (user * item) % 5}" for user in range(9) for item in range(9)]
    (folder / "mine.csv").write_text("\n".join(["user,item,rating", *rows]))
    dataset = f"ratings:{folder / 'mine.csv'}"
    words = f"run two_tower_ratings --dataset {dataset} --columns user,item,rating --validation 0.2"
    words += " --batch-size 8 --epochs 1 --factors 2 --negatives 0 --devices 1 --quiet"
    words += f" --run-dir {folder / 'run'}"
    assert main("experiments", words.split()) == 0
    return dataset, folder / "run"


def test_a_run_on_fewer_ratings_is_no_row_of_the_table(limited: tuple[str, Path]) -> None:
    dataset, run = limited
    with pytest.raises(dl.InputError, match=r"was trained with --validation 0\.2, the methods"):
        baselines.rating_row(run, dataset, Feedback(columns="user,item,rating"))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"columns": ""}, "with --columns user,item,rating: give --columns user,item,rating"),
        ({"scale": "0,5"}, "without --scale: leave it out"),
        ({"least": 2.0}, "without --least: leave it out"),
        ({"split": "last"}, "with --split random: give --split random"),
        ({"least": 1.0}, ""),  # the lowest rating: all count
    ],
)
def test_a_run_on_other_ratings_is_no_row_of_the_table(
    changed: dict, message: str, limited: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, run = limited
    folder, config = open_folder(run, package="experiments")
    whole = replace(config, options=replace(config.options, validation=0.0))
    monkeypatch.setattr(baselines, "open_folder", lambda *_, **__: (folder, whole))
    monkeypatch.setattr(baselines, "open_data_of", lambda *_: None)
    asked = Feedback(**{"columns": "user,item,rating", **changed})
    if not message:
        assert baselines.rating_row(run, dataset, asked).recall is not None
        return
    with pytest.raises(dl.InputError, match=f"was trained {message}"):
        baselines.rating_row(run, dataset, asked)


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
        *("EASE", "ALS (implicit)", "factorisation_ratings", "two_tower_ratings"),
    ]
    answered = [[cell != "–" for cell in cells] for cells in methods.values()]
    rates, ranks = [True, False, False], [False, True, True]
    assert answered == [rates, rates, *[ranks] * 4, rates, ranks]
    # Neighbours know which half a user likes, popularity does not.
    assert float(methods["item k-NN (cosine)"][1]) > float(methods["popularity"][1])
    command += ["--split-seed", "1"]
    assert main("experiments", command) == 2
    assert "was trained with --split-seed 0: give --split-seed 0" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("tried", "settings"),
    [
        ((3.0, 4.0, 5.0), "size 3 (lowest tried)"),
        ((1.0, 2.0, 3.0), "size 3 (highest tried)"),
        ((2.0, 3.0, 4.0), "size 3"),
        ((3.0,), "size 3"),
    ],
)
def test_settings_at_the_edge_of_what_was_tried_are_marked(
    tried: tuple[float, ...], settings: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fit(taken: np.ndarray, data: dl.Dataset, seed: int, *, size: float) -> Callable:
        """Knows which half a user likes at a size of 3, and otherwise the opposite."""
        halves = (taken @ taken.T.astype(float)) @ taken * (1 if size == 3 else -1)
        own = {row.tobytes(): scores for row, scores in zip(taken, halves, strict=True)}
        return lambda rows: np.stack([own[row.astype(np.uint8).tobytes()] for row in rows])

    monkeypatch.setattr(baselines, "RATING_METHODS", ())
    method = recommenders.Method("halves", fit, {"size": tried})
    monkeypatch.setattr(baselines, "ITEM_METHODS", (method,))
    (row,) = baselines.fit_rating_baselines(f"ratings:{path}", Feedback())
    assert row.settings == settings


def test_where_nothing_is_rated_items_alone_are_predicted(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [row.rpartition(",")[0] for row in path.read_text().splitlines()]
    path.write_text("\n".join(rows))
    monkeypatch.setattr(baselines, "ITEM_METHODS", recommenders.ITEM_METHODS[:1])
    assert main("experiments", ["baselines", "--dataset", f"ratings:{path}"]) == 0
    out, err = capsys.readouterr()
    assert [line.split()[0] for line in out.splitlines()] == ["method", "popularity"]
    assert "has no two different ratings: what predicts ratings is left out" in err


@pytest.mark.parametrize(
    ("dataset", "words", "message"),
    [
        ("ratings", ["--validation", "0.1"], "are taken: leave out --validation"),
        ("ratings", ["--train-examples", "9"], "are taken: leave out --train-examples"),
        ("digits", ["--least", "4"], "digits has no ratings: leave out --least"),
    ],
)
def test_options_that_would_not_count_are_refused(
    dataset: str, words: list[str], message: str, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"ratings:{path}" if dataset == "ratings" else dataset
    assert main("experiments", ["baselines", "--dataset", name, *words]) == 2
    assert message in capsys.readouterr().err


def test_columns_and_scale_say_how_a_table_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.csv").write_text("who,what,how\n" + "1,1,3\n" * 3)
    command = ["baselines", "--dataset", f"ratings:{tmp_path / 'mine.csv'}"]
    for words, message in (
        ([], "no single column for the user and item; its columns are who, what, how"),
        (["--columns", "who,what,how"], "too few to hold some out"),
        (["--columns", "who,what,how", "--scale", "4,5"], "line 2, has the rating 3; ratings are"),
    ):
        assert main("experiments", [*command, *words]) == 2
        assert message in capsys.readouterr().err


def test_ratings_that_cannot_be_tuned_on_are_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("user,item,rating\n" + "1,1,3\n" * 3)
    with pytest.raises(dl.InputError, match="too few to hold some out"):
        baselines.fit_rating_baselines(f"ratings:{tmp_path / 'mine.csv'}", Feedback())
