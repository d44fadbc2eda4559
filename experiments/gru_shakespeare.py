"""A GRU that writes like Shakespeare, a character at a time.

Lecture: G4, H5. Data: Karpathy 2015 (tiny Shakespeare).
Expected: 1.554 nats a character on the last tenth of the text (2.242 bits, perplexity 4.73; one
    seed). The better of two settings that were tried; the other, 14 epochs and a dropout of 0.3,
    has 1.615.
Time: 13 minutes on one CPU core with matrix units for bfloat16, other work beside it.
Command: python -m experiments run gru_shakespeare --precision bfloat16
"""

from dataclasses import dataclass
from typing import Literal

from dl.data.dataset import DataSpec
from dl.train.recipe import Recipe
from experiments._text import StreamOptions, language_recipe


@dataclass(frozen=True)
class Options(StreamOptions):
    """Options of gru_shakespeare."""

    dataset: str = "tiny_shakespeare"
    validation: float = 0.0
    epochs: int = 8
    hidden_size: int = 512
    dropout: float = 0.5
    cell: Literal["gru", "gru_reset_after"] = "gru"
    """The slides' GRU, or cuDNN's, which resets after the recurrent product."""


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """One recurrent layer between one-hot characters and a softmax."""
    return language_recipe(options.cell, options, data_spec)
