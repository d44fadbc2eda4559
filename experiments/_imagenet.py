"""What the experiments on ImageNet share: momentum, a warm-up and half a cosine, mirrored pictures,
the top five.
"""

from dataclasses import dataclass
from typing import Literal

from dl import objectives, optimizers
from dl.data.augment import flip
from dl.data.dataset import DataSpec
from dl.data.sources.batching import steps_per_epoch
from dl.train.options import TrainOptions, require
from dl.train.recipe import Recipe
from dl.types import Model


@dataclass(frozen=True)
class ImageNetOptions(TrainOptions):
    """Options of training on photographs of many sizes."""

    dataset: str = "imagenet2012"
    epochs: int = 90
    validation: float = 0.0
    random_crops: bool = True
    momentum: float = 0.9
    """Fraction of the velocity that is kept from step to step."""
    weight_decay: float = 1e-4
    """λ of the penalty ½λ‖W‖²."""
    label_smoothing: float = 0.1
    """Share of the target that is spread over all classes while training."""
    warm_up_epochs: int = 5
    """Epochs in which the rate rises to its peak; it then falls along half a cosine."""
    dtype: Literal["bfloat16", "float32"] = "bfloat16"
    """Numbers to compute with; parameters are float32 always."""
    width: float = 1.0
    """Factor on the channels of every layer."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(0 <= self.momentum < 1, "momentum", self.momentum, "at least 0 and below 1")
        require(
            0 <= self.label_smoothing < 1,
            "label_smoothing",
            self.label_smoothing,
            "at least 0 and below 1",
        )
        require(self.width > 0, "width", self.width, "above 0")
        for name in ("weight_decay", "warm_up_epochs"):
            require(getattr(self, name) >= 0, name, getattr(self, name), "at least 0")


def imagenet_recipe(
    model: Model, options: ImageNetOptions, data_spec: DataSpec, *, nesterov: bool
) -> Recipe:
    """`model` with the recipe around it; half of the pictures are mirrored."""
    in_epoch = steps_per_epoch(data_spec.train_size, options.batch_size)
    rising = min(options.warm_up_epochs, options.epochs - 1) * in_epoch
    falling = optimizers.cosine(steps=options.epochs * in_epoch - rising)
    optimizer = optimizers.momentum(
        options.learning_rate,
        momentum=options.momentum,
        nesterov=nesterov,
        weight_decay=options.weight_decay,
        schedule=optimizers.warm_up(falling, steps=rising),
    )
    objective = objectives.classification(model, label_smoothing=options.label_smoothing, top_k=5)
    return Recipe(model, objective, optimizer, flip())
