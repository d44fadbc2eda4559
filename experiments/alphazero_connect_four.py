"""AlphaZero on Connect Four: a net that plays with itself, and searches to find better moves.

Lecture: H1. Papers: Silver et al. 2018 (AlphaZero); Danihelka et al. 2022 (the search).
Expected: with 200 simulations a move 97.5 % of the points of 200 games (95 %: 94.3 to 98.9) against
    plain search with 100, and 87.8 % (82.5 to 91.6) with 1,000; it begins in the centre and keeps
    the value of 92.5 % of 200 mid-game positions. The net alone: 79.3 %, 55.0 % and 68.0 %.
Time: 2,378 s with 64 simulations in the matches, on 2 CPU cores, shared with other work.
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
    playing: int = 200


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """One residual net with two heads; self-play, replay and updates in one program."""
    return self_play_recipe(options, data_spec)


def conclude(options: Options, trained: Trained, data: Dataset) -> Figures:
    """Matches and ratings beside players by roll-outs."""
    return strength(options, trained, data, ("random", "one-step", "mcts:100", "mcts:1000"))
