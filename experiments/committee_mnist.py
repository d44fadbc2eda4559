"""A committee of LeNets on MNIST: each sees the digits turned and bent in its own way.

Lecture: E15, D7. Papers: Ciresan et al. 2011 and 2012 (committees of larger nets: 0.27 % and 0.23 %
    errors); Simard et al. 2003 (elastic distortions).
Expected: a test accuracy of 99.68 %; its members have 99.64 % ± 0.02. The committees of the papers
    have 99.73 and 99.77 %.
Time: 5,537 s on 2 CPU cores, shared with other work; about 79 s an epoch when alone.
Command: python -m experiments run committee_mnist
"""

from dataclasses import dataclass

from dl import (
    Count,
    DataSpec,
    NotNegative,
    OptimizerName,
    Positive,
    Rate,
    Recipe,
    ScheduleName,
    Share,
    TrainOptions,
    augment,
    models,
    objectives,
)


@dataclass(frozen=True)
class Options(TrainOptions):
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
    first_maps: Count = 32
    """Maps of the first convolution."""
    second_maps: Count = 64
    """Maps of the second convolution."""
    dropout: Rate = 0.3
    """Fraction of the units that are switched off before each dense layer."""
    elastic: NotNegative = 1.2
    """Strength of the bending: the standard deviation of a pixel's shift, in pixels."""
    smoothness: Positive = 4.0
    """Width of the Gaussian that smooths the bending, in pixels."""
    degrees: NotNegative = 12.0
    """Largest rotation to either side, in degrees."""
    zoom: Share = 0.12
    """Largest change of size, as a fraction."""
    shift: NotNegative = 2.0
    """Largest shift along each axis, in pixels."""
    plain_share: Share = 0.1
    """Share of the epochs, at the end, that have no augmentation."""


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """One member: LeNet with dropout; Nesterov's momentum with a one-cycle rate."""
    features = (options.first_maps, options.second_maps)
    model = models.lenet(data_spec.classes, features=features, dropout=options.dropout)
    objective = objectives.classification(model, label_smoothing=options.label_smoothing)
    change = augment.elastic(
        options.elastic,
        smoothness=options.smoothness,
        degrees=options.degrees,
        zoom=options.zoom,
        shift=options.shift,
    )
    changing = options.epochs - round(options.plain_share * options.epochs)
    changes = augment.until_step(change, options.steps_in(changing, data_spec))
    return Recipe(model, objective, options.make_optimizer(data_spec), changes)
