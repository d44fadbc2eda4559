"""Recurrent layers as modules: one layer in one direction, and a stack of layers."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn
from flax.linen.dtypes import promote_dtype

from dl.errors import InputError
from dl.layers.dropout import Dropout
from dl.layers.recurrent.layer import recurrent_layer
from dl.layers.recurrent.parameters import Initializer, layer_arrays
from dl.ranges import Range, check_number
from dl.types import Array


class RecurrentLayer(nn.Module):
    """`recurrent_layer`, one direction in time: xs [B, T, D] -> ys [B, T, H].

    y_t, s_t = cell(s_{t−1}, x_t), with the cell of `kind`: "rnn", "lstm", "gru" or
    "gru_reset_after". Parameters: `input` [D, n H], `recurrent` [H, n H] and, with `use_bias`,
    `bias` [n H] and any others of the cell. `use_bias`, `forget_bias` and `time_scale` are those of
    `layer_arrays`. With `time_major` sequences are [T, B, D] -> [T, B, H]. `dtype` is the type of
    the computation, `param_dtype` that of the parameters, `product_dtype` that of products if it is
    not `dtype`.

    It is called with `initial_carry` (h [B, H], of an LSTM (c, h); zeros if None) and `lengths`
    [B], past which outputs are zero. With `return_carry` it returns ys and the last carry. `train`
    changes nothing: it is accepted so that a layer can take the place of a stack. Source: G1, G3,
    G4.

    >>> layer = RecurrentLayer("lstm", 3)
    >>> layer.init_with_output(jax.random.key(0), jnp.ones((4, 5, 2)))[0].shape
    (4, 5, 3)
    """

    kind: str
    hidden_size: int
    use_bias: bool | None = None
    forget_bias: float = 0.0
    time_scale: int = 0
    reverse: bool = False
    time_major: bool = False
    remat_steps: int = 0
    implementation: str = "auto"
    product_dtype: Any = None
    dtype: Any = None
    param_dtype: Any = jnp.float32
    input_init: Initializer | None = None
    recurrent_init: Initializer | None = None

    @nn.compact
    def __call__(
        self,
        xs: Array,
        *,
        initial_carry: Any = None,
        lengths: Array | None = None,
        train: bool = False,
        return_carry: bool = False,
    ) -> Any:
        _check_sequences(xs, time_major=self.time_major)
        arrays = layer_arrays(
            self.kind,
            input_size=xs.shape[-1],
            hidden_size=self.hidden_size,
            use_bias=self.use_bias,
            forget_bias=self.forget_bias,
            time_scale=self.time_scale,
            input_init=self.input_init,
            recurrent_init=self.recurrent_init,
        )
        params = {
            name: self.param(name, init, shape, self.param_dtype)
            for name, (init, shape) in arrays.items()
        }
        xs, *values = promote_dtype(xs, *params.values(), dtype=self.dtype)
        carry = jax.tree.map(lambda leaf: jnp.asarray(leaf, xs.dtype), initial_carry)
        ys, carry = recurrent_layer(
            self.kind,
            dict(zip(params, values, strict=True)),
            xs if self.time_major else xs.swapaxes(0, 1),
            carry,
            lengths=lengths,
            reverse=self.reverse,
            remat_steps=self.remat_steps,
            product_dtype=self.product_dtype,
            implementation=self.implementation,
        )
        ys = ys if self.time_major else ys.swapaxes(0, 1)
        return (ys, carry) if return_carry else ys


_LAYER_OPTIONS = {field.name for field in fields(RecurrentLayer)} - {
    "reverse",
    "time_major",
    "parent",
    "name",
}
"""The fields that a stack passes on to each of its layers."""


class Recurrent(nn.Module):
    """A stack of `RecurrentLayer`s, each on the outputs of the one before: [B, T, D] -> [B, T, H].

    `bidirectional` runs every layer forward and backward in time and puts the outputs side by side,
    [B, T, 2 H]. Between layers, `layer_norm` normalises the outputs (not inside the recurrence, as
    Ba et al. 2016 do), and then `dropout` acts on them, when called with `train` and a "dropout"
    key. The other fields are those of `RecurrentLayer`. The parameters lie under `layer_0`,
    `layer_1`, ..., or `forward_0`, `backward_0`, ... The carry is a tuple with an entry for each
    layer, a (forward, backward) pair if `bidirectional`. Source: G1, G3, G4.

    >>> stack = Recurrent("gru", 3, num_layers=2, bidirectional=True)
    >>> stack.init_with_output(jax.random.key(0), jnp.ones((4, 5, 2)))[0].shape
    (4, 5, 6)
    """

    kind: str
    hidden_size: int
    num_layers: int = 1
    bidirectional: bool = False
    dropout: float = 0.0
    layer_norm: bool = False
    use_bias: bool | None = None
    forget_bias: float = 0.0
    time_scale: int = 0
    reverse: bool = False
    time_major: bool = False
    remat_steps: int = 0
    implementation: str = "auto"
    product_dtype: Any = None
    dtype: Any = None
    param_dtype: Any = jnp.float32
    input_init: Initializer | None = None
    recurrent_init: Initializer | None = None

    @nn.compact
    def __call__(
        self,
        xs: Array,
        *,
        initial_carry: Any = None,
        lengths: Array | None = None,
        train: bool = False,
        return_carry: bool = False,
    ) -> Any:
        _check_sequences(xs, time_major=self.time_major)
        _check_stack(self.num_layers, self.dropout, both=self.bidirectional and self.reverse)
        carries = (None,) * self.num_layers if initial_carry is None else initial_carry
        _check_carries(carries, self.num_layers, self.bidirectional)
        ys, last = xs if self.time_major else xs.swapaxes(0, 1), []
        for number, carry in enumerate(carries):
            if number:
                ys = (
                    nn.LayerNorm(dtype=self.dtype, name=f"norm_{number}")(ys)
                    if self.layer_norm
                    else ys
                )
                name = f"dropout_{number}"
                ys = Dropout(self.dropout, deterministic=not train, rows=1, name=name)(ys)
            layer = self._both_ways if self.bidirectional else self._one_way
            ys, carry = layer(number, ys, carry, lengths)
            last.append(carry)
        ys = ys if self.time_major else ys.swapaxes(0, 1)
        return (ys, tuple(last)) if return_carry else ys

    @nn.nowrap
    def _one_way(
        self, number: int, xs: Array, carry: Any, lengths: Array | None
    ) -> tuple[Array, Any]:
        layer = self._layer(f"layer_{number}", reverse=self.reverse)
        return layer(xs, initial_carry=carry, lengths=lengths, return_carry=True)

    @nn.nowrap
    def _both_ways(
        self, number: int, xs: Array, carry: Any, lengths: Array | None
    ) -> tuple[Array, Any]:
        before = (None, None) if carry is None else carry
        forward, backward = (
            self._layer(f"{name}_{number}", reverse=name == "backward")(
                xs, initial_carry=start, lengths=lengths, return_carry=True
            )
            for name, start in zip(("forward", "backward"), before, strict=True)
        )
        return jnp.concatenate([forward[0], backward[0]], axis=-1), (forward[1], backward[1])

    @nn.nowrap
    def _layer(self, name: str, *, reverse: bool) -> Callable[..., Any]:
        options = {option: getattr(self, option) for option in _LAYER_OPTIONS}
        return RecurrentLayer(**options, reverse=reverse, time_major=True, name=name)


def _check_sequences(xs: Array, *, time_major: bool) -> None:
    if xs.ndim != 3:
        axes = "[T, B, D]" if time_major else "[B, T, D]"
        raise InputError(
            f"sequences are {axes}, not of shape {xs.shape}: "
            f"add or flatten axes until there are three"
        )


def _check_stack(num_layers: int, dropout: float, *, both: bool) -> None:
    if num_layers < 1:
        raise InputError(f"a stack has at least 1 layer, not {num_layers}")
    check_number("dropout", dropout, Range(at_least=0, below=1))
    if both:
        raise InputError("a bidirectional stack goes both ways already: leave reverse out")


def _check_carries(carries: Any, num_layers: int, bidirectional: bool) -> None:
    def is_row(row: Any, size: int) -> bool:
        return isinstance(row, (tuple, list)) and len(row) == size

    entries_fit = is_row(carries, num_layers) and (
        not bidirectional or all(carry is None or is_row(carry, 2) for carry in carries)
    )
    if not entries_fit:
        entry = "a (forward, backward) pair" if bidirectional else "one carry"
        shapes = jax.tree.map(jnp.shape, carries)
        raise InputError(
            f"initial_carry is a tuple of {num_layers}, for each layer {entry}, "
            f"not of shapes {shapes}"
        )
