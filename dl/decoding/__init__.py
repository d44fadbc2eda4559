"""Sequences from a model's predictions: greedily, drawn, by beam search, by CTC."""

from dl.decoding.beam import search_beam
from dl.decoding.decode import Written, decode
from dl.decoding.greedy import write_greedily
from dl.decoding.hypotheses import Hypotheses, length_penalty

__all__ = [
    "Hypotheses",
    "Written",
    "decode",
    "length_penalty",
    "search_beam",
    "write_greedily",
]
