"""Counting which word of one language stands for which of another: the years before neural nets."""

from dl.alignment.ibm1 import IBM1, align, best_words, fit, log_likelihood

__all__ = ["IBM1", "align", "best_words", "fit", "log_likelihood"]
