"""Elman's net with tanh on the adding problem, 200 steps unless `--dataset adding:STEPS` says
otherwise.

Lecture: G2, G1. Paper: Hochreiter & Schmidhuber 1997, section 5.4.
Expected: it does not solve it: test MSE 0.139 (median of three seeds: 0.154, 0.139, 0.083); always
    to answer 1 has 0.167.
Time: 160 s a seed on one CPU core.
Command: python -m experiments run rnn_adding
"""

from dataclasses import dataclass

from dl import objectives
from dl.data.dataset import DataSpec
from dl.models import sequence_model
from dl.train.recipe import Recipe
from experiments._sequences import SequenceOptions, sequence_recipe


@dataclass(frozen=True)
class Options(SequenceOptions):
    """Options of rnn_adding."""

    dataset: str = "adding:200"
    epochs: int = 10
    batch_size: int = 100
    hidden_size: int = 128


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """Pairs of a number and a mark, the last output."""
    model = sequence_model("rnn", data_spec.classes, hidden_size=options.hidden_size)
    return sequence_recipe(model, objectives.regression(model), options, data_spec)
