"""LeNet-5 on MNIST, with a softmax head and a fully connected C3, or as published in 1998.

Lecture: E9. Paper: LeCun, Bottou, Bengio & Haffner 1998 (99.05 % without distortions).
Expected: test accuracy 99.27 % ± 0.04; with --variant 1998 --learning-rate 0.005 98.85 % (one
    seed).
Time: 140 s on 2 CPU cores; --variant 1998 221 s on one, while other work ran on the second.
Command: python -m experiments run lenet5_mnist
"""

from dataclasses import dataclass
from typing import Literal

from dl import DataSpec, OptimizerName, Recipe, ScheduleName, TrainOptions, models, objectives


@dataclass(frozen=True)
class Options(TrainOptions):
    """Options of lenet5_mnist."""

    dataset: str = "mnist"
    variant: Literal["softmax", "1998"] = "softmax"
    """1998 is the net of the paper, with trained pooling and outputs that measure distances; it
    needs a rate of 0.005.
    """
    epochs: int = 20
    batch_size: int = 128
    learning_rate: float = 0.1
    optimizer: OptimizerName = "momentum"
    schedule: ScheduleName = "one-cycle"
    validation: float = 0.0
    weight_decay: float = 1e-4


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """LeNet-5 with tanh units; momentum with a one-cycle rate and a little weight decay."""
    model = models.lenet5(data_spec.classes, variant=options.variant)
    if options.variant == "1998":
        objective = objectives.maximum_a_posteriori(model)
    else:
        objective = objectives.classification(model, label_smoothing=options.label_smoothing)
    return Recipe(model, objective, options.make_optimizer(data_spec))
