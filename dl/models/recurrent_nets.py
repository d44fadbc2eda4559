"""The modules of recurrent nets: an output for every step, or one for a sequence (G1, G3, G4).

Both take symbols or vectors, run a stack of recurrent layers over them, and put a dense layer on
the outputs of every step or on a summary of the sequence.
"""

import jax
import jax.numpy as jnp
from flax import linen as nn

from dl.errors import InputError
from dl.layers.dropout import Dropout
from dl.layers.recurrent import KINDS, Recurrent
from dl.promotion import at_least_float32
from dl.types import Array, Carry, Ragged


class StepNet(nn.Module):
    """An output for every step: [B, T] or [B, T, D] -> [B, T, outputs], and the last carry.

    The `layer_norm` and dropout of `recurrent` also follow its last layer. `vocabulary_size` 0
    means vectors [B, T, D], otherwise inputs are symbols [B, T]. With `embedding_size` 0 a symbol
    is one-hot. `tied` takes the embedding's weights for those of the output.
    """

    recurrent: Recurrent
    outputs: int
    vocabulary_size: int = 0
    embedding_size: int = 0
    tied: bool = False

    @nn.compact
    def __call__(
        self, inputs: Array | Ragged, *, carry: Carry = (), train: bool = False
    ) -> tuple[Array, Carry]:
        xs, lengths = _parted(inputs)
        embedding = _embedding(self)
        xs = _vectors(self, xs, embedding)
        before = None if isinstance(carry, tuple) and not carry else carry
        ys, carry = self.recurrent(
            xs, initial_carry=before, lengths=lengths, train=train, return_carry=True
        )
        ys = _behind(self.recurrent, ys, train=train)
        if self.tied and embedding is not None:
            outputs = embedding.attend(ys) + self.param(
                "output_bias", nn.initializers.zeros_init(), (self.outputs,)
            )
        else:
            outputs = nn.Dense(self.outputs, dtype=self.recurrent.dtype, name="output")(ys)
        return at_least_float32(outputs), carry


class SequenceNet(nn.Module):
    """One output for a sequence: symbols [B, T], vectors [B, T, D] or pictures -> [B, outputs].

    `pool` "last" takes the last output of the last layer (in either direction, if it has two),
    "mean" the mean over the real steps; then follow the last `layer_norm` and dropout. Pictures [B,
    H, W, C] are read row by row, or one by one as `pixels`. It carries nothing on.
    """

    recurrent: Recurrent
    outputs: int
    vocabulary_size: int = 0
    embedding_size: int = 0
    pool: str = "last"
    pixels: bool = False

    @nn.compact
    def __call__(
        self, inputs: Array | Ragged, *, carry: Carry = (), train: bool = False
    ) -> tuple[Array, Carry]:
        xs, lengths = _parted(inputs)
        self._check(xs, carry)
        if xs.ndim == 4:
            xs = xs.reshape(xs.shape[0], -1, xs.shape[3] * (1 if self.pixels else xs.shape[2]))
        embedding = _embedding(self)
        xs = _vectors(self, xs, embedding)
        if embedding is not None:
            xs = Dropout(self.recurrent.dropout, deterministic=not train, name="embedding_dropout")(
                xs
            )
        ys, last = self.recurrent(xs, lengths=lengths, train=train, return_carry=True)
        pooled = (
            _mean(ys, lengths) if self.pool == "mean" else _last_output(self.recurrent, last[-1])
        )
        pooled = _behind(self.recurrent, pooled, train=train)
        outputs = nn.Dense(self.outputs, dtype=self.recurrent.dtype, name="output")(pooled)
        return at_least_float32(outputs), ()

    @nn.nowrap
    def _check(self, xs: Array, carry: Carry) -> None:
        if jax.tree.leaves(carry):
            raise InputError(
                "this net reads whole sequences and carries nothing on: leave the carry out"
            )
        if self.pixels and xs.ndim != 4:
            raise InputError(
                f"pixels are of pictures [B, H, W, C], not of {list(xs.shape)}: leave pixels out"
            )


def _parted(inputs: Array | Ragged) -> tuple[Array, Array | None]:
    return (inputs.values, inputs.lengths) if isinstance(inputs, Ragged) else (inputs, None)


def _embedding(net: StepNet | SequenceNet) -> nn.Embed | None:
    if not (net.vocabulary_size and net.embedding_size):
        return None
    return nn.Embed(
        net.vocabulary_size, net.embedding_size, dtype=net.recurrent.dtype, name="embedding"
    )


def _vectors(net: StepNet | SequenceNet, xs: Array, embedding: nn.Embed | None) -> Array:
    """Symbols [B, T] as vectors [B, T, D]; vectors as they are."""
    if not net.vocabulary_size:
        return xs
    if xs.ndim != 2 or not jnp.issubdtype(xs.dtype, jnp.integer):
        raise InputError(f"symbols are integers [B, T], not {xs.dtype}{list(xs.shape)}")
    if embedding is not None:
        return embedding(xs)
    return jax.nn.one_hot(xs, net.vocabulary_size, dtype=net.recurrent.dtype or jnp.float32)


def _behind(stack: Recurrent, ys: Array, *, train: bool) -> Array:
    """The norm and dropout that follow the last recurrent layer."""
    if stack.layer_norm:
        ys = nn.LayerNorm(dtype=stack.dtype, name="norm")(ys)
    return Dropout(stack.dropout, deterministic=not train, name="dropout")(ys)


def _mean(ys: Array, lengths: Array | None) -> Array:
    """The mean over the real steps of [B, T, H]; outputs past them are zero."""
    return (
        jnp.mean(ys, axis=1)
        if lengths is None
        else jnp.sum(ys, axis=1) / jnp.clip(lengths, 1, ys.shape[1])[:, None]
    )


def _last_output(stack: Recurrent, carry: Carry) -> Array:
    """The output [B, H] at the end of a layer, [B, 2 H] if it reads both ways, from its carry."""
    states = carry if stack.bidirectional else (carry,)
    return jnp.concatenate(
        [state[1] if KINDS[stack.kind].states == 2 else state for state in states], axis=-1
    )
