"""A linear auto-encoder on MNIST: its 32 units find the subspace of the principal components.

Lecture: F2. Paper: Baldi & Hornik 1989.
Expected: training error 0.003 % above that of scikit-learn's PCA, largest principal angle 1.6°
    (at most 0.05 % and 10°).
Time: 69 s on 2 CPU cores, shared with other work.
Command: python -m experiments run autoencoder_linear_mnist
"""

import math
from dataclasses import dataclass

from dl import (
    Count,
    Dataset,
    DataSpec,
    InputError,
    OptimizerName,
    Recipe,
    ScheduleName,
    Trained,
    TrainOptions,
    models,
    objectives,
)
from dl.inspect import assess, compare_with_pca


@dataclass(frozen=True)
class Options(TrainOptions):
    """Options of autoencoder_linear_mnist."""

    dataset: str = "mnist"
    epochs: int = 20
    batch_size: int = 500
    learning_rate: float = 0.003
    optimizer: OptimizerName = "adam"
    schedule: ScheduleName = "cosine"
    validation: float = 0.0
    checkpoint_every: int = 10
    code_size: Count = 32
    """Units in the code."""


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """h = W x + b and y = Wᵀ h + c; Adam with a rate that falls to 0.

    The weights are tied, so that the rows of W become orthonormal.
    """
    size, fewest = options.code_size, min(data_spec.train_size, math.prod(data_spec.input_shape))
    if size > fewest:
        raise InputError(
            f"code_size is {size}; it must be at most {fewest}, "
            f"the fewer of training examples and pixels"
        )
    model = models.autoencoder(data_spec.input_shape, code_size=size, tied=True)
    return Recipe(model, objectives.autoencoding(model), options.make_optimizer(data_spec))


def conclude(options: Options, trained: Trained, data: Dataset) -> dict[str, dict[str, float]]:
    """Error of the reconstruction, linear classifiers, and the distance from PCA."""
    model, params = trained.autoencoder, trained.params
    beside_pca = compare_with_pca(model, params, data, code_size=options.code_size)
    return {**assess(model, params, data), "beside_pca": beside_pca}
