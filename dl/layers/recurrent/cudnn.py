"""cuDNN's LSTM behind the same parameters as the other implementations."""

from typing import Any

import jax.numpy as jnp

from dl.layers.recurrent.cells import CellParams
from dl.types import Array


def cudnn_lstm(
    params: CellParams, xs: Array, carry: tuple[Array, Array]
) -> tuple[Array, tuple[Array, Array]]:
    """One LSTM layer over whole sequences on an NVIDIA GPU: [T, B, D] -> [T, B, H], last (c, h).

    Source: NVIDIA cuDNN, cudnnRNNForward; through `jax.experimental.rnn`.
    """
    from jax.experimental import rnn

    (steps, batch, features), (c, h) = xs.shape, carry
    size = h.shape[-1]
    result: Any = rnn.lstm(
        xs.transpose(1, 0, 2),
        h[None],
        c[None],
        flat_weights(params),
        jnp.full(batch, steps, jnp.int32),
        features,
        size,
        1,
        0.0,
        False,
    )
    outputs, last_h, last_c = result
    return outputs.transpose(1, 0, 2), (last_c[0], last_h[0])


def flat_weights(params: CellParams) -> Array:
    """All parameters in cuDNN's order: W, U, the bias, and a second bias of zeros; gate by gate.

    >>> params = {"input": jnp.ones((2, 12)), "recurrent": jnp.ones((3, 12))}
    >>> flat_weights(params).shape
    (84,)
    """
    columns = params["input"].shape[1]
    bias = params.get("bias", jnp.zeros(columns, params["input"].dtype))
    parts = params["input"].T, params["recurrent"].T, bias, jnp.zeros_like(bias)
    return jnp.concatenate([part.reshape(-1) for part in parts])
