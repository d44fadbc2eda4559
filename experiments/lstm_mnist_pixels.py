"""An LSTM that reads a digit pixel by pixel, 784 steps.

Lecture: G2, G3. Paper: Le et al. 2015, arXiv:1504.00941 (the task).
Expected: not measured yet.
Time: not measured yet.
Command: python -m experiments run lstm_mnist_pixels
"""

from dataclasses import dataclass

from dl import objectives
from dl.data.dataset import DataSpec
from dl.models import sequence_model
from dl.train.compiled import Parts
from experiments._sequences import SequenceOptions, sequence_parts


@dataclass(frozen=True)
class Options(SequenceOptions):
    """Options of lstm_mnist_pixels."""

    dataset: str = "mnist"
    epochs: int = 15
    batch_size: int = 128
    hidden_size: int = 128
    time_scale: int = 784
    """Gates begin by remembering for up to so many steps; 0 leaves their biases alone."""


def build(options: Options, data_spec: DataSpec, *, axis_name: str | None = None) -> Parts:
    """784 pixels one by one, the last output."""
    model = sequence_model(
        "lstm", data_spec.classes, hidden_size=options.hidden_size, pixels=True, time_scale=options.time_scale
    )
    return sequence_parts(model, objectives.classification(model), options, data_spec)
