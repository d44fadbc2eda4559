"""AlphaZero on Connect Four: a net that plays with itself, and searches to find better moves.

Lecture: H1. Papers: Silver et al. 2018 (AlphaZero); Danihelka et al. 2022 (the search).
Expected: not measured yet.
Time: not measured yet.
Command: python -m experiments run alphazero_connect_four
"""

from dataclasses import dataclass

from dl import Dataset, DataSpec, Recipe, Trained
from experiments._alphazero import Figures, SelfPlayOptions, self_play_recipe, strength


@dataclass(frozen=True)
class Options(SelfPlayOptions):
    """Options of alphazero_connect_four."""

    dataset: str = "play:connect_four"
    epochs: int = 30


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """One residual net with two heads; self-play, replay and updates in one program."""
    return self_play_recipe(options, data_spec)


def conclude(options: Options, trained: Trained, data: Dataset) -> Figures:
    """Matches and ratings beside players by roll-outs."""
    return strength(options, trained, data, ("random", "one-step", "mcts:100", "mcts:1000"))
