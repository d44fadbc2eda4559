"""Games to be learned by playing: nothing is stored but positions to be judged on."""

from dataclasses import replace

import numpy as np

from dl.data.dataset import Dataset
from dl.data.parts import dataset_of_parts
from dl.data.sources.arrays import ArraySource
from dl.games.game import Game, named
from dl.games.valued import valued_positions

BOARDS = 12_800
"""The examples of an epoch; each one that a step takes stands for a board on which it plays."""


def load_play(name: str, *, validation: float = 0.0) -> Dataset:
    """Empty boards of a game to play on, and positions whose moves have exact values.

    An example of the training part is the first position of a game: planes [H, W, C], with targets
    0. The targets of the others are the values of the moves and, last, of the position, from −1 to
    1 for the player to move (−2: not legal): those of `dl.games.valued_positions`. Tic-tac-toe has
    all positions in either part; of Connect Four half is validation part and half test part. For
    other games, which nobody has solved, they are the first position alone.

    Raises:
        InputError: for an unknown game.

    >>> data = load_play("tic_tac_toe")
    >>> data.spec.class_names[-1], len(data.train), len(data.test)
    ('value', 12800, 4520)
    """
    game = named(name)
    start = np.asarray(game.observe(game.start()))
    train = ArraySource(
        np.broadcast_to(start, (BOARDS, *game.planes)),
        np.zeros((BOARDS, game.moves + 1), np.float32),
    )
    held_out, test = _judged(game)
    data = dataset_of_parts(
        f"play:{name}",
        train,
        test,
        class_names=(*game.move_names, "value"),
        task="play",
        validation=held_out,
    )
    return replace(data, spec=replace(data.spec, game=name))


def _judged(game: Game) -> tuple[ArraySource, ArraySource]:
    """The validation part and the test part."""
    valued = valued_positions(game)
    if valued is None:
        start = np.asarray(game.observe(game.start()))[None]
        first = ArraySource(start, np.zeros((1, game.moves + 1), np.float32))
        return first, first
    targets = np.concatenate([valued.moves, valued.values[:, None]], axis=1)
    every = ArraySource(valued.planes(game), targets.astype(np.float32))
    if game.name == "tic_tac_toe":
        return every, every
    half = len(targets) // 2
    return every.take(np.arange(half)), every.take(np.arange(half, len(targets)))
