"""AlexNet on ImageNet's 1,000 classes, read from disk while it trains, in bfloat16.

Lecture: E10-E14. Paper: Krizhevsky et al. 2012 (one net: 40.7 % top-1 error, 18.2 % top-5, over ten crops), whose rate
falls in steps and whose labels are not smoothed; its changes of colour are left out.
Expected: not measured.
Time: not measured; it is made for an accelerator.
Command: python -m experiments run alexnet_imagenet
"""

from dataclasses import dataclass
from typing import Literal

import jax.numpy as jnp

from dl import objectives, optimizers
from dl.data.augment import flip
from dl.data.batching import steps_per_epoch
from dl.data.dataset import DataSpec
from dl.models import alexnet
from dl.train.compiled import Parts
from dl.train.options import TrainOptions, require


@dataclass(frozen=True)
class Options(TrainOptions):
    """Options of alexnet_imagenet."""

    dataset: str = "imagenet2012"
    epochs: int = 90
    batch_size: int = 128
    learning_rate: float = 0.01
    validation: float = 0.0
    image_size: int = 227
    random_crops: bool = True
    momentum: float = 0.9
    """Fraction of the velocity that is kept from step to step."""
    weight_decay: float = 5e-4
    """λ of the penalty ½λ‖W‖²."""
    label_smoothing: float = 0.1
    """Share of the target that is spread over all classes while training."""
    warm_up_epochs: int = 5
    """Epochs in which the rate rises to its peak; it then falls along half a cosine."""
    dtype: Literal["bfloat16", "float32"] = "bfloat16"
    """Numbers to compute with; parameters are float32 always."""
    dropout: float = 0.5
    """Fraction of units switched off before each hidden dense layer."""
    towers: Literal[1, 2] = 1
    """2 is the grouped original, for two devices with little memory."""
    width: float = 1.0
    """Factor on the channels of every layer."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(0 <= self.momentum < 1, "momentum", self.momentum, "at least 0 and below 1")
        require(0 <= self.dropout < 1, "dropout", self.dropout, "at least 0 and below 1")
        require(0 <= self.label_smoothing < 1, "label_smoothing", self.label_smoothing, "at least 0 and below 1")
        require(self.width > 0, "width", self.width, "above 0")
        for name in ("weight_decay", "warm_up_epochs"):
            require(getattr(self, name) >= 0, name, getattr(self, name), "at least 0")


def build(options: Options, data_spec: DataSpec, *, axis_name: str | None = None) -> Parts:
    """AlexNet; momentum with a warm-up and half a cosine; half of the pictures mirrored."""
    model = alexnet(
        data_spec.classes,
        towers=options.towers,
        width=options.width,
        dropout=options.dropout,
        dtype=jnp.dtype(options.dtype),
    )
    in_epoch = steps_per_epoch(data_spec.train_size, options.batch_size)
    rising = min(options.warm_up_epochs, options.epochs - 1) * in_epoch
    falling = optimizers.cosine(steps=options.epochs * in_epoch - rising)
    optimizer = optimizers.momentum(
        options.learning_rate,
        momentum=options.momentum,
        weight_decay=options.weight_decay,
        schedule=optimizers.warm_up(falling, steps=rising),
    )
    objective = objectives.classification(model, label_smoothing=options.label_smoothing, top_k=5)
    return Parts(model, objective, optimizer, flip())
