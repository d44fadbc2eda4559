"""Hidden Markov models of words: what recognised speech before nets did (H4)."""

from dl.hmm.graphs import Graph, chain, loop, read_words
from dl.hmm.mixtures import Mixtures
from dl.hmm.viterbi import viterbi
from dl.hmm.word_models import WordModels, align, fit_word_models

__all__ = [
    "Graph",
    "Mixtures",
    "WordModels",
    "align",
    "chain",
    "fit_word_models",
    "loop",
    "read_words",
    "viterbi",
]
