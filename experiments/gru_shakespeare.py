"""A GRU that writes like Shakespeare, one character at a time.

Lecture: G4, H5. Data: Karpathy 2015 (tiny Shakespeare).
Expected: 1.554 nats per character on the last tenth of the text (2.242 bits, perplexity 4.73; one
    seed). The better of two settings; the other, 14 epochs and a dropout of 0.3, has 1.615.
Time: 13 minutes on one CPU core with matrix units for bfloat16, shared with other work.
Command: python -m experiments run gru_shakespeare --precision bfloat16
"""

from dataclasses import dataclass
from typing import Literal

from dl import DataSpec, Recipe
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
    """The GRU of the slides, or that of cuDNN, which resets after the recurrent product."""


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """One recurrent layer between one-hot characters and a softmax."""
    return language_recipe(options.cell, options, data_spec)
