"""AlphaZero on Go, on a board of 9×9 (pgx): the path of the paper, in an hour and not in days.

Lecture: H1. Papers: Silver et al. 2018 (AlphaZero); Danihelka et al. 2022 (the search); Koyamada
    et al. 2023 (pgx).
Expected: Elo, with random play at 0, after 0, 640, 1,280, 1,920 and 2,560 steps: -257, 532, 1,062,
    1,268, 1,367 (± 61 to 164), and 1,333 (± 171) at the end. All of 200 games against random play
    are won, without search too. Nothing stronger than random play was met: a beginner's level.
Time: 3,882 s on 2 CPU cores, shared with other work.
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
