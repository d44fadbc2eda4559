"""Batch norm whose mean and variance are those of the batch over all devices."""

import contextlib
from collections.abc import Iterator
from typing import Any

from flax import linen as nn


@contextlib.contextmanager
def synchronised(axis_name: str | None) -> Iterator[None]:
    """Within it, batch norm takes its batch statistics over the mapped axis `axis_name` too.

    The train step enters it under `pmap`, so that models need not know how they are run. It acts on
    what is traced within it. A layer with an axis of its own keeps that; None changes nothing.

    >>> norm = nn.BatchNorm(use_running_average=False, use_bias=False, use_scale=False)
    >>> state = {"batch_stats": {"mean": jnp.zeros(1), "var": jnp.ones(1)}}
    >>> def apply(x):
    ...     with synchronised("batch"):
    ...         return norm.apply(state, x, mutable=["batch_stats"])[0]
    >>> devices = jnp.array([[[1.0]], [[3.0]]])  # an example on each of two
    >>> jax.vmap(apply, axis_name="batch")(devices).round(3).tolist()
    [[[-1.0]], [[1.0]]]
    """

    def call(
        next_call: Any, args: tuple, kwargs: dict, context: nn.module.InterceptorContext
    ) -> Any:
        layer = context.module
        unsynchronised = isinstance(layer, nn.BatchNorm) and layer.axis_name is None
        if not unsynchronised or context.method_name != "__call__":
            return next_call(*args, **kwargs)
        # The clone has the same variables: its parent is the scope to which the layer is bound.
        return layer.clone(parent=layer.scope, axis_name=axis_name)(*args, **kwargs)

    with nn.intercept_methods(call) if axis_name else contextlib.nullcontext():
        yield
