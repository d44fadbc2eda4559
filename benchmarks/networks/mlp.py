"""A multilayer perceptron in every system: 784-128-10, ReLU, plain gradient descent at rate 0.1.

Weights of variance 1/fan-in, biases 0. 101,770 parameters. Pictures are flattened inside.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dl import Recipe

RATE = 0.1


def dl_recipe() -> "Recipe":
    """Model, objective and optimizer of this library."""
    from flax import linen as nn

    from dl import Recipe, models, objectives, optimizers

    model = models.mlp(10, hidden_sizes=(128,), kernel_init=nn.initializers.lecun_normal())
    return Recipe(model, objectives.classification(model), optimizers.sgd(RATE))


def flax_network() -> Any:
    """Two `nn.Dense`."""
    from flax import linen as nn

    return nn.Sequential(
        [
            lambda pictures: pictures.reshape(pictures.shape[0], -1),
            nn.Dense(128),
            nn.relu,
            nn.Dense(10),
        ]
    )


def flax_optimizer() -> Any:
    """Optax's gradient descent."""
    import optax

    return optax.sgd(RATE)


def torch_network() -> Any:
    """Two `nn.Linear`."""
    from torch import nn

    from benchmarks.systems.on_torch import lecun_normal

    return lecun_normal(
        nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    )


def torch_optimizer(params: Any) -> Any:
    """PyTorch's gradient descent."""
    import torch

    return torch.optim.SGD(params, lr=RATE)


def keras_network() -> Any:
    """Two `Dense`."""
    from keras import Input, Sequential, layers

    return Sequential(
        [
            Input((28, 28, 1)),
            layers.Flatten(),
            layers.Dense(128, activation="relu", kernel_initializer="lecun_normal"),
            layers.Dense(10, kernel_initializer="lecun_normal"),
        ]
    )


def keras_optimizer() -> Any:
    """Keras' gradient descent."""
    import keras

    return keras.optimizers.SGD(RATE)
