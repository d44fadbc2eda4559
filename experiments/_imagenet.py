"""The recipe of the ImageNet experiments: momentum with a warm-up and half a cosine, mirroring."""

from dataclasses import dataclass
from typing import Literal

from dl import (
    CountOrZero,
    DataSpec,
    NotNegative,
    Positive,
    Recipe,
    Share,
    TrainOptions,
    augment,
    objectives,
    optimizers,
)
from dl.types import Model


@dataclass(frozen=True)
class ImageNetOptions(TrainOptions):
    """Options of training on photographs of many sizes."""

    dataset: str = "imagenet2012"
    epochs: int = 90
    validation: float = 0.0
    random_crops: bool = True
    momentum: Share = 0.9
    """Fraction of the velocity that is kept from step to step."""
    weight_decay: NotNegative = 1e-4
    """λ of the penalty ½λ‖W‖²."""
    label_smoothing: Share = 0.1
    """Share of the target that is spread evenly over all classes in training."""
    warm_up_epochs: CountOrZero = 5
    """Epochs in which the rate rises to its peak; afterwards it falls along half a cosine."""
    dtype: Literal["bfloat16", "float32"] = "bfloat16"
    """Type of the numbers that are computed with; parameters are always float32."""
    width: Positive = 1.0
    """Factor on the number of channels of every layer."""


def imagenet_recipe(
    model: Model, options: ImageNetOptions, data_spec: DataSpec, *, nesterov: bool
) -> Recipe:
    """The recipe for `model`; half of the pictures are mirrored."""
    rising = options.steps_in(min(options.warm_up_epochs, options.epochs - 1), data_spec)
    falling = optimizers.cosine(steps=options.total_steps(data_spec) - rising)
    optimizer = optimizers.momentum(
        options.learning_rate,
        momentum=options.momentum,
        nesterov=nesterov,
        weight_decay=options.weight_decay,
        schedule=optimizers.warm_up(falling, steps=rising),
    )
    objective = objectives.classification(model, label_smoothing=options.label_smoothing, top_k=5)
    return Recipe(model, objective, optimizer, augment.flip())
