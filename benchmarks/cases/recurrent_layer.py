"""One recurrent layer, forward and backward.

The gradient of Σ outputs · fixed random numbers, with respect to the inputs [T, B, D] and all
weights. A shape reads T x B x H; D is H. The GRU applies its reset gate after the recurrent
product, as all systems can. Systems differ in how many biases a gate has (one or two), which takes
almost no time. Keras has inputs [B, T, D].
"""

from typing import Any, NamedTuple

import numpy as np

from benchmarks.measure import Workload
from benchmarks.systems import on_dl, on_torch

UNIT = "ms"


class Shape(NamedTuple):
    """The kind of cell, time steps T, batch B, and size of inputs and state H."""

    kind: str
    steps: int
    batch: int
    size: int


_SIZES = ((64, 32, 128), (100, 64, 256), (64, 50, 512))
FAMILIES = {
    f"{kind}_layer": {
        f"{kind}_{'x'.join(map(str, sizes))}": Shape(kind, *sizes) for sizes in _SIZES
    }
    for kind in ("lstm", "gru")
}


def with_dl(shape: Shape, quick: bool) -> Workload:
    import jax

    from dl.layers.recurrent import init_layer, recurrent_layer
    from dl.train.layout import make_layout
    from dl.train.parallel import AXIS

    kind = {"lstm": "lstm", "gru": "gru_reset_after"}[shape.kind]
    params = init_layer(kind, jax.random.key(0), input_size=shape.size, hidden_size=shape.size)
    layout = make_layout("pmap", batch_size=shape.batch)

    def gradient(params: Any, _: Any, xs: Any) -> Any:
        xs, factors = xs
        gradients = jax.grad(
            lambda params, xs: (recurrent_layer(kind, params, xs)[0] * factors).sum(), (0, 1)
        )(params, xs)
        return jax.lax.psum(gradients[0], AXIS), gradients[1]

    call = layout.compile(gradient, donate=False)
    params, work = (
        layout.put(params),
        on_dl.put(layout.split((_inputs(shape), _factors(shape))), layout),
    )
    return Workload(
        lambda: jax.block_until_ready(call(params, (), work)),
        note=f"{len(layout.devices)} device(s)",
    )


def with_flax(shape: Shape, quick: bool) -> Workload:
    import jax
    from flax import linen as nn

    cell = {"lstm": nn.OptimizedLSTMCell, "gru": nn.GRUCell}[shape.kind]
    layer = nn.RNN(cell(shape.size), time_major=True)
    params = jax.jit(layer.init)(jax.random.key(0), _inputs(shape))
    return differentiated(layer.apply, params, shape)


def with_keras(shape: Shape, quick: bool) -> Workload:
    import keras

    layer = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}[shape.kind](
        shape.size, return_sequences=True
    )
    layer.build((shape.batch, shape.steps, shape.size))
    rest = [variable.value for variable in layer.non_trainable_variables]
    params = [variable.value for variable in layer.trainable_variables]
    return differentiated(
        lambda params, xs: layer.stateless_call(params, rest, xs)[0],
        params,
        shape,
        time_first=False,
    )


def with_torch(shape: Shape, quick: bool) -> Workload:
    import torch

    device = on_torch.set_up()
    layer = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[shape.kind](shape.size, shape.size).to(
        device
    )
    xs = torch.from_numpy(_inputs(shape)).to(device).requires_grad_()
    factors = torch.from_numpy(_factors(shape)).to(device)
    wanted = [xs, *layer.parameters()]

    def run() -> None:
        torch.autograd.grad((layer(xs)[0] * factors).sum(), wanted)
        on_torch.synchronize()

    return Workload(run)


SYSTEMS = {"dl": with_dl, "torch": with_torch, "keras": with_keras, "flax": with_flax}


def differentiated(layer: Any, params: Any, shape: Shape, *, time_first: bool = True) -> Workload:
    """The compiled gradient of a JAX function `layer(params, xs) -> ys`."""
    import jax
    import jax.numpy as jnp

    order = (0, 1, 2) if time_first else (1, 0, 2)
    xs, factors = jax.device_put(
        (_inputs(shape).transpose(order), _factors(shape).transpose(order))
    )
    gradient = jax.jit(
        jax.grad(lambda params, xs: jnp.sum(layer(params, xs) * factors), argnums=(0, 1))
    )
    return Workload(lambda: jax.block_until_ready(gradient(params, xs)))


def _inputs(shape: Shape) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape[1:], np.float32)


def _factors(shape: Shape) -> np.ndarray:
    return np.random.default_rng(1).standard_normal(shape[1:], np.float32)
