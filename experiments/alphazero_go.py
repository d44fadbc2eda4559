"""AlphaZero on Go, on a board of 9×9 (pgx): the path of the paper, in an hour and not in days.

Lecture: H1. Papers: Silver et al. 2018 (AlphaZero); Danihelka et al. 2022 (the search); Koyamada
    et al. 2023 (pgx).
Expected: not measured yet.
Time: not measured yet.
Command: python -m experiments run alphazero_go
"""

from dataclasses import dataclass

from dl import Dataset, DataSpec, Recipe, Trained
from experiments._alphazero import Figures, SelfPlayOptions, self_play_recipe, strength


@dataclass(frozen=True)
class Options(SelfPlayOptions):
    """Options of alphazero_go."""

    dataset: str = "play:go_9x9"
    epochs: int = 32
    batch_size: int = 128
    simulations: int = 16
    opening: int = 12
    at_random: float = 0.05
    snapshots: int = 5
    playing: int = 16
    rated_games: int = 200


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """One residual net with two heads; self-play, replay and updates in one program."""
    return self_play_recipe(options, data_spec)


def conclude(options: Options, trained: Trained, data: Dataset) -> Figures:
    """Matches with random play, and ratings of the earlier nets."""
    return strength(options, trained, data, ("random",))
