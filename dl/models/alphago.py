"""The nets of AlphaGo: a convolutional policy, a convolutional value, and a fast linear policy.

Source: Silver et al. 2016, "Mastering the game of Go with deep neural networks and tree search";
H1.
"""

import jax
import jax.numpy as jnp
from flax import linen as nn

from dl.games.features import move_features
from dl.games.game import Game
from dl.layers import Conv
from dl.models.checks import check_outputs, check_sizes
from dl.models.functional import from_linen
from dl.promotion import at_least_float32
from dl.types import Array, Model


class Board(nn.Module):
    """Convolutions 3×3 that keep the board's size, each with ReLU: [B, H, W, C] -> [B, H, W, F]."""

    features: int
    layers: int

    @nn.compact
    def __call__(self, planes: Array) -> Array:
        maps = planes
        for number in range(1, self.layers + 1):
            layer = Conv(self.features, (3, 3), kernel_init=_HE_NORMAL, name=f"conv{number}")
            maps = nn.relu(layer(maps))
        return maps


class PolicyNet(nn.Module):
    """Planes [B, H, W, C] -> logits [B, moves]."""

    moves: int
    features: int
    layers: int

    @nn.compact
    def __call__(self, planes: Array, *, train: bool = False) -> Array:
        maps = Board(self.features, self.layers, name="board")(planes)
        flat = maps.reshape(maps.shape[0], -1)
        return at_least_float32(nn.Dense(self.moves, name="output")(flat))


class ValueNet(nn.Module):
    """Planes [B, H, W, C] -> the expected result [B, 1], from −1 to 1."""

    features: int
    layers: int
    hidden_size: int

    @nn.compact
    def __call__(self, planes: Array, *, train: bool = False) -> Array:
        maps = Board(self.features, self.layers, name="board")(planes)
        flat = maps.reshape(maps.shape[0], -1)
        hidden = nn.relu(nn.Dense(self.hidden_size, kernel_init=_HE_NORMAL, name="hidden")(flat))
        return jnp.tanh(at_least_float32(nn.Dense(1, name="output")(hidden)))


class RolloutPolicy(nn.Module):
    """A weight for each feature of a move, and one for each move: [B, H, W, C] -> [B, A]."""

    game: Game

    @nn.compact
    def __call__(self, planes: Array, *, train: bool = False) -> Array:
        features = jax.vmap(lambda board: move_features(self.game, board))(planes)
        zeros = nn.initializers.zeros
        weights = self.param("weights", zeros, features.shape[-1:])
        bias = self.param("bias", zeros, (self.game.moves,))
        return features @ weights + bias


_HE_NORMAL = nn.initializers.he_normal()


def policy_net(moves: int, *, features: int = 64, layers: int = 4) -> Model:
    """The policy network p(a | s): planes of a board [B, H, W, C] -> logits [B, moves].

    `layers` convolutions with `features` maps of the board's own size, then a dense layer. The
    paper's net has 13 layers with 192 maps for Go's 19×19 places, and ends in a convolution because
    its moves are the places.

    Raises:
        InputError: for sizes below 1.

    >>> planes = jax.ShapeDtypeStruct((1, 6, 7, 2), "float32")
    >>> sum(row.parameters for row in policy_net(7).layers(planes))
    130823
    """
    check_outputs(moves)
    check_sizes((features,) * layers, name="features")
    return from_linen(PolicyNet(moves, features, layers), name="policy_net")


def value_net(*, features: int = 64, layers: int = 4, hidden_size: int = 128) -> Model:
    """The value network v(s): planes of a board [B, H, W, C] -> the expected result [B, 1].

    As the policy network, then a hidden dense layer, and tanh.

    Raises:
        InputError: for sizes below 1.

    >>> planes = jax.ShapeDtypeStruct((1, 6, 7, 2), "float32")
    >>> value_net().layers(planes)[-1].output_shape
    (1,)
    """
    check_sizes((features,) * layers, name="features")
    check_outputs(hidden_size)
    return from_linen(ValueNet(features, layers, hidden_size), name="value_net")


def rollout_policy(game: Game) -> Model:
    """The fast policy of roll-outs, a linear softmax of `dl.games.features`.

    Planes [B, H, W, C] -> logits [B, moves]. It begins with all weights 0, as the uniform policy.

    Raises:
        InputError: for a game whose moves have no such features.
    """
    return from_linen(RolloutPolicy(game), name="rollout_policy")
