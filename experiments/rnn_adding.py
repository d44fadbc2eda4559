"""Elman's net with tanh on the adding problem with 200 steps, or `--dataset adding:STEPS`.

Lecture: G2, G1. Paper: Hochreiter & Schmidhuber 1997, section 5.4.
Expected: not solved: test MSE 0.139 (median of three seeds: 0.154, 0.139, 0.083); the answer 1
    to every example has 0.167.
Time: 160 s per seed on one CPU core.
Command: python -m experiments run rnn_adding
"""

from dataclasses import dataclass

from dl import DataSpec, Recipe, models, objectives
from experiments._sequences import SequenceOptions, sequence_recipe


@dataclass(frozen=True)
class Options(SequenceOptions):
    """Options of rnn_adding."""

    dataset: str = "adding:200"
    epochs: int = 10
    batch_size: int = 100
    hidden_size: int = 128


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """Reads pairs of a number and a mark; the last output is the answer."""
    model = models.sequence_model("rnn", data_spec.classes, hidden_size=options.hidden_size)
    return sequence_recipe(model, objectives.regression(model), options, data_spec)
