"""Counting instead of learning: an n-gram model, the baseline of every language model (H5)."""

from dl.ngram.kneser_ney import NGram, discounts, fit
from dl.ngram.predict import distribution, log_probabilities, sample

__all__ = ["NGram", "discounts", "distribution", "fit", "log_probabilities", "sample"]
