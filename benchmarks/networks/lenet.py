"""LeNet in every system: 28×28×1, conv 5×5 ×20, pool, ReLU, conv 5×5 ×50, pool, ReLU, 500 ReLU, 10.

Momentum 0.9 at rate 0.01, weights of variance 1/fan-in, biases 0. 431,080 parameters.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dl import Recipe

RATE, MOMENTUM = 0.01, 0.9


def dl_recipe() -> "Recipe":
    """Model, objective and optimizer of this library."""
    from dl import Recipe, models, objectives, optimizers

    model = models.lenet()
    return Recipe(
        model, objectives.classification(model), optimizers.momentum(RATE, momentum=MOMENTUM)
    )


def flax_network() -> Any:
    """`nn.Conv` and `nn.max_pool`."""
    from flax import linen as nn

    def pooled(maps: Any) -> Any:
        return nn.relu(nn.max_pool(maps, (2, 2), (2, 2)))

    return nn.Sequential(
        [
            nn.Conv(20, (5, 5), padding="VALID"),
            pooled,
            nn.Conv(50, (5, 5), padding="VALID"),
            pooled,
            lambda maps: maps.reshape(maps.shape[0], -1),
            nn.Dense(500),
            nn.relu,
            nn.Dense(10),
        ]
    )


def flax_optimizer() -> Any:
    """Optax's own momentum."""
    import optax

    return optax.sgd(RATE, momentum=MOMENTUM)


def torch_network() -> Any:
    """A `Sequential` with the same initial scale."""
    from torch import nn

    from benchmarks.systems.on_torch import lecun_normal

    network = nn.Sequential(
        nn.Conv2d(1, 20, 5),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Conv2d(20, 50, 5),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(800, 500),
        nn.ReLU(),
        nn.Linear(500, 10),
    )
    return lecun_normal(network)


def torch_optimizer(params: Any) -> Any:
    """PyTorch's own momentum."""
    import torch

    return torch.optim.SGD(params, lr=RATE, momentum=MOMENTUM)


def keras_network() -> Any:
    """A `Sequential` with the same initial scale."""
    from keras import Input, Sequential, layers

    return Sequential(
        [
            Input((28, 28, 1)),
            layers.Conv2D(20, 5, kernel_initializer="lecun_normal"),
            layers.MaxPooling2D(2),
            layers.ReLU(),
            layers.Conv2D(50, 5, kernel_initializer="lecun_normal"),
            layers.MaxPooling2D(2),
            layers.ReLU(),
            layers.Flatten(),
            layers.Dense(500, activation="relu", kernel_initializer="lecun_normal"),
            layers.Dense(10, kernel_initializer="lecun_normal"),
        ]
    )


def keras_optimizer() -> Any:
    """Keras' own momentum."""
    import keras

    return keras.optimizers.SGD(RATE, momentum=MOMENTUM)
