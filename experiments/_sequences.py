"""What the experiments that read sequences to their end share: Adam with clipped gradients and a
one-cycle rate.
"""

from dataclasses import dataclass

from dl import optimizers
from dl.data.dataset import DataSpec
from dl.data.sources.batching import steps_per_epoch
from dl.train.options import TrainOptions, require
from dl.train.recipe import Recipe
from dl.types import Model, Objective


@dataclass(frozen=True)
class SequenceOptions(TrainOptions):
    """Options of training a recurrent net on whole sequences."""

    learning_rate: float = 2e-3
    validation: float = 0.0
    hidden_size: int = 128
    """Units of the recurrent layer."""
    clip: float = 1.0
    """Largest norm of the gradient."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.hidden_size >= 1, "hidden_size", self.hidden_size, "at least 1")
        require(self.clip > 0, "clip", self.clip, "above 0")


@dataclass(frozen=True)
class GatedOptions(SequenceOptions):
    """The same for nets with gates."""

    time_scale: int = -1
    """Gates begin by remembering for up to so many steps; −1: as many as there are, 0: their biases
    are left alone.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.time_scale >= -1, "time_scale", self.time_scale, "at least -1")

    def scale_of(self, steps: int) -> int:
        """The time scale for sequences of so many `steps`; two are too few for one."""
        return self.time_scale if self.time_scale >= 0 else steps if steps > 2 else 0


def sequence_recipe(
    model: Model, objective: Objective, options: SequenceOptions, data_spec: DataSpec
) -> Recipe:
    """`model` with the recipe around it."""
    steps = options.epochs * steps_per_epoch(data_spec.train_size, options.batch_size)
    optimizer = optimizers.adam(options.learning_rate, schedule=optimizers.one_cycle(steps=steps))
    return Recipe(model, objective, optimizers.clipped(optimizer, norm=options.clip))
