"""The recipe for whole sequences: Adam with clipped gradients and a one-cycle rate."""

from dataclasses import dataclass
from typing import Annotated

from dl import Count, DataSpec, OptimizerName, Range, Recipe, ScheduleName, TrainOptions
from dl.types import Model, Objective


@dataclass(frozen=True)
class SequenceOptions(TrainOptions):
    """Options of training a recurrent net on whole sequences."""

    learning_rate: float = 2e-3
    optimizer: OptimizerName = "adam"
    schedule: ScheduleName = "one-cycle"
    validation: float = 0.0
    hidden_size: Count = 128
    """Units of the recurrent layer."""
    clip: float = 1.0


@dataclass(frozen=True)
class GatedOptions(SequenceOptions):
    """The same for nets with gates."""

    time_scale: Annotated[int, Range(at_least=-1)] = -1
    """Initial gates remember for up to this many steps; −1 takes the sequence's length, 0 leaves
    the biases of the gates as they are.
    """

    def scale_of(self, steps: int) -> int:
        """The time scale for sequences of this many `steps`; 0 where two or fewer leave no room."""
        if self.time_scale >= 0:
            return self.time_scale
        return steps if steps > 2 else 0


def sequence_recipe(
    model: Model, objective: Objective, options: SequenceOptions, data_spec: DataSpec
) -> Recipe:
    """The recipe for `model` and `objective`."""
    return Recipe(model, objective, options.make_optimizer(data_spec))
