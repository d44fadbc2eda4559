"""`recommend RUN USER`: what is recommended, to users and to somebody new, and what is refused."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import dl
from dl.cli import main

OPTIONS = (
    "--epochs 2 --batch-size 8 --devices 1 --parallel jit --steps-per-call 1 --checkpoint-every 2"
)
TITLES = [f"Film {place} (20{place:02})" for place in range(10)]
EXPERIMENTS = {
    "factorisation_ratings": "--factors 3 --split last",
    "two_tower_ratings": "--factors 3 --split last --negatives 0 --least 3",
}


@pytest.fixture(scope="module")
def ratings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve users, ten films with an own title each; the last two are rated once.

    The ratings of a user come one after the other: that of the last film is held out.
    """
    path = tmp_path_factory.mktemp("ratings") / "mine.csv"
    generator = np.random.default_rng(0)
    rows = [
        f"{user},{place},{generator.integers(1, 6)},{place},{TITLES[place]}"
        for user in range(12)
        for place in range(8)
        if generator.random() < 0.7
    ]
    rows += [f"0,{place},5,{place},{TITLES[place]}" for place in (8, 9)]
    path.write_text("\n".join(["user,item,rating,time,title", *rows]))
    return path


@pytest.fixture(scope="module")
def runs(ratings: Path) -> dict[str, Path]:
    """A run of each kind, whose data are gone."""
    folders = {}
    for name, options in EXPERIMENTS.items():
        folders[name] = ratings.parent / name
        words = f"run {name} --dataset ratings:{ratings} {OPTIONS} {options} --quiet --run-dir"
        assert main("experiments", [*words.split(), str(folders[name])]) == 0
    ratings.unlink()
    return folders


Recommend = Callable[..., list[dict]]


@pytest.fixture
def recommend(runs: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> Recommend:
    def call(name: str, *words: str) -> list[dict]:
        capsys.readouterr()
        command = ["recommend", str(runs[name]), *words, "--format", "json"]
        assert main("experiments", command) == 0
        return json.loads(capsys.readouterr().out)

    return call


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_best_of_what_a_user_has_not_rated(
    name: str, runs: dict[str, Path], recommend: Recommend
) -> None:
    trained = dl.load(runs[name])
    known = trained.spec.ratings
    user = known.users[3]
    rated = {known.items[item] for item in known.history.of(3)[0]}
    found = recommend(name, user, "--count", "99")
    offered = {row["item"] for row in found}
    trained_on = {known.items[item] for item in np.flatnonzero(known.item_counts)}
    assert "9" not in trained_on
    assert "8" in offered
    assert offered == trained_on - rated
    assert [row["title"] for row in found] == [TITLES[int(row["item"])] for row in found]
    scores = [row["score"] for row in found]
    assert scores == sorted(scores, reverse=True)
    if name == "factorisation_ratings":
        pairs = np.array([[3, known.items.index(row["item"])] for row in found], np.int32)
        assert scores == pytest.approx(np.asarray(trained.outputs(pairs))[:, 0], rel=1e-5)
    assert found[:2] == recommend(name, user, "--count", "2")


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_somebody_new_is_not_offered_what_was_rated(name: str, recommend: Recommend) -> None:
    found = recommend(name, "--rated", "film 2=5,Film 3 (2003)=1", "--count", "99")
    assert not {"2", "3"} & {row["item"] for row in found}
    nobody = recommend(name, "--count", "99")
    assert {"2", "3"} <= {row["item"] for row in nobody}


def test_a_two_tower_model_serves_a_known_user_as_a_new_one_with_the_same_history(
    runs: dict[str, Path], recommend: Recommend
) -> None:
    known = dl.load(runs["two_tower_ratings"]).spec.ratings
    items, ratings = known.history.of(1)
    rated = ",".join(f"{known.titles[i]}={r:g}" for i, r in zip(items, ratings, strict=True))
    new = recommend("two_tower_ratings", "--rated", rated)
    assert new == recommend("two_tower_ratings", known.users[1])


@pytest.mark.parametrize("columns", ["user,item", "user,item,rating"])
def test_items_that_are_taken_and_not_rated(
    columns: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"{user},{item},1" for user in range(5) for item in range(6) if user != item]
    taken = [row[: 2 * columns.count(",") + 1] for row in rows]
    (tmp_path / "mine.csv").write_text("\n".join([columns, *taken]))
    run, options = tmp_path / "run", "--factors 2 --negatives 0 --quiet --run-dir"
    words = f"run two_tower_ratings --dataset ratings:{tmp_path / 'mine.csv'} {OPTIONS} {options}"
    assert main("experiments", [*words.split(), str(run)]) == 0
    found = []
    for rated in ("0,2", "0=1,2=1"):
        capsys.readouterr()
        command = ["recommend", str(run), "--rated", rated, "--count", "99", "--format", "json"]
        assert main("experiments", command) == 0
        found.append({row["item"] for row in json.loads(capsys.readouterr().out)})
    assert found == [{"1", "3", "4", "5"}] * 2


def test_a_user_without_training_ratings_is_served_as_somebody_new(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"{user},{item},{1 + item % 5}" for user in range(8) for item in range(6)]
    rows += [f"once{user},0,5" for user in range(20)]
    (tmp_path / "mine.csv").write_text("\n".join(["user,item,rating", *rows]))
    run = tmp_path / "run"
    words = f"run biases_ratings --dataset ratings:{tmp_path / 'mine.csv'} {OPTIONS} --quiet"
    assert main("experiments", [*words.split(), "--run-dir", str(run)]) == 0
    known = dl.load(run).spec.ratings
    user = next(name for n, name in enumerate(known.users) if not known.history.of(n)[0].size)
    found = []
    for asked in ([user], []):
        capsys.readouterr()
        assert main("experiments", ["recommend", str(run), *asked, "--format", "json"]) == 0
        out, err = capsys.readouterr()
        assert (f"{user} has no ratings in the training part" in err) == bool(asked)
        found.append(out)
    assert found[0] == found[1]


def test_of_an_item_named_twice_the_last_rating_counts(recommend: Recommend) -> None:
    name = "factorisation_ratings"
    twice = recommend(name, "--rated", "Film 4=1,Film 4 (2004)=5")
    assert twice == recommend(name, "--rated", "Film 4=5")
    assert twice != recommend(name, "--rated", "Film 4=1")


def test_people_read_a_table(runs: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    run = str(runs["factorisation_ratings"])
    assert main("experiments", ["recommend", run, "3", "--count", "1"]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split() == ["rating", "title", "item"]
    assert "Film" in row


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["111"], "unknown user '111' (for somebody new give --rated 'TITLE=5'); did you mean 11?"),
        (["--rated", "Film 44=3"], "unknown title 'Film 44'; did you mean Film 4 (2004)?"),
        (["--rated", "Film 4=7"], "'Film 4' is rated 7; ratings are from 1 to 5"),
        (["--rated", "Film 4"], "rated is 'Film 4' where TITLE=RATING should stand"),
        (["3", "--rated", "Film 4=2"], "a user has ratings already: give either the user or"),
        (["3", "--count", "0"], "count is 0; it must be at least 1"),
    ],
)
def test_wrong_input_is_one_line(
    words: list[str],
    message: str,
    runs: dict[str, Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = str(runs["factorisation_ratings"])
    capsys.readouterr()
    assert main("experiments", ["recommend", run, *words]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert message in err


def test_runs_that_recommend_nothing_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main("experiments", ["recommend", "experiments/trained/lenet_digits", "1"]) == 2
    assert "has no ratings, and recommends nothing" in capsys.readouterr().err


def test_a_damaged_catalogue_is_named(
    runs: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(runs["factorisation_ratings"], folder)
    config = json.loads((folder / "config.json").read_text())
    catalogue = config["data"]["catalogue"]
    for name, value, message in (
        ("rated", "x" + catalogue["rated"], "data.catalogue.rated is no packed list of ratings"),
        ("titles", catalogue["titles"][:2], "titles has not one title for each item"),
        ("users", [*catalogue["users"][:-1], "0"], "users is empty, or holds something twice"),
        ("scale", [5, 1], "scale is [5, 1]; it is lowest, highest"),
    ):
        changed = {**config, "data": {**config["data"], "catalogue": {**catalogue, name: value}}}
        (folder / "config.json").write_text(json.dumps(changed))
        assert main("experiments", ["recommend", str(folder), "3"]) == 2
        assert message in capsys.readouterr().err
