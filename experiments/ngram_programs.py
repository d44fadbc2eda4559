"""The n-grams of C programs, counted: what a net has to beat.

Lecture: H5. Paper: Chen & Goodman 1999 (interpolated modified Kneser-Ney).
Data: programs of an online judge, such as POJ-104 (Mou et al. 2016), one JSON object a line.
Expected: 1.121 nats a character (1.617 bits) on POJ-104's programs for problems that are not in the training part.
Time: 57 s on one CPU core that had other work besides.
Command: python -m experiments run ngram_programs --dataset jsonl:PATH
"""

from dataclasses import dataclass
from typing import Literal

from dl.data.dataset import Dataset
from experiments._ngram import NgramOptions, measure_ngram


@dataclass(frozen=True)
class Options(NgramOptions):
    """Options of ngram_programs."""

    dataset: str = ""
    longest: int = 400
    """The most characters that a program has; 0 sets no limit."""
    longer: Literal["cut", "leave-out"] = "leave-out"
    """Cut programs with more than the longest, or leave them out."""
    longest_gram: int = 12


def measure(options: Options, data: Dataset) -> tuple[dict[str, dict[str, float]], int]:
    """Counts, and what they say of the held-out parts."""
    return measure_ngram(options, data)
