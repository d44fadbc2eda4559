"""A plain net of 3×3 convolutions on MNIST: bent digits, averaged weights.

Lecture: E13, D6, D7. Papers: Simonyan & Zisserman 2015, arXiv:1409.1556 (3×3 convolutions);
    Simard, Steinkraus & Platt 2003 (bent digits); Izmailov et al. 2018, arXiv:1803.05407 (averaged
    weights).
Expected: test accuracy 99.70 % (seed 0).
Time: 3,250 s on 2 CPU cores that had other work.
Command: python -m experiments run cnn_mnist
"""

from dataclasses import dataclass

from dl import Count, DataSpec, OptimizerName, Rate, Recipe, ScheduleName, models, objectives
from experiments._digits import DigitOptions, digit_changes


@dataclass(frozen=True)
class Options(DigitOptions):
    """Options of cnn_mnist."""

    dataset: str = "mnist"
    epochs: int = 30
    batch_size: int = 128
    learning_rate: float = 0.05
    optimizer: OptimizerName = "nesterov"
    schedule: ScheduleName = "cosine"
    warm_up: int = 400
    final_rate: float = 0.05
    weight_decay: float = 5e-4
    validation: float = 0.0
    average_from: float = 0.9
    elastic: float = 1.2
    hidden_size: Count = 64
    """Units of the dense layer."""
    dropout: Rate = 0.3
    """Fraction of the units that are switched off after the dense layer."""


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """Five convolutions with batch norm in three stages, and a dense layer: 174,666 parameters.

    Only the first convolution, of one channel, has the full size of the pictures: there a second
    one would take more time than all others.
    """
    model = models.vgg(
        11,
        data_spec.classes,
        convolutions=(1, 2, 2),
        features=(32, 48, 80),
        hidden_sizes=(options.hidden_size,),
        batch_normalised=True,
        dropout=options.dropout,
    )
    objective = objectives.classification(model, label_smoothing=options.label_smoothing)
    changes = digit_changes(options, data_spec)
    return Recipe(model, objective, options.make_optimizer(data_spec), changes)
