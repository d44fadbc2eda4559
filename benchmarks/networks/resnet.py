"""A residual network of 20 layers for 32×32×3 in every system (He et al. 2016).

Shortcuts are 1×1 convolutions.

Conv 3×3 ×16; stages of 16, 32 and 64 channels, three blocks each, the first of a later stage with
stride 2; a block is two convolutions with batch normalisation; mean over the picture; 10. Momentum
0.9 at rate 0.1, weights of variance 1/fan-in. 272,282 parameters.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dl import Recipe

STAGES, BLOCKS = (16, 32, 64), 3
RATE, MOMENTUM = 0.1, 0.9


def blocks() -> list[tuple[int, int, int]]:
    """(channels in, channels out, stride) of every block."""
    before, rows = STAGES[0], []
    for channels in STAGES:
        for number in range(BLOCKS):
            rows.append((before, channels, 2 if number == 0 and channels != STAGES[0] else 1))
            before = channels
    return rows


def dl_recipe() -> "Recipe":
    """`dl.layers.Conv` in the Flax module below."""
    from dl import Recipe, objectives, optimizers
    from dl.layers import Conv
    from dl.models.functional import from_linen

    model = from_linen(flax_network(Conv), name="resnet")
    return Recipe(
        model, objectives.classification(model), optimizers.momentum(RATE, momentum=MOMENTUM)
    )


def flax_network(conv: Any = None) -> Any:
    """The network with this convolution; without one, Flax' own."""
    from flax import linen as nn

    convolution = conv or nn.Conv

    class ResNet(nn.Module):
        @nn.compact
        def __call__(self, inputs: Any, *, train: bool = True) -> Any:
            def conv_norm(maps: Any, channels: int, side: int, stride: int) -> Any:
                maps = convolution(
                    channels, (side, side), strides=(stride, stride), use_bias=False
                )(maps)
                return nn.BatchNorm(use_running_average=not train, momentum=0.9)(maps)

            maps = nn.relu(conv_norm(inputs, STAGES[0], 3, 1))
            for before, channels, stride in blocks():
                changed = nn.relu(conv_norm(maps, channels, 3, stride))
                changed = conv_norm(changed, channels, 3, 1)
                if before != channels:
                    maps = convolution(channels, (1, 1), strides=(stride, stride), use_bias=False)(
                        maps
                    )
                maps = nn.relu(maps + changed)
            return nn.Dense(10)(maps.mean((1, 2)))

    return ResNet()


def flax_optimizer() -> Any:
    """Optax's own momentum."""
    import optax

    return optax.sgd(RATE, momentum=MOMENTUM)


def torch_network() -> Any:
    """The same from `nn.Conv2d` and `nn.BatchNorm2d`."""
    import torch
    from torch import nn

    from benchmarks.systems.on_torch import lecun_normal

    def conv_norm(before: int, channels: int, stride: int) -> nn.Sequential:
        conv = nn.Conv2d(before, channels, 3, stride, padding=1, bias=False)
        return nn.Sequential(conv, nn.BatchNorm2d(channels))

    class Block(nn.Module):
        def __init__(self, before: int, channels: int, stride: int) -> None:
            super().__init__()
            self.first, self.second = (
                conv_norm(before, channels, stride),
                conv_norm(channels, channels, 1),
            )
            changes = before != channels
            self.shortcut = (
                nn.Conv2d(before, channels, 1, stride, bias=False) if changes else nn.Identity()
            )

        def forward(self, maps: torch.Tensor) -> torch.Tensor:
            changed = self.second(torch.relu(self.first(maps)))
            return torch.relu(self.shortcut(maps) + changed)

    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(STAGES[-1], 10)]
    body = [Block(*block) for block in blocks()]
    return lecun_normal(nn.Sequential(conv_norm(3, STAGES[0], 1), nn.ReLU(), *body, *head))


def torch_optimizer(params: Any) -> Any:
    """PyTorch's own momentum."""
    import torch

    return torch.optim.SGD(params, lr=RATE, momentum=MOMENTUM)


def keras_network() -> Any:
    """The same in the functional style."""
    from keras import Input, Model, layers

    def conv(maps: Any, channels: int, side: int, stride: int) -> Any:
        options = {"padding": "same", "use_bias": False, "kernel_initializer": "lecun_normal"}
        return layers.Conv2D(channels, side, stride, **options)(maps)

    def conv_norm(maps: Any, channels: int, stride: int) -> Any:
        return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(
            conv(maps, channels, 3, stride)
        )

    inputs = Input((32, 32, 3))
    maps = layers.ReLU()(conv_norm(inputs, STAGES[0], 1))
    for before, channels, stride in blocks():
        changed = layers.ReLU()(conv_norm(maps, channels, stride))
        changed = conv_norm(changed, channels, 1)
        if before != channels:
            maps = conv(maps, channels, 1, stride)
        maps = layers.ReLU()(layers.Add()([maps, changed]))
    pooled = layers.GlobalAveragePooling2D()(maps)
    return Model(inputs, layers.Dense(10, kernel_initializer="lecun_normal")(pooled))


def keras_optimizer() -> Any:
    """Keras' own momentum."""
    import keras

    return keras.optimizers.SGD(RATE, momentum=MOMENTUM)
