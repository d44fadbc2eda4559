"""What the computation of a model says about where and how it is best run."""

from typing import Any

import jax

from dl.train.layout import Layout, make_layout
from dl.train.options import TrainOptions
from dl.types import Device, Model


def choose_layout(options: TrainOptions, model: Model, example: Any) -> Layout:
    """The layout that `options` name; where they leave it open on a CPU of several devices, what
    suits `model`.

    XLA spreads a large product over all cores, but neither its own convolutions nor the small
    operations inside a
    recurrent loop: a model with one of these is split over the devices, each of which is one core's
    work. `example` is the shape of a batch of one.
    """
    several = jax.default_backend() == "cpu" and jax.local_device_count() > 1
    if options.parallel != "auto" or options.devices or not several:
        return make_layout(options.parallel, devices=options.devices, batch_size=options.batch_size)
    split = has_loops(model, example) or has_native_convolutions(
        model, example, batch_size=options.batch_size
    )
    mode, devices = ("pmap", 0) if split else ("jit", 1)
    return make_layout(mode, devices=devices, batch_size=options.batch_size)


def has_slow_loops(
    model: Model, example: Any, devices: tuple[Device, ...], *, batch_size: int
) -> bool:
    """Whether `model` runs slower inside a compiled loop: XLA's own convolutions do on a CPU, many
    times.
    """
    each = batch_size // len(devices)
    return devices[0].platform == "cpu" and has_native_convolutions(model, example, batch_size=each)


def has_native_convolutions(model: Model, example: Any, *, batch_size: int) -> bool:
    """Whether XLA's convolution is among the operations of `model` on a CPU, for batches of this
    size.
    """
    inputs = jax.tree.map(
        lambda leaf: jax.ShapeDtypeStruct((batch_size, *leaf.shape[1:]), leaf.dtype), example
    )
    lowered = _trace(model, inputs).lower(lowering_platforms=("cpu",))
    return "stablehlo.convolution" in lowered.as_text()


def has_loops(model: Model, example: Any) -> bool:
    """Whether `model` goes through a loop, over time, say.

    >>> import dl
    >>> has_loops(dl.models.mlp(2), jax.ShapeDtypeStruct((1, 4), jnp.float32))
    False
    """
    traced = str(_trace(model, example).jaxpr)
    return "scan[" in traced or "while[" in traced


def _trace(model: Model, inputs: Any) -> Any:
    """`model` applied to inputs of this shape, traced; its parameters are shapes too."""
    params, model_state = jax.eval_shape(model.init, jax.random.key(0), inputs)
    return jax.jit(lambda *args: model.apply(*args)[0]).trace(params, model_state, inputs)
