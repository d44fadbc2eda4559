"""Encoder-decoders: one sequence is read, another written, with attention or without."""

from typing import Any, get_args

import jax
import jax.numpy as jnp
from flax import linen as nn

from dl.errors import InputError, did_you_mean
from dl.layers.attention import AttentionKind, Memory
from dl.layers.attentive import Attentive, AttentiveLayer
from dl.layers.dropout import dropped
from dl.layers.recurrent import KINDS, RecurrentLayer, check_kind
from dl.models.checks import check_outputs
from dl.models.functional import from_linen
from dl.promotion import at_least_float32
from dl.ranges import is_zero
from dl.types import Array, Carry, EncoderDecoder, ModelState, Pair, Params


class Decoder(nn.Module):
    """A recurrent net that writes symbols, each from its state and from a memory.

    Its first state is tanh(W s + b) of the memory's summary s. With `attention` "none" it sees
    nothing else of the memory. `tied` output weights are those of the embedding.
    """

    kind: str
    vocabulary_size: int
    hidden_size: int
    embedding_size: int
    attention: AttentionKind = "additive"
    dropout: Any = 0.0
    tied: bool = False
    implementation: str = "auto"

    def setup(self) -> None:
        self.embedding = nn.Embed(self.vocabulary_size, self.embedding_size)
        self.first_state = nn.Dense(self.hidden_size * KINDS[self.kind].states)
        how = {"forget_bias": 1.0, "implementation": self.implementation}
        if self.attention == "none":
            self.core: Any = RecurrentLayer(self.kind, self.hidden_size, time_major=True, **how)
        else:
            self.key = nn.Dense(self.hidden_size, use_bias=False)
            self.core = AttentiveLayer(self.kind, self.hidden_size, self.attention, **how)
        if self.tied:
            self.output_bias = self.param(
                "output_bias", nn.initializers.zeros_init(), (self.vocabulary_size,)
            )
        else:
            self.output = nn.Dense(self.vocabulary_size)

    def look_at(self, memory: Memory) -> tuple[tuple[Memory, Array], Carry]:
        """The memory with the keys of its places [B, S, H], and the first state."""
        keys = memory.values[..., :0] if self.attention == "none" else self.key(memory.values)
        state = jnp.split(
            jnp.tanh(self.first_state(memory.summary)), KINDS[self.kind].states, axis=-1
        )
        cell = tuple(state) if len(state) > 1 else state[0]
        if self.attention == "none":
            return (memory, keys), cell
        return (memory, keys), Attentive(cell, jnp.zeros_like(state[0]))

    def __call__(
        self, looked: tuple[Memory, Array], carry: Carry, previous: Array, *, train: bool = False
    ) -> tuple[Array, Array, Carry]:
        """Symbols [B, T] -> logits [B, T, V], weights [T, B, S] (S = 0 without), last carry."""
        xs = self._dropped(self.embedding(previous.T), rows=1, train=train)
        if self.attention == "none":
            ys, carry = self.core(xs, initial_carry=carry, return_carry=True)
            weights = jnp.zeros((*ys.shape[:2], 0), ys.dtype)
        else:
            ys, weights, carry = self.core(xs, *looked, carry)
        ys = self._dropped(ys.swapaxes(0, 1), train=train)
        logits = (
            self.embedding.attend(ys) + self.output_bias[None, None]
            if self.tied
            else self.output(ys)
        )
        return at_least_float32(logits), weights, carry

    def _dropped(self, xs: Array, *, rows: int = 0, train: bool) -> Array:
        if not train or is_zero(self.dropout):
            return xs
        return dropped(self.make_rng("dropout"), xs, self.dropout, rows=rows)


class EncoderDecoderNet(nn.Module):
    """Any encoder `encoder(source, train=...) -> Memory` with a `Decoder` behind it."""

    encoder: nn.Module
    decoder: Decoder
    scheduled_sampling: Any = 0.0

    def __call__(self, inputs: Pair, *, train: bool = False) -> Array:
        """Logits [B, T, V] of the targets."""
        if not isinstance(inputs, Pair):
            raise InputError(
                "an encoder-decoder reads a dl.types.Pair(source, previous): to write without "
                "targets use dl.decoding.decode"
            )
        looked, carry = self.encode(inputs.source, train=train)
        previous = inputs.previous
        if train and not is_zero(self.scheduled_sampling):
            previous = self._sampled(looked, carry, previous)
        return self.decoder(looked, carry, previous, train=train)[0]

    def encode(self, source: Any, *, train: bool = False) -> tuple[tuple[Memory, Array], Carry]:
        """What the decoder looks at, and its first state."""
        return self.decoder.look_at(self.encoder(source, train=train))

    def step(
        self, looked: tuple[Memory, Array], carry: Carry, previous: Array
    ) -> tuple[Array, Carry, Array]:
        """Symbols [B] -> logits [B, V], the next carry, weights [B, S]."""
        logits, weights, carry = self.decoder(looked, carry, previous[:, None])
        return logits[:, 0], carry, weights[0]

    def _sampled(self, looked: tuple[Memory, Array], carry: Carry, previous: Array) -> Array:
        """The previous symbols, some of them those that the decoder itself would have written."""
        previous = jnp.asarray(previous)
        logits = self.decoder(looked, carry, previous)[0]
        written = jnp.argmax(logits[:, :-1], axis=-1).astype(previous.dtype)
        share = self.scheduled_sampling
        own = jax.random.bernoulli(self.make_rng("dropout"), share, written.shape)
        return previous.at[:, 1:].set(jnp.where(own, written, previous[:, 1:]))


def encoder_decoder(
    encoder: nn.Module,
    vocabulary_size: int,
    *,
    kind: str = "gru",
    hidden_size: int = 256,
    embedding_size: int = 256,
    attention: AttentionKind = "additive",
    dropout: Any = 0.0,
    tied: bool = False,
    scheduled_sampling: Any = 0.0,
    implementation: str = "auto",
    name: str = "encoder_decoder",
) -> EncoderDecoder:
    """Logits [B, T, V] of the symbols of one sequence given another, for a `Pair`.

    `encoder` is any linen module `encoder(source, train=...) -> Memory` (`dl.layers.attention`):
    recurrent (`text_encoder`), convolutional or a transformer. The decoder is one recurrent layer
    of cells of this `kind` with input feeding. `attention` is "additive" (Bahdanau et al. 2015),
    "multiplicative" (Luong et al. 2015), or "none": then only the first state tells of the source
    (Sutskever et al. 2014, arXiv:1409.3215). `dropout` acts on the symbols' vectors and before the
    output, whose weights are those of the embedding if it is `tied`. In training the share
    `scheduled_sampling` of the previous symbols are what the decoder would have written there
    itself (Bengio et al. 2015, arXiv:1506.03099), in two passes (Mihaylova and Martins 2019,
    arXiv:1906.07651). Source: H2, H6.

    Raises:
        InputError: for an unknown cell or attention, sizes below 1, tied weights that do not fit;
            when it is applied, for inputs that are no `Pair`.

    >>> from dl.models import text_encoder
    >>> from dl.types import Pair, Ragged
    >>> model = encoder_decoder(text_encoder(7, hidden_size=4), 5, hidden_size=4, embedding_size=4)
    >>> pair = Pair(Ragged(jnp.ones((2, 6), int), jnp.array([6, 3])), jnp.ones((2, 3), int))
    >>> params, state = model.init(jax.random.key(0), pair)
    >>> model.apply(params, state, pair)[0].shape
    (2, 3, 5)
    >>> memory, carry = model.encode(params, state, pair.source)
    >>> logits, carry, weights = model.step(params, state, memory, carry, jnp.array([0, 0]))
    >>> logits.shape, weights.shape
    ((2, 5), (2, 6))
    """
    _check(encoder, vocabulary_size, kind, hidden_size, embedding_size, attention, tied)
    decoder = Decoder(
        kind,
        vocabulary_size,
        hidden_size,
        embedding_size,
        attention,
        dropout,
        tied,
        implementation,
    )
    net = EncoderDecoderNet(encoder, decoder, scheduled_sampling)
    model = from_linen(net, name=name, ragged=True)

    def encode(params: Params, model_state: ModelState, source: Any) -> tuple[Any, Carry]:
        return net.apply({"params": params, **model_state}, source, method="encode")

    def step(
        params: Params, model_state: ModelState, memory: Any, carry: Carry, previous: Array
    ) -> tuple[Array, Carry, Array]:
        variables = {"params": params, **model_state}
        return net.apply(variables, memory, carry, previous, method="step")  # type: ignore[return-value]

    return EncoderDecoder(
        model.name,
        model.init,
        model.apply,
        model.trace,
        model.activations,
        encode=encode,
        step=step,
    )


def _check(
    encoder: nn.Module,
    vocabulary_size: int,
    kind: str,
    hidden_size: int,
    embedding_size: int,
    attention: str,
    tied: bool,
) -> None:
    check_outputs(vocabulary_size)
    check_kind(kind)
    if not isinstance(encoder, nn.Module):
        raise InputError(
            f"an encoder is a linen module, not {type(encoder).__name__}: give text_encoder(...), "
            "or a module of your own that returns a Memory"
        )
    known = get_args(AttentionKind)
    if attention not in known:
        raise InputError(f"unknown attention {attention!r}: {did_you_mean(str(attention), known)}")
    for size_name, size in (("hidden_size", hidden_size), ("embedding_size", embedding_size)):
        if size < 1:
            raise InputError(f"{size_name} is at least 1, not {size}")
    if tied and embedding_size != hidden_size:
        raise InputError(
            f"a tied output needs an embedding as wide as the state: embedding_size {hidden_size}, "
            f"not {embedding_size}"
        )
