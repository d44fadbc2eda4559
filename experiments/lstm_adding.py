"""An LSTM on the adding problem with 400 steps, or `--dataset adding:STEPS`.

Lecture: G2, G3. Paper: Hochreiter & Schmidhuber 1997, section 5.4.
Expected: test MSE 0.0008 (one seed); the answer 1 to every example has 0.167.
Time: 18 minutes on one CPU core, shared with other work.
Command: python -m experiments run lstm_adding
"""

from dataclasses import dataclass

from dl import DataSpec, Recipe, models, objectives
from experiments._sequences import GatedOptions, sequence_recipe


@dataclass(frozen=True)
class Options(GatedOptions):
    """Options of lstm_adding."""

    dataset: str = "adding:400"
    epochs: int = 5
    batch_size: int = 100
    hidden_size: int = 128


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """Reads pairs of a number and a mark; the last output is the answer."""
    scale = options.scale_of(data_spec.input_shape[0])
    model = models.sequence_model(
        "lstm", data_spec.classes, hidden_size=options.hidden_size, time_scale=scale
    )
    return sequence_recipe(model, objectives.regression(model), options, data_spec)
