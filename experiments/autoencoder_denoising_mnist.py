"""A denoising auto-encoder on MNIST: 1,000 units, more than pixels, trained on noisy pictures.

Lecture: F3. Paper: Vincent et al. 2010.
Expected: a linear classifier on the code 97.1 % (on pixels 92.4 %); a noise of 0.214 per pixel
    is reduced to 0.015.
Time: 448 s on 2 CPU cores, shared with other work.
Command: python -m experiments run autoencoder_denoising_mnist
"""

from dataclasses import dataclass

import jax

from dl import (
    Count,
    Dataset,
    DataSpec,
    NotNegative,
    OptimizerName,
    Recipe,
    ScheduleName,
    Trained,
    TrainOptions,
    models,
    objectives,
)
from dl.inspect import assess, denoising_error
from dl.types import Corruption


@dataclass(frozen=True)
class Options(TrainOptions):
    """Options of autoencoder_denoising_mnist."""

    dataset: str = "mnist"
    epochs: int = 10
    batch_size: int = 128
    learning_rate: float = 0.001
    optimizer: OptimizerName = "adam"
    schedule: ScheduleName = "one-cycle"
    code_size: Count = 1000
    """Units in the code."""
    noise: NotNegative = 1.5
    """Standard deviation of the noise in each pixel; that of the pixels themselves is 1."""


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """One ReLU layer with tied weights; noisy training inputs; Adam with a one-cycle rate."""
    shape, size = data_spec.input_shape, options.code_size
    model = models.autoencoder(shape, code_size=size, code_activation=jax.nn.relu, tied=True)
    objective = objectives.autoencoding(model, corrupt=_noise(options))
    return Recipe(model, objective, options.make_optimizer(data_spec))


def conclude(options: Options, trained: Trained, data: Dataset) -> dict[str, dict[str, float]]:
    """Error of the reconstruction, also from noisy test pictures, and linear classifiers."""
    model, params = trained.autoencoder, trained.params
    corrupt, key = _noise(options), jax.random.key(options.seed)
    denoising = denoising_error(
        model, params, data.test.inputs, data.spec, corrupt=corrupt, key=key
    )
    return {**assess(model, params, data), **denoising}


def _noise(options: Options) -> Corruption:
    return objectives.reconstruction.gaussian_noise(options.noise)
