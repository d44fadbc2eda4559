"""The recipe of the ImageNet experiments: momentum with a warm-up and half a cosine, mirroring."""

from dataclasses import dataclass, replace

from dl import (
    CountOrZero,
    DataSpec,
    Positive,
    Precision,
    Recipe,
    ScheduleName,
    TrainOptions,
    augment,
    objectives,
)
from dl.types import Model


@dataclass(frozen=True)
class ImageNetOptions(TrainOptions):
    """Options of training on photographs of many sizes."""

    dataset: str = "imagenet2012"
    epochs: int = 90
    validation: float = 0.0
    schedule: ScheduleName = "cosine"
    random_crops: bool = True
    weight_decay: float = 1e-4
    label_smoothing: float = 0.1
    warm_up_epochs: CountOrZero = 5
    """Epochs in which the rate rises to its peak; afterwards it falls along half a cosine."""
    precision: Precision = "bfloat16"
    width: Positive = 1.0
    """Factor on the number of channels of every layer."""


def imagenet_recipe(model: Model, options: ImageNetOptions, data_spec: DataSpec) -> Recipe:
    """The recipe for `model`; half of the pictures are mirrored."""
    if not options.warm_up and options.schedule != "one-cycle":  # which rises by itself
        epochs = min(options.warm_up_epochs, options.epochs - 1)
        options = replace(options, warm_up=options.steps_in(epochs, data_spec))
    objective = objectives.classification(model, label_smoothing=options.label_smoothing, top_k=5)
    return Recipe(model, objective, options.make_optimizer(data_spec), augment.flip())
