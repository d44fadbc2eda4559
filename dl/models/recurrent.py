"""Recurrent models: language models, an output for every step, one output for a sequence."""

from typing import Any, Never

import jax.numpy as jnp

from dl.errors import InputError, did_you_mean
from dl.layers.recurrent import Recurrent, check_kind, zero_carry
from dl.layers.recurrent.parameters import Initializer
from dl.models.checks import check_outputs
from dl.models.functional import from_recurrent
from dl.models.recurrent_nets import SequenceNet, StepNet
from dl.types import Carry, Model


def language_model(
    kind: str,
    vocabulary_size: int,
    *,
    hidden_size: int = 256,
    num_layers: int = 1,
    embedding_size: int = 0,
    tied: bool = False,
    layer_norm: bool = False,
    dropout: float = 0.0,
    use_bias: bool | None = None,
    forget_bias: float = 1.0,
    time_scale: int = 0,
    remat_steps: int = 0,
    implementation: str = "auto",
    product_dtype: Any = None,
    dtype: Any = None,
    param_dtype: Any = jnp.float32,
    input_init: Initializer | None = None,
    recurrent_init: Initializer | None = None,
    **unknown: Never,
) -> Model:
    """Logits [B, T, V] of the next symbol for symbols [B, T]; its state can be carried on.

    `kind` is "rnn" (Elman), "lstm", "gru" (the slides') or "gru_reset_after" (cuDNN's). A symbol is
    one-hot, or with an `embedding_size` a trained vector; `tied` output weights are those of the
    embedding, which is then as wide as the state. `dropout` and `layer_norm` follow every layer.
    `use_bias`, `forget_bias`, `time_scale` and the `_init`s say how parameters start
    (`layers.recurrent.layer_arrays`). `remat_steps` n saves memory: the backward pass computes n
    steps at a time again. `implementation` is that of `layers.recurrent_layer`. With
    `product_dtype` "bfloat16" the layers multiply in it and sum in `dtype`, the type of the
    computation; `param_dtype` is that of the parameters. The carry is a tuple with an entry for
    each layer: h [B, H], of an LSTM (c, h).
    Source: H5, G1, G3, G4; Mikolov et al. 2010; Press and Wolf 2017 (tied weights).

    Raises:
        InputError: for an unknown cell or option, sizes below 1, tied weights that do not fit; when
            it is applied, for inputs that are not integers [B, T].

    >>> model = language_model("gru", 5, hidden_size=3)
    >>> params, state = model.init(jax.random.key(0), jnp.zeros((2, 7), jnp.int32))
    >>> logits, _, carry = model.apply(params, state, jnp.ones((2, 7), jnp.int32))
    >>> logits.shape, carry[0].shape
    ((2, 7, 5), (2, 3))
    """
    _refuse(unknown, "a language model")
    check_outputs(vocabulary_size)
    _check_symbols(vocabulary_size, embedding_size)
    if tied and embedding_size != hidden_size:
        raise InputError(
            f"a tied output needs an embedding as wide as the state: embedding_size {hidden_size}, "
            f"not {embedding_size}"
        )
    recurrent = _stack(
        kind,
        hidden_size,
        num_layers=num_layers,
        layer_norm=layer_norm,
        dropout=dropout,
        use_bias=use_bias,
        forget_bias=forget_bias,
        time_scale=time_scale,
        remat_steps=remat_steps,
        implementation=implementation,
        product_dtype=product_dtype,
        dtype=dtype,
        param_dtype=param_dtype,
        input_init=input_init,
        recurrent_init=recurrent_init,
    )
    net = StepNet(recurrent, vocabulary_size, vocabulary_size, embedding_size, tied)
    return _step_model(net)


def step_model(
    kind: str,
    outputs: int,
    *,
    hidden_size: int = 128,
    num_layers: int = 1,
    layer_norm: bool = False,
    dropout: float = 0.0,
    use_bias: bool | None = None,
    forget_bias: float = 1.0,
    time_scale: int = 0,
    remat_steps: int = 0,
    implementation: str = "auto",
    product_dtype: Any = None,
    dtype: Any = None,
    param_dtype: Any = jnp.float32,
    input_init: Initializer | None = None,
    recurrent_init: Initializer | None = None,
    **unknown: Never,
) -> Model:
    """Outputs [B, T, K] for vectors [B, T, D], one for every step: which keys sound next, say.

    The options are those of `language_model`, without those of symbols. Source: G1, G3, G4;
    Boulanger-Lewandowski et al. 2012, arXiv:1206.6392 (keys).

    Raises:
        InputError: for an unknown cell or option, sizes below 1, options that are for symbols.

    >>> step_model("lstm", 88).name
    'lstm'
    """
    for name in ("tied", "embedding_size", "vocabulary_size"):
        if unknown.pop(name, None):
            raise InputError(
                f"{name} is for symbols, and this model takes vectors: use language_model"
            )
    _refuse(unknown, "a model of every step")
    check_outputs(outputs)
    recurrent = _stack(
        kind,
        hidden_size,
        num_layers=num_layers,
        layer_norm=layer_norm,
        dropout=dropout,
        use_bias=use_bias,
        forget_bias=forget_bias,
        time_scale=time_scale,
        remat_steps=remat_steps,
        implementation=implementation,
        product_dtype=product_dtype,
        dtype=dtype,
        param_dtype=param_dtype,
        input_init=input_init,
        recurrent_init=recurrent_init,
    )
    return _step_model(StepNet(recurrent, outputs))


def sequence_model(
    kind: str,
    outputs: int,
    *,
    hidden_size: int = 128,
    num_layers: int = 1,
    bidirectional: bool = False,
    pool: str = "last",
    pixels: bool = False,
    vocabulary_size: int = 0,
    embedding_size: int = 0,
    layer_norm: bool = False,
    dropout: float = 0.0,
    use_bias: bool | None = None,
    forget_bias: float = 1.0,
    time_scale: int = 0,
    remat_steps: int = 0,
    implementation: str = "auto",
    product_dtype: Any = None,
    dtype: Any = None,
    param_dtype: Any = jnp.float32,
    input_init: Initializer | None = None,
    recurrent_init: Initializer | None = None,
    **unknown: Never,
) -> Model:
    """One output [B, K] for a sequence: logits of a classifier, or numbers.

    It takes vectors [B, T, D]; pictures [B, H, W, C] row by row, or pixel by pixel with `pixels`;
    symbols [B, T] with a `vocabulary_size`; or `Ragged` sequences, of which steps past their
    lengths change nothing. `pool` "last" takes the output of the last step, "mean" the mean of all
    steps. `bidirectional` layers read in both directions. The other options are those of
    `language_model`; `dropout` also follows an embedding. Source: G1, G3, G4.

    Raises:
        InputError: for an unknown cell, pool or option, sizes below 1; when it is applied, for
            other inputs.

    >>> model = sequence_model("lstm", 10, hidden_size=3)
    >>> params, state = model.init(jax.random.key(0), jnp.zeros((1, 28, 28, 1)))
    >>> model.apply(params, state, jnp.ones((2, 28, 28, 1)))[0].shape
    (2, 10)
    """
    _refuse(unknown, "a model of whole sequences")
    check_outputs(outputs)
    _check_symbols(vocabulary_size, embedding_size)
    if pool not in ("last", "mean"):
        raise InputError(f"unknown pool {pool!r}: {did_you_mean(str(pool), ('last', 'mean'))}")
    if embedding_size and not vocabulary_size:
        raise InputError("an embedding_size is for symbols: give the vocabulary_size too")
    recurrent = _stack(
        kind,
        hidden_size,
        num_layers=num_layers,
        bidirectional=bidirectional,
        layer_norm=layer_norm,
        dropout=dropout,
        use_bias=use_bias,
        forget_bias=forget_bias,
        time_scale=time_scale,
        remat_steps=remat_steps,
        implementation=implementation,
        product_dtype=product_dtype,
        dtype=dtype,
        param_dtype=param_dtype,
        input_init=input_init,
        recurrent_init=recurrent_init,
    )
    net = SequenceNet(recurrent, outputs, vocabulary_size, embedding_size, pool, pixels)
    return from_recurrent(net, name=kind, symbols=vocabulary_size > 0)


def _step_model(net: StepNet) -> Model:
    recurrent = net.recurrent

    def initial_carry(batch: int) -> Carry:
        dtype = recurrent.dtype or jnp.float32
        return tuple(
            zero_carry(recurrent.kind, batch, recurrent.hidden_size, dtype)
            for _ in range(recurrent.num_layers)
        )

    symbols = net.vocabulary_size > 0
    return from_recurrent(net, name=recurrent.kind, initial_carry=initial_carry, symbols=symbols)


def _stack(kind: str, hidden_size: int, **options: Any) -> Recurrent:
    check_kind(kind)
    if hidden_size < 1:
        raise InputError(f"a recurrent state has at least 1 unit, not {hidden_size}")
    return Recurrent(kind, hidden_size, **options)


def _check_symbols(vocabulary_size: int, embedding_size: int) -> None:
    for name, size in (("embedding_size", embedding_size), ("vocabulary_size", vocabulary_size)):
        if size < 0:
            raise InputError(f"{name} is at least 0, not {size}")


def _refuse(unknown: dict[str, Any], model: str) -> None:
    """Say why an option that other recurrent models or layers have is not one of this model."""
    for name in unknown:
        if name == "bidirectional":
            raise InputError(f"{model} cannot be bidirectional: leave bidirectional out")
        if name in ("reverse", "time_major"):
            raise InputError(
                f"{name} is for recurrent layers, a net reads [B, T] forward: leave it out"
            )
        if name in ("pool", "pixels", "tied"):
            other = "language_model" if name == "tied" else "sequence_model"
            raise InputError(f"{name} is an option of {other} alone: leave it out")
        raise InputError(f"{model} has no option {name!r}: help lists those that it has")
