"""A net that looks at a board: which moves are good, and who will win (H1)."""

from typing import Any

import jax.numpy as jnp
from flax import linen as nn

from dl.layers import Conv
from dl.layers.blocks import he_normal
from dl.models.functional import from_linen
from dl.promotion import at_least_float32
from dl.ranges import Range, check_number
from dl.types import Array, Model


class Residual(nn.Module):
    """y = relu(x + f(relu(f(x)))) with 3×3 convolutions f; [B, H, W, C] -> the same shape.

    The second kernel begins as zeros, so that a new block is the identity and deep nets need no
    normalisation. Source: Zhang et al. 2019, arXiv:1901.09321.
    """

    dtype: Any = None

    @nn.compact
    def __call__(self, x: Array) -> Array:
        size, zeros = x.shape[-1], nn.initializers.zeros
        y = Conv(size, (3, 3), kernel_init=he_normal, dtype=self.dtype, name="conv1")(x)
        y = Conv(size, (3, 3), kernel_init=zeros, dtype=self.dtype, name="conv2")(nn.relu(y))
        return nn.relu(x + y)


class BoardNet(nn.Module):
    """Planes [B, H, W, C] to log-odds of A moves and one value before tanh: [B, A + 1]."""

    moves: int
    features: int
    blocks: int
    hidden_size: int
    dtype: Any = None

    @nn.compact
    def __call__(self, inputs: Array) -> Array:
        options: dict[str, Any] = {"kernel_init": he_normal, "dtype": self.dtype}
        maps = nn.relu(Conv(self.features, (3, 3), **options, name="stem")(inputs))
        for number in range(1, self.blocks + 1):
            maps = Residual(dtype=self.dtype, name=f"block{number}")(maps)
        flat = [
            nn.relu(Conv(4, (1, 1), **options, name=f"{head}_maps")(maps)).reshape(
                maps.shape[0], -1
            )
            for head in ("policy", "value")
        ]
        logits = nn.Dense(self.moves, dtype=self.dtype, name="policy")(flat[0])
        hidden = nn.relu(nn.Dense(self.hidden_size, **options, name="value_hidden")(flat[1]))
        value = nn.Dense(1, dtype=self.dtype, name="value")(hidden)
        return at_least_float32(jnp.concatenate([logits, value], axis=-1))


def board_net(
    moves: int, *, features: int = 32, blocks: int = 3, hidden_size: int = 64, dtype: Any = None
) -> Model:
    """A convolutional residual net with two heads: planes [B, H, W, C] -> outputs [B, moves + 1].

    The outputs are the log-odds of the moves and, last, a number whose hyperbolic tangent is the
    expected result for the player to move, from −1 to 1 (`dl.games.policy_and_value` reads them).
    The body is a 3×3 convolution and residual blocks; each head takes four maps of it.

    Source: Silver et al. 2017, "Mastering the game of Go without human knowledge", which has batch
    norm, larger blocks and 2 and 1 maps for the heads; H1.

    Raises:
        InputError: for a size below 1.

    >>> import jax, dl
    >>> model = board_net(7)
    >>> params, _ = model.init(jax.random.key(0), jnp.zeros((1, 6, 7, 2)))
    >>> model.apply(params, {}, jnp.zeros((5, 6, 7, 2)))[0].shape
    (5, 8)
    """
    sizes = {"moves": moves, "features": features, "blocks": blocks, "hidden_size": hidden_size}
    for name, size in sizes.items():
        check_number(name, size, Range(at_least=1), whole=True)
    return from_linen(BoardNet(moves, features, blocks, hidden_size, dtype), name="board_net")
