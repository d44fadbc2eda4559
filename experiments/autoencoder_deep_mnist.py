"""A deep auto-encoder on MNIST, 784-1000-500-250-30 and back, begun from a deep belief net.

Lecture: F1, F4. Paper: Hinton & Salakhutdinov 2006.
Expected: test error 3.49 per example (PCA: 13.87; from random weights 15.38; paper: 3.00).
Time: 195 s on 2 CPU cores, shared with other work, and 192 s for the stack before.
Command: python -m experiments run autoencoder_deep_mnist --init-from RUN, where RUN is a run of
    dbn_mnist --layers 1000-500-250-30 --linear-code --epochs 20
"""

from dataclasses import dataclass

import jax

from dl import (
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
from dl.inspect import assess
from experiments._belief import sizes_of


@dataclass(frozen=True)
class Options(TrainOptions):
    """Options of autoencoder_deep_mnist; without --init-from the weights are random."""

    dataset: str = "mnist"
    epochs: int = 15
    batch_size: int = 100
    learning_rate: float = 0.001
    optimizer: OptimizerName = "adam"
    schedule: ScheduleName = "one-cycle"
    validation: float = 0.0
    checkpoint_every: int = 5
    layers: str = "1000-500-250-30"
    """Units of the layers, from the inputs to the code."""


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """Logistic layers to a linear code and back with the same weights; Adam, a one-cycle rate."""
    model = models.belief_net(
        data_spec.input_shape,
        sizes_of(options.layers),
        linear_code=True,
        mean=data_spec.mean,
        std=data_spec.std,
        kernel_init=jax.nn.initializers.glorot_normal(),
    )
    return Recipe(model, objectives.autoencoding(model), options.make_optimizer(data_spec))


def conclude(options: Options, trained: Trained, data: Dataset) -> dict[str, dict[str, float]]:
    """Error of the reconstruction, and linear classifiers on the code and on the pixels."""
    return assess(trained.autoencoder, trained.params, data)
