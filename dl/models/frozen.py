"""Batch norm that stays as it is while the rest of a model is trained."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from flax import linen as nn


@contextlib.contextmanager
def running_statistics(is_frozen: Callable[[str], bool]) -> Iterator[None]:
    """Within it, batch norm layers whose path `is_frozen` use their running mean and variance.

    A path is a name such as `stem/norm`. They do so in training too and leave both as they are:
    with the batch's own, the frozen layer would be another function of a picture in training than
    in evaluation. It acts on what is traced within it, and on nothing else.

    >>> norm, x = nn.BatchNorm(use_running_average=False, epsilon=0.0), jnp.array([[1.0], [3.0]])
    >>> state = {"params": {"scale": jnp.ones(1), "bias": jnp.zeros(1)},
    ...          "batch_stats": {"mean": jnp.zeros(1), "var": jnp.full(1, 4.0)}}
    >>> with running_statistics(lambda path: True):
    ...     norm.apply(state, x).tolist()
    [[0.5], [1.5]]
    """

    def call(
        next_call: Any, args: tuple, kwargs: dict, context: nn.module.InterceptorContext
    ) -> Any:
        layer = context.module
        trains = isinstance(layer, nn.BatchNorm) and not layer.use_running_average
        if not trains or context.method_name != "__call__" or not is_frozen("/".join(layer.path)):
            return next_call(*args, **kwargs)
        # The clone has the same variables: its parent is the scope to which the layer is bound.
        frozen: Any = layer.clone(parent=layer.scope, use_running_average=True, axis_name=None)
        return frozen(*args, **{**kwargs, "use_running_average": None})

    with nn.intercept_methods(call):
        yield
