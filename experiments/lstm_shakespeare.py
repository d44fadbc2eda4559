"""An LSTM that writes like Shakespeare, one character at a time.

Lecture: G3, H5. Data: Karpathy 2015 (tiny Shakespeare).
Expected: 1.533 nats per character on the last tenth of the text (2.211 bits, perplexity 4.63; one
    seed). `--num-layers 2 --dropout 0.5 --epochs 12 --precision bfloat16` reaches 1.451 (2.094
    bits, perplexity 4.27).
Time: 22 to 40 minutes on one CPU core; two layers 28 minutes on two with matrix units for bfloat16.
Command: python -m experiments run lstm_shakespeare
"""

from dataclasses import dataclass

from dl import DataSpec, Recipe
from experiments._text import StreamOptions, language_recipe


@dataclass(frozen=True)
class Options(StreamOptions):
    """Options of lstm_shakespeare."""

    dataset: str = "tiny_shakespeare"
    validation: float = 0.0
    epochs: int = 14
    hidden_size: int = 512
    dropout: float = 0.3


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """One recurrent layer between one-hot characters and a softmax."""
    return language_recipe("lstm", options, data_spec)
