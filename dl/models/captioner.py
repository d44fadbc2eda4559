"""Captions of pictures: a convolutional encoder, whose map a recurrent decoder looks at (H2)."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from flax import linen as nn

from dl.errors import InputError
from dl.layers.attention import AttentionKind, Memory, memory_of
from dl.layers.blocks import ConvBlock, batch_norm
from dl.layers.dropout import Dropout
from dl.models.checks import check_side, check_sizes
from dl.models.encoder_decoder import encoder_decoder
from dl.types import Array, EncoderDecoder


class PictureEncoder(nn.Module):
    """Pictures [B, H, W, C] as a memory of h · w places, [B, h w, D], row by row.

    Every stage is a convolution of stride 2, batch norm and ReLU; the last is followed by one of
    stride 1. So with K stages h = ⌈H / 2ᴷ⌉. The vector of each place is learned and added to what
    the convolutions see there, without which attention would not know where it looks. The
    running statistics of batch norm are those of many batches (momentum 0.99).
    """

    features: tuple[int, ...]
    dropout: Any = 0.0

    @nn.compact
    def __call__(self, source: Array, *, train: bool = False) -> Memory:
        check_side(source, smallest=2 ** len(self.features), model="this captioner")
        maps, norm = source, batch_norm(momentum=0.99)
        for number, size in enumerate(self.features, start=1):
            side = 5 if number == 1 else 3
            maps = ConvBlock(size, side, strides=2, norm=norm, name=f"stage{number}")(
                maps, train=train
            )
        maps = ConvBlock(self.features[-1], 3, norm=norm, name="last")(maps, train=train)
        places = maps.reshape(maps.shape[0], -1, maps.shape[-1])
        positions = self.param(
            "positions", nn.initializers.normal(1.0), places.shape[1:], jnp.float32
        )
        places = places + positions.astype(places.dtype)[None]
        return memory_of(Dropout(self.dropout, deterministic=not train, name="dropout")(places))


def map_shape(height: int, width: int, stages: int) -> tuple[int, int]:
    """The places (h, w) of the memory of pictures, after this many stages of stride 2.

    >>> map_shape(64, 48, 3)
    (8, 6)
    """
    for _ in range(stages):
        height, width = (height + 1) // 2, (width + 1) // 2
    return height, width


def captioner(
    vocabulary_size: int,
    *,
    features: Sequence[int] = (32, 64, 128),
    kind: str = "lstm",
    hidden_size: int = 256,
    embedding_size: int = 64,
    attention: AttentionKind = "additive",
    dropout: Any = 0.0,
    implementation: str = "auto",
) -> EncoderDecoder:
    """Logits [B, T, V] of the words of captions, for a `Pair` of pictures and previous words.

    `features` are the maps of the encoder's stages, each of which halves the sides. The decoder
    looks at the places of the last map by spatial attention ("soft" attention, Xu et al. 2015,
    arXiv:1502.03044; here with input feeding); with "none" it sees their mean alone, in its first
    state (Vinyals et al. 2015, arXiv:1411.4555). Source: H2.

    Raises:
        InputError: for sizes below 1, an unknown cell or attention; when it is applied, for
            pictures that are too small for the stages.

    >>> from dl.types import Pair
    >>> model = captioner(9, features=(2, 4), hidden_size=3, embedding_size=3)
    >>> pair = Pair(jnp.ones((2, 8, 8, 1)), jnp.ones((2, 5), int))
    >>> params, state = model.init(jax.random.key(0), pair)
    >>> model.apply(params, state, pair)[0].shape
    (2, 5, 9)
    """
    check_sizes(features, name="features")
    if not len(features):
        raise InputError("features is empty: give the maps of one stage at least, such as (32, 64)")
    return encoder_decoder(
        PictureEncoder(tuple(features), dropout),
        vocabulary_size,
        kind=kind,
        hidden_size=hidden_size,
        embedding_size=embedding_size,
        attention=attention,
        dropout=dropout,
        implementation=implementation,
        name="captioner",
    )
