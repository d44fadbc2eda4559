"""An LSTM that writes C programs, one character at a time.

Lecture: H3, G3. Data: programs of an online judge, such as POJ-104 (Mou et al. 2016), one JSON
    object per line; trained on those of at most 400 characters (8,678 of 22,630), since the program
    on the slides has 280.
Expected: of 1,200 programs written at temperature 0.5, 51.8 % compile (one net); 1.004 nats per
    character (1.449 bits, perplexity 2.73) on programs for problems that are not in the training
    part. With a dropout of 0.1 and 24 epochs it predicts these better, 0.954, and writes worse,
    35 % (cut after 450 characters, the others after 600).
Time: 120 minutes on one or two CPU cores with matrix units for bfloat16, shared with other work.
Command: python -m experiments run lstm_programs --dataset jsonl:PATH --precision bfloat16
"""

from dataclasses import dataclass
from typing import Literal

from dl import DataSpec, Recipe
from experiments._text import WholeOptions, language_recipe


@dataclass(frozen=True)
class Options(WholeOptions):
    """Options of lstm_programs."""

    dataset: str = ""
    longest: int = 400
    """The most characters that a program may have; 0 sets no limit."""
    longer: Literal["cut", "leave-out"] = "leave-out"
    """Cut longer programs, or leave them out."""
    validation: float = 0.02
    epochs: int = 32
    batch_size: int = 32
    hidden_size: int = 512
    dropout: float = 0.25


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """One recurrent layer; programs of different lengths are padded and masked."""
    return language_recipe("lstm", options, data_spec)
