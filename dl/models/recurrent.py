"""Recurrent nets: language models, and readers of whole sequences (G1, G3, G4).

Both take symbols or vectors, run a stack of recurrent layers over them, and put a dense layer on
its outputs: on those of every step, or on what is left of a sequence at its end.
"""

from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn

from dl.errors import InputError, did_you_mean
from dl.layers.recurrent import KINDS, Recurrent, check_kind, zero_carry
from dl.models.checks import check_outputs
from dl.models.functional import from_recurrent
from dl.types import Array, Carry, Model, Ragged

_OWN_OPTIONS = ("vocabulary_size", "embedding_size", "tied", "pool", "pixels")
"""The options that are not those of `Recurrent`."""


class StepNet(nn.Module):
    """An output for every step: symbols [B, T] or vectors [B, T, D] -> [B, T, outputs], and the
    last carry.

    What `recurrent` is says what stands around it: its `layer_norm` and its dropout also stand
    behind its last layer. `vocabulary_size` 0 means vectors. `embedding_size` 0 gives a symbol an
    input of its own ("one-hot"). `tied` takes the embedding's weights for the output's.
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
        return jnp.asarray(outputs, jnp.float32), carry


class SequenceNet(nn.Module):
    """One output a sequence: symbols [B, T], vectors [B, T, D] or pictures [B, H, W, C] -> [B,
    outputs].

    Of the last recurrent layer's outputs `pool` takes the last (if it goes both ways, the last of
    either direction), or the mean over the real steps; the last `layer_norm` and dropout are of
    what was pooled. Pictures are read row by row, or as `pixels` one by one. Nothing is carried on.
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
            xs = nn.Dropout(
                self.recurrent.dropout, deterministic=not train, name="embedding_dropout"
            )(xs)
        ys, last = self.recurrent(xs, lengths=lengths, train=train, return_carry=True)
        pooled = (
            _mean(ys, lengths) if self.pool == "mean" else _last_output(self.recurrent, last[-1])
        )
        pooled = _behind(self.recurrent, pooled, train=train)
        outputs = nn.Dense(self.outputs, dtype=self.recurrent.dtype, name="output")(pooled)
        return jnp.asarray(outputs, jnp.float32), ()

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


def language_model(
    kind: str, vocabulary_size: int, *, hidden_size: int = 256, **options: Any
) -> Model:
    """Logits [B, T, V] of the next symbol for symbols [B, T]; the state can be carried from one
    segment to the next.

    `kind` is "rnn" (Elman), "lstm", "gru" (the slides') or "gru_reset_after" (cuDNN's). Options:
    `num_layers` 1, `embedding_size` 0 (one-hot), `tied` output weights (needs `embedding_size`
    equal to `hidden_size`), `layer_norm`, `dropout` behind every layer, `forget_bias` 1 and
    `time_scale` (`layers.recurrent.layer_arrays`), `use_bias`, `remat_steps` (recompute the inside
    of the loop in the backward pass, so many steps at a time), `implementation`, `product_dtype`
    ("bfloat16": the layers multiply in it and sum in `dtype`), `dtype`. The carry is a tuple with
    an
    entry a layer: h [B, H], of an LSTM (c, h).
    Source: H5, G1, G3, G4; Mikolov et al. 2010; Press and Wolf 2017 (tied weights).

    Raises: InputError: for an unknown cell, sizes below 1, tied weights that do not fit; when it is
        applied, for inputs
            that are no integers [B, T].

    >>> model = language_model("gru", 5, hidden_size=3)
    >>> params, state = model.init(jax.random.key(0), jnp.zeros((2, 7), jnp.int32))
    >>> logits, _, carry = model.apply(params, state, jnp.ones((2, 7), jnp.int32))
    >>> logits.shape, carry[0].shape
    ((2, 7, 5), (2, 3))
    """
    check_outputs(vocabulary_size)
    if options.get("tied") and options.get("embedding_size", 0) != hidden_size:
        raise InputError(
            f"a tied output needs an embedding as wide as the state: embedding_size {hidden_size}, "
            f"not {options.get('embedding_size', 0)}"
        )
    return _step_model(
        kind, vocabulary_size, hidden_size, vocabulary_size=vocabulary_size, **options
    )


def step_model(kind: str, outputs: int, *, hidden_size: int = 128, **options: Any) -> Model:
    """Outputs [B, T, K] for vectors [B, T, D], one at every step: which keys sound next, say.

    Options as for `language_model`, without `embedding_size` and `tied`. Source: G1, G3, G4;
    Boulanger-Lewandowski et al. 2012, arXiv:1206.6392 (keys).

    Raises:
        InputError: for an unknown cell, sizes below 1, options that are for symbols.

    >>> step_model("lstm", 88).name
    'lstm'
    """
    check_outputs(outputs)
    for name in ("tied", "embedding_size", "vocabulary_size"):
        if options.get(name):
            raise InputError(
                f"{name} is for symbols, and this model takes vectors: use language_model"
            )
    return _step_model(kind, outputs, hidden_size, **options)


def sequence_model(kind: str, outputs: int, *, hidden_size: int = 128, **options: Any) -> Model:
    """One output [B, K] a sequence: logits of a classifier, or numbers.

    Takes vectors [B, T, D], pictures [B, H, W, C] row by row (or as `pixels`), with
    `vocabulary_size` symbols [B, T]; or `Ragged` ones, of which steps past their lengths change
    nothing. Options: `pool` "last" or "mean", `bidirectional`, and those of `language_model` but
    `tied`; dropout also stands behind an embedding.
    Source: G1, G3, G4.

    Raises: InputError: for an unknown cell or pool, sizes below 1; when it is applied, for other
        inputs.

    >>> model = sequence_model("lstm", 10, hidden_size=3)
    >>> params, state = model.init(jax.random.key(0), jnp.zeros((1, 28, 28, 1)))
    >>> model.apply(params, state, jnp.ones((2, 28, 28, 1)))[0].shape
    (2, 10)
    """
    check_outputs(outputs)
    if (pool := options.get("pool", "last")) not in ("last", "mean"):
        raise InputError(f"unknown pool {pool!r}: {did_you_mean(str(pool), ('last', 'mean'))}")
    if options.get("embedding_size") and not options.get("vocabulary_size"):
        raise InputError("an embedding_size is for symbols: give the vocabulary_size too")
    own, stack = _parted_options(SequenceNet, options)
    module = SequenceNet(_stack(kind, hidden_size, stack), outputs, **own)
    return from_recurrent(module, name=kind, symbols=module.vocabulary_size > 0)


def _step_model(kind: str, outputs: int, hidden_size: int, **options: Any) -> Model:
    own, stack = _parted_options(StepNet, options)
    if stack.get("bidirectional"):
        raise InputError(
            "what comes next is foretold from what was before: leave bidirectional out"
        )
    recurrent = _stack(kind, hidden_size, stack)
    module = StepNet(recurrent, outputs, **own)

    def initial_carry(batch: int) -> Carry:
        dtype = recurrent.dtype or jnp.float32
        return tuple(
            zero_carry(kind, batch, hidden_size, dtype) for _ in range(recurrent.num_layers)
        )

    return from_recurrent(
        module, name=kind, initial_carry=initial_carry, symbols=module.vocabulary_size > 0
    )


def _parted_options(
    net: type[StepNet] | type[SequenceNet], options: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The options of a net itself, and those of its recurrent layers."""
    for name in _OWN_OPTIONS:
        if name in options and name not in net.__dataclass_fields__:
            of = "sequence_model" if net is StepNet else "language_model"
            raise InputError(f"{name} is an option of {of} alone: leave it out")
    for name in ("embedding_size", "vocabulary_size"):
        if options.get(name, 0) < 0:
            raise InputError(f"{name} is at least 0, not {options[name]}")
    own = {name: value for name, value in options.items() if name in _OWN_OPTIONS}
    return own, {name: value for name, value in options.items() if name not in _OWN_OPTIONS}


def _stack(kind: str, hidden_size: int, options: dict[str, Any]) -> Recurrent:
    check_kind(kind)
    if hidden_size < 1:
        raise InputError(f"a recurrent state has at least 1 unit, not {hidden_size}")
    for name in ("reverse", "time_major"):
        if name in options:
            raise InputError(
                f"{name} is of recurrent layers alone, a net reads [B, T] forward: leave it out"
            )
    return Recurrent(kind, hidden_size, **{"forget_bias": 1.0, **options})


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
    """What stands behind the last recurrent layer."""
    if stack.layer_norm:
        ys = nn.LayerNorm(dtype=stack.dtype, name="norm")(ys)
    return nn.Dropout(stack.dropout, deterministic=not train, name="dropout")(ys)


def _mean(ys: Array, lengths: Array | None) -> Array:
    """The mean over the real steps of [B, T, H]; outputs past them are zero."""
    return (
        jnp.mean(ys, axis=1)
        if lengths is None
        else jnp.sum(ys, axis=1) / jnp.clip(lengths, 1, ys.shape[1])[:, None]
    )


def _last_output(stack: Recurrent, carry: Carry) -> Array:
    """The output [B, H] that a layer ended with, if it goes both ways [B, 2 H]: it is part of its
    carry.
    """
    one_way = carry if stack.bidirectional else (carry,)
    return jnp.concatenate(
        [one[1] if KINDS[stack.kind].states == 2 else one for one in one_way], axis=-1
    )
