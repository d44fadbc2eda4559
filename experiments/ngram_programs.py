"""Counted n-grams of C programs: the baseline for a net.

Lecture: H5. Paper: Chen & Goodman 1999 (interpolated modified Kneser-Ney).
Data: programs of an online judge, such as POJ-104 (Mou et al. 2016), one JSON object per line;
    those of at most 400 characters, as for `lstm_programs`.
Expected: 1.208 nats per character (1.743 bits) on POJ-104's programs for problems that are not
    in the training part; 1.121 (1.617 bits) on programs of all lengths, with `--longest 0`.
Time: 7 s on one CPU core, shared with other work.
Command: python -m experiments run ngram_programs --dataset jsonl:PATH
"""

from dataclasses import dataclass
from typing import Literal

from dl import Dataset
from experiments._ngram import NgramOptions, count_ngrams


@dataclass(frozen=True)
class Options(NgramOptions):
    """Options of ngram_programs."""

    dataset: str = ""
    longest: int = 400
    """The most characters that a program may have; 0 sets no limit."""
    longer: Literal["cut", "leave-out"] = "leave-out"
    """Cut longer programs, or leave them out."""
    longest_gram: int = 12


def count(options: Options, data: Dataset) -> tuple[dict[str, dict[str, float]], int]:
    """Count the training part, and measure the held-out parts."""
    return count_ngrams(options, data)
