"""The parameters of a recurrent layer: their names, shapes and initial values."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn

from dl.errors import InputError
from dl.layers.recurrent.kinds import KINDS, check_kind
from dl.types import Array, Key

Initializer = Callable[..., Any]


def layer_arrays(
    kind: str,
    *,
    input_size: int,
    hidden_size: int,
    use_bias: bool | None = None,
    forget_bias: float = 0.0,
    time_scale: int = 0,
    input_init: Initializer | None = None,
    recurrent_init: Initializer | None = None,
) -> dict[str, tuple[Initializer, tuple[int, ...]]]:
    """The arrays of a layer by name: an initializer `(key, shape, dtype) -> array` and a shape.

    `use_bias` None gives biases to all cells but "gru", the slides' own, which has none.
    `forget_bias` is the initial bias of an LSTM's forget gate. With a `time_scale` T the gates that
    keep the state start with biases log u, u uniform in [1, T − 1], and the gates of an LSTM that
    let the new in with −log u, so that units begin by remembering for about u steps each (Tallec
    and Ollivier 2018, arXiv:1804.11188); `forget_bias` then has no effect. 0 means no time scale.

    Raises:
        InputError: for an unknown cell, sizes below 1, a time scale below 3 or of a cell without
            biased gates.

    >>> arrays = layer_arrays("gru", input_size=2, hidden_size=3)
    >>> {name: shape for name, (_, shape) in arrays.items()}
    {'input': (2, 9), 'recurrent': (3, 9)}
    """
    check_kind(kind)
    if hidden_size < 1 or input_size < 1:
        raise InputError(
            f"a layer needs inputs and a state of at least 1, not {input_size} and {hidden_size}"
        )
    _check_time_scale(kind, time_scale, use_bias)
    gates = KINDS[kind].gates
    columns = gates * hidden_size
    input_init = input_init or nn.initializers.lecun_normal()
    recurrent_init = recurrent_init or nn.initializers.orthogonal()
    arrays: dict[str, tuple[Initializer, tuple[int, ...]]] = {
        "input": (input_init, (input_size, columns)),
        "recurrent": (_gate_by_gate(recurrent_init, gates), (hidden_size, columns)),
    }
    if use_bias or (use_bias is None and kind != "gru"):
        init = partial(
            _bias_init, size=hidden_size, forget_bias=forget_bias if kind == "lstm" else 0.0
        )
        if time_scale:
            init = partial(_time_scale_init, kind=kind, size=hidden_size, time_scale=time_scale)
        arrays["bias"] = (init, (columns,))
        if kind == "gru_reset_after":
            arrays["recurrent_bias"] = (nn.initializers.zeros_init(), (hidden_size,))
    return arrays


def init_layer(
    kind: str, key: Key, *, dtype: Any = jnp.float32, **options: Any
) -> dict[str, Array]:
    """Initial parameters: W Lecun-normal, U orthogonal gate by gate, b zero (LSTM: `forget_bias`).

    The options are those of `layer_arrays`.

    Raises:
        InputError: as `layer_arrays`.

    >>> params = init_layer("rnn", jax.random.key(0), input_size=2, hidden_size=3)
    >>> {name: array.shape for name, array in params.items()}
    {'input': (2, 3), 'recurrent': (3, 3), 'bias': (3,)}
    """
    arrays = layer_arrays(kind, **options)
    keys = jax.random.split(key, len(arrays))
    return {
        name: init(key, shape, dtype)
        for key, (name, (init, shape)) in zip(keys, arrays.items(), strict=True)
    }


def _gate_by_gate(init: Initializer, gates: int) -> Initializer:
    def blocks(key: Key, shape: tuple[int, int], dtype: Any) -> Array:
        block = shape[0], shape[1] // gates
        return jnp.concatenate(
            [init(key, block, dtype) for key in jax.random.split(key, gates)], axis=1
        )

    return blocks


def _bias_init(key: Key, shape: tuple[int], dtype: Any, *, size: int, forget_bias: float) -> Array:
    return jnp.zeros(shape, dtype).at[size : 2 * size].set(forget_bias)


def _time_scale_init(
    key: Key, shape: tuple[int], dtype: Any, *, kind: str, size: int, time_scale: int
) -> Array:
    kept = jnp.log(jax.random.uniform(key, (size,), dtype, minval=1.0, maxval=time_scale - 1.0))
    bias, second = jnp.zeros(shape, dtype), slice(size, 2 * size)
    if kind == "lstm":
        return bias.at[:size].set(-kept).at[second].set(kept)
    return bias.at[second].set(-kept if kind == "gru" else kept)


def _check_time_scale(kind: str, time_scale: int, use_bias: bool | None) -> None:
    if not time_scale:
        return
    if kind == "rnn":
        raise InputError("a time scale sets biases of gates, and an rnn has no gates: leave it out")
    if use_bias is False or (use_bias is None and kind == "gru"):
        raise InputError(
            f"a time scale sets biases of gates, and this {kind} has none: give use_bias=True"
        )
    if time_scale < 3:
        raise InputError(
            f"a time scale is 3 steps or more, not {time_scale}: "
            f"give the length of the sequences, say"
        )
