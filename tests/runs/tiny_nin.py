"""An experiment of a second: a Network in Network of a few maps, with batch norm."""

from dataclasses import dataclass

from dl import objectives, optimizers
from dl.data.dataset import DataSpec
from dl.models import nin
from dl.models.nin import Stage
from dl.train.options import TrainOptions
from dl.train.recipe import Recipe


@dataclass(frozen=True)
class Options(TrainOptions):
    """Options of tiny_nin."""

    dataset: str = "digits"
    epochs: int = 2
    batch_size: int = 8
    train_examples: int = 24
    devices: int = 1
    features: int = 2
    """Maps of the first convolution."""


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """One stage: conv1, mlp1_1, and the maps whose means are the logits."""
    stages = (Stage((options.features, 3), 5, 4),)
    model = nin(data_spec.classes, stages=stages, batch_normalised=True)
    optimizer = optimizers.momentum(options.learning_rate, weight_decay=0.01)
    return Recipe(model, objectives.classification(model), optimizer)
