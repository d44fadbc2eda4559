"""Elman's net writing like Shakespeare, a character at a time.

Lecture: G1, H5. Data: Karpathy 2015 (tiny Shakespeare).
Expected: 1.632 nats per character on the last tenth of the text (2.354 bits, perplexity 5.11; one
    seed).
Time: 277 s on one CPU core, shared with other work.
Command: python -m experiments run rnn_shakespeare
"""

from dataclasses import dataclass

from dl import DataSpec, Recipe
from experiments._text import StreamOptions, language_recipe


@dataclass(frozen=True)
class Options(StreamOptions):
    """Options of rnn_shakespeare."""

    dataset: str = "tiny_shakespeare"
    validation: float = 0.0
    epochs: int = 20
    hidden_size: int = 256
    dropout: float = 0.0


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """One recurrent layer between one-hot characters and a softmax."""
    return language_recipe("rnn", options, data_spec)
