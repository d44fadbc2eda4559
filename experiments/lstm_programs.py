"""An LSTM that writes C programs, a character at a time.

Lecture: H3, G3. Data: programs of an online judge, such as POJ-104 (Mou et al. 2016), one JSON object a line.
Expected: not measured yet.
Time: not measured yet.
Command: python -m experiments run lstm_programs --dataset jsonl:PATH
"""

from dataclasses import dataclass

from dl.data.dataset import DataSpec
from dl.train.compiled import Parts
from experiments._text import StreamOptions, language_parts


@dataclass(frozen=True)
class Options(StreamOptions):
    """Options of lstm_programs."""

    dataset: str = ""
    validation: float = 0.02
    epochs: int = 8
    batch_size: int = 64
    segment: int = 100
    hidden_size: int = 512
    dropout: float = 0.1


def build(options: Options, data_spec: DataSpec, *, axis_name: str | None = None) -> Parts:
    """One recurrent layer; programs follow each other, with an end between them."""
    return language_parts("lstm", options, data_spec)
