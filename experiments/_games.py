"""What the experiments on games share: options, the game of the data, the recipe of a policy."""

from dataclasses import dataclass

from dl import (
    Count,
    CountOrZero,
    DataSpec,
    InputError,
    OptimizerName,
    Recipe,
    ScheduleName,
    TrainOptions,
    objectives,
)
from dl.games.game import Game, named
from dl.types import Model


@dataclass(frozen=True)
class GameOptions(TrainOptions):
    """Options of training a net on positions of a game."""

    dataset: str = ""
    batch_size: int = 128
    learning_rate: float = 0.002
    optimizer: OptimizerName = "adam"
    schedule: ScheduleName = "one-cycle"
    symmetric: bool = True
    """Train on each position, or at random on its mirror image."""
    rated_games: CountOrZero = 200
    """Games of each match with another player when training is over; 0 plays none."""


@dataclass(frozen=True)
class BoardOptions(GameOptions):
    """The same for a convolutional net."""

    features: Count = 32
    """Maps of each convolution."""
    layers: Count = 4
    """Convolutions."""


def game_of(data_spec: DataSpec) -> Game:
    """The game whose positions the data hold.

    Raises:
        InputError: for other data.
    """
    if not data_spec.game:
        raise InputError(
            f"{data_spec.name} is no game: give --dataset moves:FILE or outcomes:FILE, with the "
            "games that `self_play` wrote into FILE"
        )
    return named(data_spec.game)


def policy_recipe(model: Model, options: GameOptions, data_spec: DataSpec) -> Recipe:
    """A policy learns to choose the moves that were chosen in the recorded games."""
    game, smoothing = game_of(data_spec), options.label_smoothing
    objective = objectives.classification(model, label_smoothing=smoothing)
    if options.symmetric:
        objective = objectives.on_symmetric_copies(objective, game)
    return Recipe(model, objective, options.make_optimizer(data_spec))
