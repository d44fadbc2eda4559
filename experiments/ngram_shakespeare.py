"""Counted n-grams of Shakespeare: the baseline for a net.

Lecture: H5. Paper: Chen & Goodman 1999 (interpolated modified Kneser-Ney).
Data: Karpathy 2015 (tiny Shakespeare).
Expected: 1.5165 nats (2.188 bits) per character of test, with 7-grams, the best length on the last
    5 % of train.
Time: 6 s.
Command: python -m experiments run ngram_shakespeare
"""

from dataclasses import dataclass

from dl import Dataset
from experiments._ngram import NgramOptions, count_ngrams


@dataclass(frozen=True)
class Options(NgramOptions):
    """Options of ngram_shakespeare."""

    dataset: str = "tiny_shakespeare"


def count(options: Options, data: Dataset) -> tuple[dict[str, dict[str, float]], int]:
    """Count the training part, and measure the held-out parts."""
    return count_ngrams(options, data)
