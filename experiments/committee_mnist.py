"""A committee of LeNets on MNIST: each sees the digits turned and bent in its own way.

Lecture: E15, D7. Papers: Ciresan et al. 2011 and 2012 (committees of larger nets: 0.27 % and 0.23 %
    errors); Simard et al. 2003 (elastic distortions).
Expected: a test accuracy of 99.68 %; its members have 99.64 % ± 0.02. The committees of the papers
    have 99.73 and 99.77 %.
Time: 5,537 s on 2 CPU cores, shared with other work; about 79 s an epoch when alone.
Command: python -m experiments run committee_mnist
"""

from dataclasses import dataclass

from dl import Count, DataSpec, OptimizerName, Rate, Recipe, ScheduleName, models, objectives
from experiments._digits import DigitOptions, digit_changes


@dataclass(frozen=True)
class Options(DigitOptions):
    """Options of committee_mnist."""

    dataset: str = "mnist"
    members: int = 10
    epochs: int = 30
    batch_size: int = 128
    learning_rate: float = 0.1
    optimizer: OptimizerName = "nesterov"
    schedule: ScheduleName = "one-cycle"
    weight_decay: float = 5e-4
    validation: float = 0.0
    log_every: int = 500
    evaluate_every: int = 10
    elastic: float = 1.2
    first_maps: Count = 32
    """Maps of the first convolution."""
    second_maps: Count = 64
    """Maps of the second convolution."""
    dropout: Rate = 0.3
    """Fraction of the units that are switched off before each dense layer."""


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """One member: LeNet with dropout; Nesterov's momentum with a one-cycle rate."""
    features = (options.first_maps, options.second_maps)
    model = models.lenet(data_spec.classes, features=features, dropout=options.dropout)
    objective = objectives.classification(model, label_smoothing=options.label_smoothing)
    changes = digit_changes(options, data_spec)
    return Recipe(model, objective, options.make_optimizer(data_spec), changes)
