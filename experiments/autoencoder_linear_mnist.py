"""A linear auto-encoder on MNIST finds the principal subspace: 32 units, compared with
scikit-learn's PCA.

Lecture: F2. Paper: Baldi & Hornik 1989.
Expected: training error 0.003 % above PCA's, largest principal angle 1.6° (at most 0.05 % and 10°).
Time: 69 s on 2 CPU cores that had other work besides.
Command: python -m experiments run autoencoder_linear_mnist
"""

import math
from dataclasses import dataclass

from dl import objectives, optimizers
from dl.data.batching import steps_per_epoch
from dl.data.dataset import Dataset, DataSpec
from dl.inspect.autoencoders import assess
from dl.inspect.pca import compare_with_pca
from dl.models import autoencoder
from dl.train.options import TrainOptions, require
from dl.train.recipe import Recipe
from dl.types import Params


@dataclass(frozen=True)
class Options(TrainOptions):
    """Options of autoencoder_linear_mnist."""

    dataset: str = "mnist"
    epochs: int = 20
    batch_size: int = 500
    learning_rate: float = 0.003
    validation: float = 0.0
    checkpoint_every: int = 10
    code_size: int = 32
    """Units in the code."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.code_size >= 1, "code_size", self.code_size, "at least 1")


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """h = W x + b and y = Wᵀ h + c: tied, so that W converges to orthonormal rows; Adam, its rate
    falling to 0.
    """
    size, fewest = options.code_size, min(data_spec.train_size, math.prod(data_spec.input_shape))
    require(
        size <= fewest,
        "code_size",
        size,
        f"at most {fewest}, the fewer of training examples and pixels",
    )
    model = autoencoder(data_spec.input_shape, code_size=size, tied=True)
    steps = options.epochs * steps_per_epoch(data_spec.train_size, options.batch_size)
    optimizer = optimizers.adam(options.learning_rate, schedule=optimizers.cosine(steps=steps))
    return Recipe(model, objectives.autoencoding(model), optimizer)


def conclude(options: Options, params: Params, data: Dataset) -> dict[str, dict[str, float]]:
    """Error of the reconstruction, linear classifiers, and the distance from PCA."""
    model = autoencoder(data.spec.input_shape, code_size=options.code_size, tied=True)
    beside_pca = compare_with_pca(model, params, data, code_size=options.code_size)
    return {**assess(model, params, data), "beside_pca": beside_pca}
