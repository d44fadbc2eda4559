"""Softmax regression on MNIST: one dense layer on raw pixels.

Lecture: A5, B1.
Expected: test accuracy 92.7 % ± 0.1.
Time: 4 s on 2 CPU cores.
Command: python -m experiments run softmax_mnist
"""

from dataclasses import dataclass

from dl import objectives, optimizers
from dl.data.batching import steps_per_epoch
from dl.data.dataset import DataSpec
from dl.models import softmax_regression
from dl.train.options import TrainOptions
from dl.train.recipe import Recipe


@dataclass(frozen=True)
class Options(TrainOptions):
    """Options of softmax_mnist."""

    dataset: str = "mnist"
    epochs: int = 20
    batch_size: int = 256
    learning_rate: float = 0.002


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """Class scores W x + b, Adam with a cosine rate."""
    model = softmax_regression(data_spec.classes)
    steps = options.epochs * steps_per_epoch(data_spec.train_size, options.batch_size)
    optimizer = optimizers.adam(options.learning_rate, schedule=optimizers.cosine(steps=steps))
    return Recipe(model, objectives.classification(model), optimizer)
