"""An LSTM that invents first names; each is read from its beginning to its end.

Lecture: G3, H5. Data: names that come with the package, or any file with one name per line.
Expected: 2.073 nats per character (2.991 bits, perplexity 7.95; one seed) on 516 of 5,163 names;
    with --dataset lines:PATH, the default size and 32,033 names 1.978 (2.854 bits).
Time: 62 s on one CPU core, shared with other work; 138 s for 32,033 names.
Command: python -m experiments run lstm_names --hidden-size 96 --batch-size 32
"""

from dataclasses import dataclass

from dl import DataSpec, Recipe
from experiments._text import WholeOptions, language_recipe


@dataclass(frozen=True)
class Options(WholeOptions):
    """Options of lstm_names."""

    dataset: str = "names"
    epochs: int = 20
    batch_size: int = 128
    hidden_size: int = 256
    dropout: float = 0.2


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """One recurrent layer; names of different lengths are padded and masked."""
    return language_recipe("lstm", options, data_spec)
