"""The recipe of nets that untangle points of the plane, and how far each layer gets."""

from dataclasses import dataclass

import jax
import numpy as np

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
class UntanglingOptions(TrainOptions):
    """Options of a multilayer perceptron on two classes of points."""

    batch_size: int = 50
    optimizer: OptimizerName = "adam"
    schedule: ScheduleName = "cosine"
    validation: float = 0.0
    hidden_size: Count = 3
    """Units in each hidden layer."""
    num_layers: Count = 1
    """Hidden layers."""


def untangling_recipe(options: UntanglingOptions, data_spec: DataSpec) -> Recipe:
    """Hidden tanh layers of one size and a logistic output; Adam with a rate that falls to 0."""
    sizes = (options.hidden_size,) * options.num_layers
    model = models.mlp(data_spec.classes, hidden_sizes=sizes, activation=jax.nn.tanh)
    objective = objectives.binary(model, label_smoothing=options.label_smoothing)
    return Recipe(model, objective, options.make_optimizer(data_spec))


def separability_by_layer(trained: Trained, data: Dataset) -> dict[str, dict[str, float]]:
    """How well a linear classifier separates the classes on the inputs and on each layer.

    Several members are looked at one by one, because a committee has no layers of its own. The
    figures are then their means.
    """
    found = [separability(member, data, activation=jax.nn.tanh) for member in trained.members]
    return {
        f"linear_on_{layer}": {"accuracy": float(np.mean([shares[layer] for shares in found]))}
        for layer in found[0]
    }
