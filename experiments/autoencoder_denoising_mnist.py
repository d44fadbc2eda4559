"""A denoising auto-encoder on MNIST: 1,000 units, more than pixels, learn from noisy pictures what
digits look like.

Lecture: F3. Paper: Vincent et al. 2010.
Expected: a linear classifier on the code 97.1 % (on pixels 92.4 %); noise of 0.214 a pixel reduced
    to 0.015.
Time: 448 s on 2 CPU cores that had other work besides.
Command: python -m experiments run autoencoder_denoising_mnist
"""

from dataclasses import dataclass

import jax

from dl import objectives, optimizers
from dl.data.batching import steps_per_epoch
from dl.data.dataset import Dataset, DataSpec
from dl.inspect.autoencoders import assess, denoising_error
from dl.models import autoencoder
from dl.train.options import TrainOptions, require
from dl.train.recipe import Recipe
from dl.types import Autoencoder, Params


@dataclass(frozen=True)
class Options(TrainOptions):
    """Options of autoencoder_denoising_mnist."""

    dataset: str = "mnist"
    epochs: int = 10
    batch_size: int = 128
    learning_rate: float = 0.001
    code_size: int = 1000
    """Units in the code."""
    noise: float = 1.5
    """Standard deviation of the noise in each pixel, where that of the pixels is 1."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.code_size >= 1, "code_size", self.code_size, "at least 1")
        require(self.noise >= 0, "noise", self.noise, "at least 0")


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """One ReLU layer with tied weights; noise in the inputs while training; Adam with a one-cycle
    rate.
    """
    model = _model(options, data_spec)
    steps = options.epochs * steps_per_epoch(data_spec.train_size, options.batch_size)
    optimizer = optimizers.adam(options.learning_rate, schedule=optimizers.one_cycle(steps=steps))
    corrupt = objectives.reconstruction.gaussian_noise(options.noise)
    return Recipe(model, objectives.autoencoding(model, corrupt=corrupt), optimizer)


def conclude(options: Options, params: Params, data: Dataset) -> dict[str, dict[str, float]]:
    """Error of the reconstruction, also from noisy test pictures, and linear classifiers."""
    model, corrupt = (
        _model(options, data.spec),
        objectives.reconstruction.gaussian_noise(options.noise),
    )
    key = jax.random.key(options.seed)
    denoising = denoising_error(
        model, params, data.test.inputs, data.spec, corrupt=corrupt, key=key
    )
    return {**assess(model, params, data), **denoising}


def _model(options: Options, data_spec: DataSpec) -> Autoencoder:
    shape, size = data_spec.input_shape, options.code_size
    return autoencoder(shape, code_size=size, code_activation=jax.nn.relu, tied=True)
