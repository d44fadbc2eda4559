"""The experiments of AlphaGo's pipeline fit their data, one after the other, in small."""

from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

import dl
from dl.cli import main
from dl.cli.catalog import Catalog
from dl.data.game_files import write_games
from dl.errors import InputError
from dl.games.agents import random_player
from dl.games.game import named
from dl.runs.open_data import open_data
from dl.runs.play_games import record_games
from dl.runs.run import start_run
from dl.train.fits import check_recipe_fits, zero_totals
from dl.train.interrupt import StopRequest
from dl.types import EARLIER

CATALOG = Catalog("experiments")
TINY = {"epochs": 1, "batch_size": 16, "train_examples": 32, "rated_games": 0, "devices": 1}
NET = {"features": 2, "layers": 1}
OPTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "rollout_connect_four": ("moves", TINY),
    "policy_connect_four": ("moves", {**TINY, **NET}),
    "policy_tic_tac_toe": ("moves:tic_tac_toe", {**TINY, **NET, "validation": 0.0}),
    "reinforce_connect_four": ("games:connect_four", {**TINY, **NET, "selves": 2}),
    "value_connect_four": ("outcomes", {**TINY, **NET, "rollouts": 2}),
}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    game = named("connect_four")
    records = record_games(random_player(game), None, game, games=80, random_moves=3)
    path = tmp_path_factory.mktemp("games") / "random.npz"
    write_games(path, records)
    return path


def options_of(name: str, file: Path) -> Any:
    kind, options = OPTIONS[name]
    dataset = kind if ":" in kind else f"{kind}:{file}"
    return CATALOG.load(name).options(dataset=dataset, **options)


def run(name: str, file: Path, folder: Path, **how: Any) -> dict[str, dict[str, float]]:
    result = start_run(
        *(CATALOG.load(name), options_of(name, file)),
        run_dir=folder,
        stop=StopRequest(),
        show=False,
        **how,
    ).result
    assert result is not None
    return result["metrics"]


@pytest.mark.parametrize("name", OPTIONS)
def test_nets_fit_their_data(name: str, file: Path) -> None:
    options = options_of(name, file)
    spec = open_data(options).spec
    recipe = CATALOG.load(name).recipe(options, spec)
    check_recipe_fits(recipe, spec)
    kind = {"reinforce_connect_four": "score", "value_connect_four": "mse"}
    assert set(zero_totals(recipe, spec)) == {"loss", kind.get(name, "accuracy")}


def test_other_data_are_refused() -> None:
    options = CATALOG.load("policy_connect_four").options(dataset="digits")
    with pytest.raises(InputError, match="digits is no game: give --dataset moves:FILE"):
        CATALOG.load("policy_connect_four").recipe(options, open_data(options).spec)


@pytest.fixture(scope="module")
def runs(file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of each experiment but tic-tac-toe's, where one begins with the other."""
    folder = tmp_path_factory.mktemp("runs")
    for name in ("rollout", "policy", "value"):
        run(f"{name}_connect_four", file, folder / name)
    run("reinforce_connect_four", file, folder / "reinforce", init_from=folder / "policy")
    return folder


@pytest.mark.slow
def test_the_reinforced_policy_remembers_where_it_began(runs: Path) -> None:
    """Two steps: the pool has the policy that was given, and no parameters of its own yet."""
    begun, after = dl.load(runs / "policy"), dl.load(runs / "reinforce")
    pool = after.model_state[EARLIER]["params"]
    for given, kept, now in zip(
        *map(jax.tree.leaves, (begun.params, pool, after.params)), strict=True
    ):
        assert (np.asarray(kept) == np.asarray(given)).all()
        assert (np.asarray(now) != np.asarray(given)).any()


@pytest.mark.slow
def test_everything_plays_with_everything(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nets = {"policy": "policy", "reinforced": "reinforce", "value": "value", "rollout": "rollout"}
    words = [word for option, name in nets.items() for word in (f"--{option}", str(runs / name))]
    few = ["--simulations", "2", "--games", "2", "--run-dir", str(tmp_path / "all")]
    assert main("experiments", ["run", "alphago_connect_four", *words, *few]) == 0
    said = capsys.readouterr().err
    assert "lambda 0.5 against lambda 1" in said
    assert "gets no page" not in said
    assert main("experiments", ["run", "alphago_connect_four", *words[2:]]) == 2
    assert "policy names no run: give --policy RUN" in capsys.readouterr().err


@pytest.mark.slow
def test_runs_play_at_the_terminal(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["self_play", str(runs / "reinforce"), "--games", "6", "--temperature", "1"]
    assert main("experiments", [*words, "--to", str(tmp_path / "own.npz")]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "own.npz")
    assert dl.load_data(f"outcomes:{tmp_path / 'own.npz'}").sizes == {"train": 5, "test": 1}
    assert main("experiments", ["match", str(runs / "policy"), "random", "--games", "4"]) == 0
    out = capsys.readouterr().out
    assert "of 4 games" in out
    assert "Elo difference" in out
    assert main("experiments", ["match", str(runs / "value"), "random", "--games", "4"]) == 2
    assert "has no moves to choose from" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("self_play random --game connect_four --to games.txt", "name ends with .npz"),
        ("self_play random --game connect_four --to no/games.npz", "cannot write no/games.npz"),
        ("self_play random --to games.npz", "which game? give --game"),
        ("self_play nobody --game connect_four --to games.npz", "'nobody' is no run's folder"),
        ("self_play random --game connect_fore --to games.npz", "unknown game 'connect_fore'"),
        ("self_play perfect --game connect_four --to games.npz", "not connect_four"),
        ("match random one-step --game tic_tac_toe --games 3", "3 is not even"),
        ("match random one-step --game tic_tac_toe --seed -1", "seed is -1; it must be"),
    ],
)
def test_wrong_words_are_one_line(
    words: str,
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main("experiments", words.split()) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert says in line
    assert not list(tmp_path.iterdir())
