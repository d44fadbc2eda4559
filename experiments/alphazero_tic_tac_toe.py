"""AlphaZero on tic-tac-toe: perfect play from self-play alone.

Lecture: H1. Papers: Silver et al. 2018 (AlphaZero); Danihelka et al. 2022 (the search).
Expected: 1,000 games against perfect play, all drawn, and 1,000 against random play, none lost:
    without search as with it. It keeps the value of 96.1 % of all positions, with search of 99.9 %.
Time: 433 s on 2 CPU cores, shared with other work.
Command: python -m experiments run alphazero_tic_tac_toe
"""

from dataclasses import dataclass

from dl import Dataset, DataSpec, Recipe, Trained
from experiments._alphazero import Figures, SelfPlayOptions, self_play_recipe, strength


@dataclass(frozen=True)
class Options(SelfPlayOptions):
    """Options of alphazero_tic_tac_toe."""

    dataset: str = "play:tic_tac_toe"
    epochs: int = 10
    features: int = 16
    blocks: int = 2
    simulations: int = 16
    room: int = 128
    opening: int = 9
    at_random: float = 0.25
    rated_games: int = 1000


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """One residual net with two heads; self-play, replay and updates in one program."""
    return self_play_recipe(options, data_spec)


def conclude(options: Options, trained: Trained, data: Dataset) -> Figures:
    """Matches and ratings beside random and perfect play."""
    return strength(options, trained, data, ("random", "perfect"))
