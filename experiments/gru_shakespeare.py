"""A GRU that writes like Shakespeare, a character at a time.

Lecture: G4, H5. Data: Karpathy 2015 (tiny Shakespeare).
Expected: not measured yet.
Time: not measured yet.
Command: python -m experiments run gru_shakespeare
"""

from dataclasses import dataclass

from dl.data.dataset import DataSpec
from dl.train.compiled import Parts
from experiments._text import LanguageOptions, language_parts


@dataclass(frozen=True)
class Options(LanguageOptions):
    """Options of gru_shakespeare."""

    dataset: str = "tiny_shakespeare"
    validation: float = 0.05
    epochs: int = 20
    hidden_size: int = 512
    dropout: float = 0.3


def build(options: Options, data_spec: DataSpec, *, axis_name: str | None = None) -> Parts:
    """One recurrent layer between one-hot characters and a softmax."""
    return language_parts("gru", options, data_spec)
