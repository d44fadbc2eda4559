"""An LSTM that reads a digit pixel by pixel, 784 steps.

Lecture: G2, G3. Paper: Le et al. 2015, arXiv:1504.00941 (the task).
Expected: 97.6 % accuracy (one seed).
Time: 57 minutes on one CPU core, shared with other work.
Command: python -m experiments run lstm_mnist_pixels
"""

from dataclasses import dataclass

from dl import DataSpec, InputError, Recipe, models, objectives
from experiments._sequences import GatedOptions, sequence_recipe


@dataclass(frozen=True)
class Options(GatedOptions):
    """Options of lstm_mnist_pixels."""

    dataset: str = "mnist"
    epochs: int = 8
    batch_size: int = 128
    hidden_size: int = 128


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """Reads 784 pixels one by one; the last output is the answer."""
    if len(data_spec.input_shape) != 3:
        raise InputError(
            f"this net reads pictures, and {data_spec.name} has none: "
            f"give those of another --dataset"
        )
    height, width, _ = data_spec.input_shape
    scale = options.scale_of(height * width)
    model = models.sequence_model(
        "lstm", data_spec.classes, hidden_size=options.hidden_size, pixels=True, time_scale=scale
    )
    objective = objectives.classification(model, label_smoothing=options.label_smoothing)
    return sequence_recipe(model, objective, options, data_spec)
