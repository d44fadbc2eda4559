"""ResNet-50 (He et al. 2016) for 224×224×3 in `dl` and in PyTorch.

It computes in bfloat16 with float32 parameters.

Conv 7×7 by 2, maximum 3×3 by 2; stages of 3, 4, 6 and 3 bottlenecks, the stride in their 3×3
convolution; the mean; 1000 classes. Momentum 0.9 at rate 0.1. 25,557,032 parameters. PyTorch keeps
channels last, as it advises.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dl import Recipe

BLOCKS, FEATURES = (3, 4, 6, 3), (64, 128, 256, 512)
RATE, MOMENTUM = 0.1, 0.9


def dl_recipe() -> "Recipe":
    """`dl.models.resnet(50)`."""
    from dl import Recipe, models, objectives, optimizers

    model = models.resnet(50, dtype="bfloat16")
    return Recipe(
        model, objectives.classification(model), optimizers.momentum(RATE, momentum=MOMENTUM)
    )


def torch_network() -> Any:
    """The same from `nn.Conv2d` and `nn.BatchNorm2d`, under `torch.autocast`."""
    import torch
    from torch import nn

    def conv_norm(before: int, channels: int, side: int, stride: int = 1) -> nn.Sequential:
        conv = nn.Conv2d(before, channels, side, stride, padding=side // 2, bias=False)
        return nn.Sequential(conv, nn.BatchNorm2d(channels))

    class Bottleneck(nn.Module):
        def __init__(self, before: int, channels: int, stride: int) -> None:
            super().__init__()
            self.reduce, self.three = (
                conv_norm(before, channels, 1),
                conv_norm(channels, channels, 3, stride),
            )
            self.expand = conv_norm(channels, 4 * channels, 1)
            self.shortcut = (
                nn.Identity()
                if before == 4 * channels
                else conv_norm(before, 4 * channels, 1, stride)
            )

        def forward(self, maps: torch.Tensor) -> torch.Tensor:
            changed = torch.relu(self.three(torch.relu(self.reduce(maps))))
            return torch.relu(self.shortcut(maps) + self.expand(changed))

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            stem = [conv_norm(3, FEATURES[0], 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, padding=1)]
            head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4 * FEATURES[-1], 1000)]
            self.layers = nn.Sequential(*stem, *(Bottleneck(*block) for block in blocks()), *head)

        def forward(self, pictures: torch.Tensor) -> torch.Tensor:
            with torch.autocast(pictures.device.type, torch.bfloat16):
                return self.layers(pictures.to(memory_format=torch.channels_last)).float()

    network: Any = Network()  # PyTorch's types do not know this argument
    return network.to(memory_format=torch.channels_last)


def torch_optimizer(params: Any) -> Any:
    """PyTorch's own momentum, all parameters in one kernel where there is one."""
    import torch

    return torch.optim.SGD(params, lr=RATE, momentum=MOMENTUM, fused=torch.cuda.is_available())


def blocks() -> list[tuple[int, int, int]]:
    """(channels in, channels of the 3×3 convolution, stride) of every bottleneck."""
    before, rows = FEATURES[0], []
    for count, channels in zip(BLOCKS, FEATURES, strict=True):
        for number in range(count):
            rows.append((before, channels, 2 if number == 0 and channels != FEATURES[0] else 1))
            before = 4 * channels
    return rows
