"""Three tanh units lift a disc out of the ring around it; two of them cannot.

Lecture: D11, C1.
Expected: test accuracy 98.6 % ± 0.4 over five seeds. A linear classifier reaches 47 % on the inputs
    and 99 % on the hidden layer; with --hidden-size 2 it reaches 79 %, because what two tanh units
    and a line enclose is never a closed area.
Time: 3 s on 2 CPU cores, shared with other work.
Command: python -m experiments run mlp_circles
"""

from dataclasses import dataclass

import jax

from dl import (
    Count,
    Dataset,
    DataSpec,
    OptimizerName,
    Recipe,
    ScheduleName,
    Trained,
    TrainOptions,
    models,
    objectives,
)
from dl.inspect import separability


@dataclass(frozen=True)
class Options(TrainOptions):
    """Options of mlp_circles."""

    dataset: str = "circles"
    epochs: int = 100
    batch_size: int = 50
    learning_rate: float = 0.05
    optimizer: OptimizerName = "adam"
    schedule: ScheduleName = "cosine"
    validation: float = 0.0
    checkpoint_every: int = 50
    hidden_size: Count = 3
    """Units in each hidden layer."""
    num_layers: Count = 1
    """Hidden layers."""


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """Hidden tanh layers of one size and a logistic output; Adam with a rate that falls to 0."""
    sizes = (options.hidden_size,) * options.num_layers
    model = models.mlp(data_spec.classes, hidden_sizes=sizes, activation=jax.nn.tanh)
    objective = objectives.binary(model, label_smoothing=options.label_smoothing)
    return Recipe(model, objective, options.make_optimizer(data_spec))


def conclude(options: Options, trained: Trained, data: Dataset) -> dict[str, dict[str, float]]:
    """How well a linear classifier separates the classes on the inputs and on each layer."""
    found = separability(trained, data, activation=jax.nn.tanh)
    return {f"linear_on_{layer}": {"accuracy": share} for layer, share in found.items()}
