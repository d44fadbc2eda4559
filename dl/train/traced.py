"""Choose the layout of a model from the operations in its computation."""

from typing import Any

import jax

from dl.jaxprs import equations
from dl.train.layout import Layout, make_layout
from dl.train.members import make_members_layout
from dl.train.options import TrainOptions
from dl.train.processes import are_several
from dl.types import Device, Model


def choose_layout(
    options: TrainOptions, model: Model, example: Any, *, one_seed: bool = False
) -> Layout:
    """The layout in `options`; on a CPU with several devices "auto" takes what suits `model`.

    XLA spreads a large product over all cores, but not its own convolutions, nor the small
    operations inside a recurrent loop. A model with one of these is split over the devices, each of
    which uses one core; any other model gets one device. `example` has the shape of a batch of one.
    The members of a population may have `one_seed`.
    """
    if options.members > 1:
        return _members_layout(options, model, example, one_seed)
    if are_several():
        mode = "jit" if options.parallel == "auto" else options.parallel
        return make_layout(mode, devices=options.devices, batch_size=options.batch_size)
    several = jax.default_backend() == "cpu" and jax.local_device_count() > 1
    if options.parallel != "auto" or options.devices or not several:
        return make_layout(options.parallel, devices=options.devices, batch_size=options.batch_size)
    split = has_loops(model, example) or has_native_convolutions(
        model, example, batch_size=options.batch_size
    )
    mode, devices = ("pmap", 0) if split else ("jit", 1)
    return make_layout(mode, devices=devices, batch_size=options.batch_size)


def _members_layout(options: TrainOptions, model: Model, example: Any, one_seed: bool) -> Layout:
    """The layout of a population; on a CPU, members with convolutions or loops take turns.

    Side by side, products of dense layers become larger ones; those of the others do not.
    """
    in_turn = jax.default_backend() == "cpu" and not is_dense(model, example)
    return make_members_layout(
        options.members, devices=options.devices, one_by_one=in_turn, one_seed=one_seed
    )


def has_slow_loops(model: Model, example: Any, device: Device, *, rows: int) -> bool:
    """Whether `model` is slower on `device`, on so many rows, when several steps are one loop.

    On a CPU, XLA's own convolutions run many times slower inside a loop.
    """
    return device.platform == "cpu" and has_native_convolutions(model, example, batch_size=rows)


def has_native_convolutions(model: Model, example: Any, *, batch_size: int) -> bool:
    """Whether `model` runs XLA's own convolution on a CPU, for batches of this size.

    The size matters: it decides whether some convolutions are computed as products.

    >>> import dl
    >>> picture = jax.ShapeDtypeStruct((1, 28, 28, 1), jnp.float32)
    >>> has_native_convolutions(dl.models.lenet5(10), picture, batch_size=32)
    True
    """
    inputs = jax.tree.map(
        lambda leaf: jax.ShapeDtypeStruct((batch_size, *leaf.shape[1:]), leaf.dtype), example
    )
    return "conv_general_dilated" in _primitives(model, inputs)


def has_loops(model: Model, example: Any) -> bool:
    """Whether `model` contains a loop on a CPU, such as one over time.

    >>> import dl
    >>> has_loops(dl.models.mlp(2), jax.ShapeDtypeStruct((1, 4), jnp.float32))
    False
    """
    return not _primitives(model, example).isdisjoint({"scan", "while"})


def is_dense(model: Model, example: Any) -> bool:
    """Whether `model` neither convolves nor loops on a CPU, but multiplies whole layers.

    >>> import dl
    >>> picture = jax.ShapeDtypeStruct((1, 28, 28, 1), jnp.float32)
    >>> is_dense(dl.models.mlp(10), picture), is_dense(dl.models.lenet(10), picture)
    (True, False)
    """
    others = {"scan", "while", "conv_general_dilated", "concatenate", "pad"}
    return _primitives(model, example).isdisjoint(others)


def _primitives(model: Model, inputs: Any) -> set[str]:
    """The operations of `model` on a CPU for inputs of this shape, from a trace."""
    params, model_state = jax.eval_shape(model.init, jax.random.key(0), inputs)
    traced = jax.make_jaxpr(lambda *args: model.apply(*args)[0])(params, model_state, inputs)
    return {equation.primitive.name for equation in equations(traced.jaxpr, platform="cpu")}
