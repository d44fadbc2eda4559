"""The recurrent encoder of an encoder-decoder: a text, read in both directions."""

from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn

from dl.errors import InputError
from dl.layers.attention import Memory, memory_of
from dl.layers.dropout import Dropout
from dl.layers.recurrent import Recurrent, check_kind
from dl.layers.recurrent.scan import step_mask
from dl.models.checks import check_outputs
from dl.types import Array, Ragged


class TextEncoder(nn.Module):
    """Symbols [B, S] read in both directions: a place of the memory for each, [B, S, 2 H].

    The summary is the mean over all places if they are `attended` to, otherwise the last states of
    both directions, since the decoder then sees nothing else.
    """

    vocabulary_size: int
    embedding_size: int
    recurrent: Recurrent
    attended: bool = True

    @nn.compact
    def __call__(self, source: Ragged, *, train: bool = False) -> Memory:
        if not isinstance(source, Ragged):
            raise InputError("a text to encode is Ragged(values [B, S], lengths [B])")
        symbols, lengths = source
        rate = self.recurrent.dropout
        xs = nn.Embed(self.vocabulary_size, self.embedding_size, name="embedding")(symbols)
        xs = Dropout(rate, deterministic=not train, name="embedding_dropout")(xs)
        ys, last = self.recurrent(xs, lengths=lengths, train=train, return_carry=True)
        ys = Dropout(rate, deterministic=not train, name="dropout")(ys)
        memory = memory_of(ys, step_mask(lengths, *symbols.shape[::-1]).T.astype(ys.dtype))
        return memory if self.attended else memory._replace(summary=_ends(last[-1]))


def text_encoder(
    vocabulary_size: int,
    *,
    kind: str = "gru",
    hidden_size: int = 256,
    num_layers: int = 1,
    embedding_size: int = 256,
    dropout: Any = 0.0,
    attended: bool = True,
    implementation: str = "auto",
) -> TextEncoder:
    """A bidirectional recurrent encoder of `Ragged` symbols, `hidden_size` units each way.

    `dropout` follows the symbols' vectors and every layer. Without `attended`, all that it tells a
    decoder is its last states. Source: H6; Bahdanau et al. 2015, arXiv:1409.0473, section 3.2.

    Raises:
        InputError: for an unknown cell, and sizes below 1.

    >>> text = Ragged(jnp.ones((2, 5), int), jnp.array([5, 2]))
    >>> encoder = text_encoder(9, hidden_size=3)
    >>> memory, _ = encoder.init_with_output(jax.random.key(0), text)
    >>> memory.values.shape, memory.mask[1].tolist()
    ((2, 5, 6), [1.0, 1.0, 0.0, 0.0, 0.0])
    """
    check_outputs(vocabulary_size)
    check_kind(kind)
    for name, size in (("hidden_size", hidden_size), ("embedding_size", embedding_size)):
        if size < 1:
            raise InputError(f"{name} is at least 1, not {size}")
    recurrent = Recurrent(
        kind,
        hidden_size,
        num_layers=num_layers,
        bidirectional=True,
        dropout=dropout,
        forget_bias=1.0,
        implementation=implementation,
    )
    return TextEncoder(vocabulary_size, embedding_size, recurrent, attended)


def _ends(states: Any) -> Array:
    """The last states of both directions side by side; of an LSTM c and h."""
    return jnp.concatenate(jax.tree.leaves(states), axis=-1)
