"""The net that looks at a board: residual blocks and two heads."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dl.types import Model

HIDDEN, MOVES = 64, 7


def dl_network(features: int, blocks: int) -> "Model":
    from dl.models import board_net

    return board_net(MOVES, features=features, blocks=blocks, hidden_size=HIDDEN)


def torch_network(features: int, blocks: int) -> Any:
    """Planes [B, 2, 6, 7] to logits [B, 7] and a value [B]."""
    import torch
    from torch import nn
    from torch.nn.functional import relu

    class Residual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Conv2d(features, features, 3, padding=1)
            self.second = nn.Conv2d(features, features, 3, padding=1)

        def forward(self, maps: Any) -> Any:
            return relu(maps + self.second(relu(self.first(maps))))

    class BoardNet(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Conv2d(2, features, 3, padding=1)
            self.blocks = nn.Sequential(*(Residual() for _ in range(blocks)))
            self.policy_maps, self.value_maps = nn.Conv2d(features, 4, 1), nn.Conv2d(features, 4, 1)
            self.policy = nn.Linear(4 * 42, MOVES)
            self.value_hidden, self.value = nn.Linear(4 * 42, HIDDEN), nn.Linear(HIDDEN, 1)

        def forward(self, planes: Any) -> tuple[Any, Any]:
            maps = self.blocks(relu(self.stem(planes)))
            hidden = relu(self.value_hidden(relu(self.value_maps(maps)).flatten(1)))
            logits = self.policy(relu(self.policy_maps(maps)).flatten(1))
            return logits, torch.tanh(self.value(hidden))[:, 0]

    return BoardNet()
