"""Options with which any experiment trains within seconds, on small data that need no download."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from small_data import SMALL_OPTIONS, write_small_data

from dl.data.game_files import write_games
from dl.games.records import Records

TINY_SELF_PLAY = {
    "features": 4,
    "blocks": 1,
    "simulations": 4,
    "moves": 2,
    "lessons": 4,
    "room": 32,
    "playing": 4,
    "rated_games": 0,
}
_ON_GAMES = {"epochs": 1, "batch_size": 16, "features": 2, "layers": 1}
GAME_OPTIONS: dict[str, tuple[str, dict]] = {
    "rollout_connect_four": ("moves", {"epochs": 1, "batch_size": 16}),
    "policy_connect_four": ("moves", _ON_GAMES),
    "policy_tic_tac_toe": ("moves:tic_tac_toe", {**_ON_GAMES, "train_examples": 64}),
    "reinforce_connect_four": (
        "games:connect_four",
        {**_ON_GAMES, "train_examples": 32, "selves": 2, "rated_games": 0},
    ),
    "value_connect_four": ("outcomes", {**_ON_GAMES, "rollouts": 2}),
}


def write_all_small_data(folder: Path) -> dict[str, str]:
    """The names for `--dataset` by kind of data, with photographs and recorded games."""
    games = write_small_games(folder / "games.npz")
    return {
        **write_small_data(folder),
        "photos": f"folder:{write_photos(folder)}",
        "moves": f"moves:{games}",
        "outcomes": f"outcomes:{games}",
    }


def small_options(name: str, defaults: Any, data: dict[str, str]) -> dict[str, Any]:
    """Options with which an experiment makes about 20 steps within seconds."""
    if name in SMALL_OPTIONS:
        kind, options = SMALL_OPTIONS[name]
        options = {"dataset": data.get(kind, kind), **options}
        small = {
            "train_examples": 40,
            "epochs": 2,
            "batch_size": min(4, options.get("batch_size", 4)),
        }
        return {**options, **{key: value for key, value in small.items() if key in options}}
    if name in GAME_OPTIONS:
        kind, options = GAME_OPTIONS[name]
        return {"dataset": data.get(kind, kind), **options}
    if name.startswith("alphazero_"):
        return {"epochs": 2, "batch_size": 4, "train_examples": 40, **TINY_SELF_PLAY}
    if name.endswith("_imagenet"):
        width = {"width": 1 / 48, "image_size": 67} if "alexnet" in name else {"width": 1 / 16}
        sizes = {"image_size": 32, "depth": 18, **width} if "resnet" in name else width
        return {
            "dataset": data["photos"],
            "epochs": 2,
            "batch_size": 4,
            "warm_up_epochs": 1,
            **sizes,
        }
    if defaults.dataset in ("gates", "xor"):
        return {"epochs": min(defaults.epochs, 10), "batch_size": defaults.batch_size}
    pictures = defaults.dataset.endswith(("mnist", "cifar10"))
    return {
        "dataset": "digits" if pictures else defaults.dataset,
        "epochs": 2,
        "batch_size": 4,
        "train_examples": 40,
        "validation": 0.1,
        "learning_rate": defaults.learning_rate * 0.1,
    }


def write_photos(folder: Path) -> Path:
    """Pictures of noise in several sizes, in four classes."""
    generator = np.random.default_rng(0)
    for part, count in (("train", 40), ("test", 8)):
        for number in range(count):
            path = folder / "photos" / part / "abcd"[number % 4] / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            size = (70 + number % 5, 80 + number % 3, 3)
            Image.fromarray(generator.integers(0, 256, size, np.uint8)).save(path)
    return folder / "photos"


def write_small_games(path: Path) -> Path:
    """Games of Connect Four in which either player fills a column, and the other does not mind."""
    won = [(a, b, a, b, a, b, a) for a in range(7) for b in range(7) if a != b]
    lost = [(a, b, (a + 3) % 7, b, a, b, (a + 3) % 7, b) for a, b, *_ in won if b != (a + 3) % 7]
    moves = np.full((len(won) + len(lost), 42), -1)
    for row, game in enumerate([*won, *lost]):
        moves[row, : len(game)] = game
    scores = np.repeat([1, -1], [len(won), len(lost)])
    write_games(path, Records("connect_four", moves, scores, np.zeros(len(moves))))
    return path
