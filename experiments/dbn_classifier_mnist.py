"""A classifier of logistic layers, 784-500-500-2000-10, begun from a deep belief net on MNIST.

Lecture: F4. Paper: Hinton, Osindero & Teh 2006 (98.75 %).
Expected: test accuracy 98.58 % ± 0.06 over five seeds. With --train-examples 1000 --epochs 100
    92.25 % ± 0.15, from random weights 87.52 % ± 0.13.
Time: 69 to 209 s on 2 CPU cores, shared with other work, and that of dbn_mnist before.
Command: python -m experiments run dbn_classifier_mnist --init-from RUN-OF-dbn_mnist
"""

from dataclasses import dataclass

import jax

from dl import DataSpec, OptimizerName, Rate, Recipe, ScheduleName, TrainOptions, models, objectives
from experiments._belief import sizes_of


@dataclass(frozen=True)
class Options(TrainOptions):
    """Options of dbn_classifier_mnist; without --init-from the weights are random."""

    dataset: str = "mnist"
    epochs: int = 15
    batch_size: int = 100
    learning_rate: float = 0.001
    optimizer: OptimizerName = "adam"
    schedule: ScheduleName = "one-cycle"
    validation: float = 0.0
    checkpoint_every: int = 5
    layers: str = "500-500-2000"
    """Units of the hidden layers, those of the pre-trained net."""
    dropout: Rate = 0.0
    """Fraction of the hidden units that are switched off."""


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """Logistic layers on pixels from 0 to 1, and a softmax; Adam with a one-cycle rate."""
    net = models.mlp(
        data_spec.classes,
        hidden_sizes=sizes_of(options.layers),
        activation=jax.nn.sigmoid,
        dropout=options.dropout,
        kernel_init=jax.nn.initializers.glorot_normal(),
    )
    model = models.unnormalised(net, mean=data_spec.mean, std=data_spec.std)
    objective = objectives.classification(model, label_smoothing=options.label_smoothing)
    return Recipe(model, objective, options.make_optimizer(data_spec))
